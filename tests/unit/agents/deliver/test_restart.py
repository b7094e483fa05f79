"""Ends, kills and new owners: what is finished, what is dropped, and what may be sent again."""

import asyncio
from datetime import timedelta

import pytest

from agents.deliver.offsets import Offsets
from agents.deliver.outcome import throttled
from streams.matching.rule import Urgency
from streams.topics import DELIVERIES
from tests.support.delivery_world import EPOCH, NAMES, MemoryReceiver, on_a_jumping_clock, until
from tests.support.sender_world import World, in_order, jumping, sent_to

URGENT = DELIVERIES[Urgency.URGENT]


@jumping
async def test_a_new_owner_sends_nothing_that_was_delivered_even_if_nothing_was_committed() -> None:
    hook = MemoryReceiver()
    world = World(hook=hook)
    first = await world.process().start()
    world.publish(*range(10))
    await world.settled(10)
    await first.kill()
    world.log.committed.clear()
    async with world.running():
        await until(lambda: world.committed(URGENT) == 10)
    assert len(hook.calls) == 10


@jumping
async def test_a_zombie_sends_hands_off_and_ends_nothing() -> None:
    hook = MemoryReceiver()
    world = World(hook=hook)
    process = world.process()
    process.owned = process.coordinator_agrees = False
    await process.start()
    world.publish(0)
    world.publish(1, to="unknown")
    world.log.publish(sent_to("hook", 2, expires_at=EPOCH))
    await until(lambda: process.taken.get((NAMES.of(URGENT), 0)) is not None, within_s=5)
    await process.kill()
    assert hook.calls == []
    assert world.log.states() == {}
    assert world.log.tier_records() == 0
    assert world.log.committed == {}


@jumping
async def test_the_end_lets_what_is_being_sent_finish_and_drops_what_is_queued() -> None:
    hook = MemoryReceiver(takes_s=1.0)
    world = World(known=in_order(), hook=hook)
    async with world.running():
        world.publish(*range(3))
        await until(lambda: len(hook.calls) == 1)
    assert world.log.outcomes() == ["delivered"]
    assert world.committed(URGENT) == 1


@jumping
async def test_the_end_cuts_off_a_receiver_that_never_answers() -> None:
    hook = MemoryReceiver(takes_s=3_600.0)
    world = World(hook=hook)
    async with world.running():
        world.publish(0)
        await until(lambda: len(hook.calls) == 1)
        begin = world.log.now
    assert world.log.now - begin < timedelta(seconds=5)
    assert world.log.states() == {}


@jumping
async def test_what_is_in_doubt_after_a_restart_stays_so_while_it_waits_in_a_tier() -> None:
    hook = MemoryReceiver([throttled("http_429", 600.0)])
    world = World(known=in_order(), hook=hook)
    world.publish(0)
    async with world.running():
        await world.settled(1)
    assert [attempt.doubtful for attempt in hook.attempts] == [True, True]


@jumping
async def test_the_first_deliveries_after_a_restart_may_have_been_sent_before_and_later_ones_not() -> None:
    hook = MemoryReceiver()
    world = World(known=in_order(), hook=hook)
    world.publish(*range(3))
    async with world.running():
        await world.settled(3)
    assert [attempt.doubtful for attempt in hook.attempts] == [True, False, False]


async def lost_after_a_kill() -> int:
    """Kill a sender whose first delivery still hangs while later ones are done; return how many never arrive."""
    hook, slow = MemoryReceiver(), MemoryReceiver(takes_s=100.0)
    world = World(hook=slow)
    first = await world.process().start()
    world.publish(0)
    await until(lambda: len(slow.calls) == 1)
    slow.takes_s = 0.0
    world.publish(*range(1, 5))
    await until(lambda: world.log.outcomes() == ["delivered"] * 4)
    await asyncio.sleep(1)
    await first.kill()
    world.channels = {"hook": hook}
    second = await world.process().start()
    try:
        await until(lambda: len(world.log.states()) == 5, within_s=1_000)
    except TimeoutError:
        return 5 - len(world.log.states())
    finally:
        await second.stop()
    return 0


def test_a_delivery_in_flight_at_a_kill_is_sent_by_the_next_process() -> None:
    assert on_a_jumping_clock(lost_after_a_kill()) == 0


def test_mutation_committing_past_a_gap_loses_what_was_in_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(self: Offsets) -> int | None:
        return max(self._done, default=-1) + 1 or None

    monkeypatch.setattr(Offsets, "committable", greedy)
    assert on_a_jumping_clock(lost_after_a_kill()) == 1
