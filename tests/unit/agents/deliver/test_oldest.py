"""How old the oldest delivery is that has no final state, as the gauge of it asks the sender."""

import asyncio
from datetime import timedelta

from agents.deliver.outcome import failed, throttled
from streams.matching.rule import Urgency
from streams.topics import RETRIES
from tests.support.delivery_world import MemoryReceiver, Process
from tests.support.sender_world import World, in_order, jumping, sent_to


def ages_s(world: World, process: Process) -> dict[Urgency, int]:
    return {name: round((world.log.now - at).total_seconds()) for name, at in process.sender.oldest().items()}


@jumping
async def test_the_oldest_is_told_by_urgency_over_all_receivers_until_it_has_ended() -> None:
    world = World(hook=MemoryReceiver(takes_s=100.0), fine=MemoryReceiver(takes_s=30.0))
    async with world.running() as process:
        world.publish(0)
        await asyncio.sleep(20)
        world.publish(0, to="fine")
        world.publish(1, to="fine", urgency=Urgency.FLASH)
        await asyncio.sleep(5)
        assert ages_s(world, process) == {Urgency.URGENT: 25, Urgency.FLASH: 5}
        await asyncio.sleep(30)
        assert ages_s(world, process) == {Urgency.URGENT: 55}
        await world.settled(3)
        assert ages_s(world, process) == {}


@jumping
async def test_an_age_goes_on_through_queue_freeze_and_tiers() -> None:
    faults = [failed("http_500")] * 6 + [throttled("http_429", 20.0)]
    world = World(known=in_order(), hook=MemoryReceiver(faults))
    async with world.running() as process:
        world.publish(0, 1)
        seen = []
        for _ in range(3):
            await asyncio.sleep(15)
            seen.append(ages_s(world, process)[Urgency.URGENT])
        await world.settled(2)
    assert seen == [15, 30, 45]


@jumping
async def test_a_twin_is_known_while_it_waits_for_the_first() -> None:
    world = World(hook=MemoryReceiver(takes_s=10.0))
    async with world.running() as process:
        world.publish(0)
        await asyncio.sleep(3)
        world.publish(0)
        await asyncio.sleep(1)
        assert ages_s(world, process) == {Urgency.URGENT: 4}


@jumping
async def test_a_copy_in_a_tier_of_what_was_delivered_counts_for_nothing() -> None:
    world = World(hook=MemoryReceiver(), slow=MemoryReceiver(takes_s=60.0))
    async with world.running() as process:
        world.publish(0)
        await world.settled(1)
        world.log.publish(sent_to("hook").model_copy(update={"seq": 1}), RETRIES["5m"])
        await asyncio.sleep(20)
        assert ages_s(world, process) == {}
        world.publish(1, to="slow")
        await asyncio.sleep(5)
        assert ages_s(world, process) == {Urgency.URGENT: 5}


@jumping
async def test_what_waits_for_its_time_is_owed_from_then_also_once_it_failed() -> None:
    world = World(hook=MemoryReceiver(always=failed("http_500")))
    async with world.running() as process:
        world.publish(0, not_before=world.log.now + timedelta(seconds=100))
        await asyncio.sleep(90)
        assert ages_s(world, process) == {}
        await asyncio.sleep(15)
        assert len(world.channels["hook"].calls) > 1
        assert ages_s(world, process) == {Urgency.URGENT: 5}


@jumping
async def test_a_digests_member_that_failed_is_owed_from_the_start_as_its_time_moves_on() -> None:
    world = World(hook=MemoryReceiver(always=failed("http_500")))
    async with world.running() as process:
        world.publish(0, purpose="digest/schedule", not_before=world.log.now + timedelta(seconds=100))
        await asyncio.sleep(90)
        assert ages_s(world, process) == {}
        await asyncio.sleep(15)
        assert ages_s(world, process) == {Urgency.URGENT: 105}
