"""A burst to a receiver that takes it waits on its topic; only what a receiver can't take is handed to a tier."""

import asyncio
from collections.abc import Sequence
from itertools import count

import pytest

from agents.deliver.lane import Lane
from agents.deliver.outcome import ambiguous
from agents.kafka import Outgoing
from streams.matching.rule import Urgency
from streams.topics import DELIVERIES, RETRIES
from tests.support.delivery_world import MemoryReceiver, receiver, routes, until
from tests.support.sender_world import World, jumping, sent_to

BURST = 2_000


@jumping
async def test_a_burst_to_a_receiver_that_takes_it_goes_through_no_tier() -> None:
    hook = MemoryReceiver(takes_s=0.01)
    world = World(hook=hook)
    async with world.running() as process:
        world.publish(*range(BURST))
        await world.settled(BURST)
        assert not process.paused
        assert len(hook.calls) == len(set(hook.received)) == BURST
    assert world.log.tier_records() == 0


def test_mutation_a_lane_that_never_has_room_soon_sends_the_burst_through_tiers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Lane, "has_room_soon", lambda *_: False)
    with pytest.raises(AssertionError):
        test_a_burst_to_a_receiver_that_takes_it_goes_through_no_tier()


@jumping
async def test_a_log_that_stood_still_makes_no_receiver_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(hook=MemoryReceiver(takes_s=0.01))
    process = await world.process().start()
    world.publish(*range(100))
    await until(lambda: len(world.log.states()) == 100)
    append, back = process.deliver, asyncio.Event()

    async def away(outputs: Sequence[Outgoing]) -> None:
        await back.wait()
        await append(outputs)

    monkeypatch.setattr(process, "deliver", away)
    world.publish(*range(100, 200))
    await asyncio.sleep(20)
    back.set()
    world.publish(*range(200, 200 + BURST))
    await world.settled(200 + BURST)
    assert world.log.tier_records() == 0, "twenty seconds were the log's, not the receiver's"
    await process.stop()


@jumping
async def test_a_burst_waits_on_its_own_topic_only() -> None:
    hook = MemoryReceiver(takes_s=0.01)
    world = World(hook=hook)
    async with world.running() as process:
        world.publish(*range(BURST), urgency=Urgency.ROUTINE)
        await until(lambda: bool(process.paused), step_s=0.001)
        sent_before = len(hook.calls)
        world.publish(BURST, urgency=Urgency.FLASH)
        name = sent_to("hook", BURST).delivery_id
        await until(lambda: name in hook.received, step_s=0.001)
        assert hook.received.index(name) - sent_before < 20, "a flash overtakes what waits"
        await world.settled(BURST + 1)


@jumping
async def test_a_receiver_that_takes_nothing_holds_up_no_other_for_longer_than_a_moment() -> None:
    dead, fine = MemoryReceiver(always=ambiguous("timeout"), takes_s=10.0), MemoryReceiver()
    names = [f"fine-{number}" for number in range(40)]  # on every partition
    world = World(known=routes(receiver("dead"), *map(receiver, names)), dead=dead, **dict.fromkeys(names, fine))
    process = await world.process().start()
    world.publish(*range(BURST), to="dead")
    for number, name in enumerate(names):
        world.publish(number, to=name)
    began = asyncio.get_running_loop().time()
    await until(lambda: len(fine.calls) == len(names))
    assert fine.calls[-1][0] - began < 3.0
    assert world.log.tier_records() > 0
    await process.kill()


@jumping
async def test_a_burst_holds_up_who_shares_its_topic_for_ten_seconds_at_most() -> None:
    hook, fine = MemoryReceiver(takes_s=0.02), MemoryReceiver()
    number = DELIVERIES[Urgency.URGENT].partition("hook")
    names = (f"fine-{each}" for each in count())
    name = next(name for name in names if DELIVERIES[Urgency.URGENT].partition(name) == number)
    world = World(known=routes(receiver("hook"), receiver(name)), hook=hook, **{name: fine})
    process = await world.process().start()
    world.publish(*range(2 * BURST))  # twenty seconds' work
    world.publish(1, to=name)
    began = asyncio.get_running_loop().time()
    await until(lambda: bool(fine.calls), step_s=0.01)
    assert 1.0 < fine.calls[0][0] - began < 13.0
    await process.kill()


@jumping
async def test_a_new_flash_finds_room_beside_a_wave_that_came_back() -> None:
    hook = MemoryReceiver(takes_s=1.0)
    world = World(known=routes(receiver("hook", concurrency=1, rate={"per_second": 10, "burst": 10})), hook=hook)
    process = await world.process().start()
    for number in range(600):
        world.log.publish(sent_to("hook", number, urgency=Urgency.FLASH), RETRIES["1s"])
    await until(lambda: len(hook.calls) > 2)
    assert world.log.tier_records() == 600
    world.publish(600, urgency=Urgency.FLASH)
    name = sent_to("hook", 600).delivery_id
    await until(lambda: name in hook.received, within_s=60)
    assert world.log.tier_records() == 600
    await process.kill()
