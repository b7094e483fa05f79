"""A paused receiver gets nothing, and loses nothing that is still worth sending when the pause is over."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from agents.deliver.outcome import failed
from agents.kafka import Incoming, outgoing, tombstone
from streams.controls import Control
from streams.ids import ControlId, UserId
from streams.routing.notification import Delivery
from streams.topics import CONTROLS, RETRIES
from tests.support.alerting import written
from tests.support.delivery_world import EPOCH, MemoryReceiver, until
from tests.support.sender_world import World, in_order, jumping

RESUMED = written(tombstone(CONTROLS, key="pause/hook"))


def pause(name: str = "hook", *, ends_s: float | None = None) -> Incoming:
    ends_at = None if ends_s is None else EPOCH + timedelta(seconds=ends_s)
    control = Control(kind="pause", id=ControlId(name), starts_at=EPOCH, ends_at=ends_at, user=UserId("kim"))
    return written(outgoing(CONTROLS, control, key=control.key, ce_id=name, stage="t", at=EPOCH), at=EPOCH)


def handed_off(world: World) -> list[Delivery]:
    return [Delivery.from_json(record.value) for topic in RETRIES.values() for record in world.log.of(topic)]


@pytest.mark.parametrize("ends_s", [20.0, 900.0, 7_200.0])
@jumping
async def test_until_a_pause_ends_nothing_is_sent_and_then_everything_is(ends_s: float) -> None:
    world = World(hook=MemoryReceiver(), other=MemoryReceiver())
    async with world.running() as process:
        process.receivers.apply(pause(ends_s=ends_s))
        world.publish(*range(5))
        world.publish(7, to="other")
        await world.settled(6)
    assert world.log.outcomes() == ["delivered"] * 6
    assert all(ends_s <= at <= ends_s + 35 for at, _ in world.channels["hook"].calls)
    assert world.channels["other"].calls[0][0] < 5
    assert {(one.reason, one.attempts) for one in handed_off(world)} == {("scheduled", 0)}
    assert len(handed_off(world)) <= 5 * (ends_s / 300 + 14)


@jumping
async def test_a_pause_without_an_end_costs_a_record_each_five_minutes_and_is_over_soon_after_it_is_ended() -> None:
    world = World(hook=MemoryReceiver())
    async with world.running() as process:
        process.receivers.apply(pause())
        world.publish(*range(3))
        await until(lambda: (world.log.now - EPOCH).total_seconds() >= 36_000)
        assert world.channels["hook"].calls == []
        assert len(handed_off(world)) <= 3 * (36_000 / 300)
        process.receivers.apply(RESUMED)
        await world.settled(3)
    assert all(36_000 <= at <= 36_000 + 300 * 1.1 + 11 for at, _ in world.channels["hook"].calls)


@jumping
async def test_what_is_queued_in_the_lane_when_a_pause_begins_goes_to_the_tiers_too() -> None:
    hook = MemoryReceiver(takes_s=1.0)
    world = World(known=in_order(rate={"per_second": 1, "burst": 1}), hook=hook)
    async with world.running() as process:
        world.publish(*range(10))
        await until(lambda: len(hook.calls) == 3)
        process.receivers.apply(pause(ends_s=400))
        await world.settled(10)
    assert world.log.outcomes() == ["delivered"] * 10
    assert [at >= 400 for at, _ in hook.calls] == [False] * 3 + [True] * 7


@jumping
async def test_a_pause_is_no_word_on_the_receivers_health() -> None:
    hook = MemoryReceiver([failed("http_500")] * 5)
    world = World(hook=hook)
    async with world.running() as process:
        world.publish(*range(5))
        await until(lambda: len(hook.calls) == 5)
        process.receivers.apply(pause(ends_s=60))
        await until(lambda: (world.log.now - EPOCH).total_seconds() >= 50)
        assert process.metrics.breaker_open.labels("hook")._value.get() == 1
        await world.settled(5)
    assert {state.attempts for state in world.log.states().values()} == {2}


@jumping
async def test_what_outlives_its_time_in_a_pause_expires_and_one_digest_says_so_afterwards() -> None:
    world = World(hook=MemoryReceiver())
    async with world.running() as process:
        process.receivers.apply(pause(ends_s=3_600))
        world.publish(*range(3), expires_at=EPOCH + timedelta(minutes=15))
        await world.settled(6)
    assert world.log.outcomes() == ["delivered"] * 3 + ["expired"] * 3
    [digest] = world.channels["hook"].attempts
    assert len(digest.members) == 3
    assert world.channels["hook"].calls[0][0] >= 3_600


@jumping
async def test_a_kill_during_a_pause_loses_nothing_and_sends_nothing_twice() -> None:
    world = World(hook=MemoryReceiver())
    for number in range(6):
        process = world.process(_after(number + 1))
        process.receivers.apply(pause(ends_s=600))
        await process.start()
        if number == 0:
            world.publish(*range(4))
        await until(lambda process=process: process.failed or (world.log.now - EPOCH).total_seconds() >= 590)
        await process.kill()
    async with world.running() as process:
        process.receivers.apply(pause(ends_s=600))
        await world.settled(4)
    assert sorted(world.channels["hook"].received) == sorted(world.log.states())


def _after(writes: int) -> Callable[[object], bool]:
    """Return what kills a process before it writes once more than so often."""
    left = iter(range(writes))
    return lambda _: next(left, None) is None
