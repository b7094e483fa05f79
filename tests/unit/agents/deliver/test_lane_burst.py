"""A burst to a receiver that takes it waits on its topic; only what a receiver can't take is handed to a tier."""

import asyncio
from collections.abc import Sequence

import pytest

from agents.deliver.lane import Lane
from agents.deliver.outcome import ambiguous
from agents.kafka import Outgoing
from streams.matching.rule import Urgency
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
    world.publish(*range(100, 100 + BURST))
    await asyncio.sleep(20)
    back.set()
    await world.settled(100 + BURST)
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
