"""A receiver that was away for an hour: what comes first when it is back, and what tells of that which expired."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import pytest

from agents.deliver import effects
from agents.deliver.effects import Effects
from agents.deliver.job import Job
from agents.deliver.outcome import Outcome, failed
from agents.kafka import Outgoing
from streams.ids import DeskId, ReceiverId, delivery_id
from streams.matching.rule import Urgency
from streams.routing.notification import Delivery
from streams.topics import DELIVERIES, DELIVERY_STATES, Topic
from tests.support.delivery_world import MemoryReceiver, receiver, routes, until
from tests.support.digests import all_ended, final_states
from tests.support.sender_world import World, in_order, jumping, sent_to

DESKS = (DeskId("fx-desk"), DeskId("rates"))
TTL_S = {Urgency.FLASH: 900, Urgency.URGENT: 1_200, Urgency.ROUTINE: 72 * 3_600}
AWAY_S, COUNT, SLOW = 3_600, 200, {"per_second": 2, "burst": 3}
FLASH = DELIVERIES[Urgency.FLASH]


def told(number: int, *, world: World, to: str = "hook") -> Delivery:
    """Return the delivery of one alert to one desk, of each urgency and each desk in turn."""
    urgency, desk = tuple(Urgency)[number % 3], DESKS[number // 3 % 2]
    sent = sent_to(to, number, urgency=urgency, expires_at=world.log.now + timedelta(seconds=TTL_S[urgency]))
    name = delivery_id(ReceiverId(to), desk, sent.alert.event_id, "alert")
    alert = sent.alert.model_copy(update={"desk": desk})
    return sent.model_copy(update={"delivery_id": name, "desk": desk, "alert": alert})


async def outage(world: World, hook: MemoryReceiver, away: Outcome) -> None:
    """Have the receiver away for an hour in which 200 alerts come, evenly; return when it is back."""
    hook.always = away
    for number in range(COUNT):
        world.log.publish(told(number, world=world))
        await asyncio.sleep(AWAY_S / COUNT)
    hook.always = None


@jumping
async def test_after_an_outage_one_digest_for_each_desk_tells_what_expired_and_nothing_is_lost_or_told_twice() -> None:
    hook = MemoryReceiver(takes_s=0.01)
    world = World(known=routes(receiver("hook", options={}, rate=SLOW)), hook=hook)
    async with world.running():
        await outage(world, hook, failed("connect_error"))
        attempts = len(hook.attempts)
        missed = {name for name, state in final_states(world).items() if state.state == "expired"}
        await until(lambda: all_ended(world, COUNT), within_s=100_000, step_s=30, most_s=120)

    got = hook.attempts[attempts:]
    digests = [attempt for attempt in got if attempt.members]
    first = {attempt.delivery.desk: attempt.members for attempt in reversed(digests)}
    assert set(first) == set(DESKS)
    expired_ids = {
        delivery_id(one.receiver, one.desk, one.alert.event_id, "alert")
        for members in first.values()
        for one in members
    }
    assert missed <= expired_ids
    assert len(missed) > 60
    single = [attempt.delivery.delivery_id for attempt in got if not attempt.members]
    members = [one.delivery_id for attempt in digests for one in attempt.members]
    assert len({*single, *members}) == len(single) + len(members)
    states = Counter(state.state.value for state in final_states(world).values())
    assert states == {"delivered": len(single) + len(members), "expired": len(members)}
    assert len(single) + len(members) == COUNT
    for attempt in digests:
        assert len({attempt.delivery.desk} | {one.desk for one in attempt.members}) == 1


@jumping
async def test_what_waits_goes_out_newest_flash_first_then_older_ones_then_urgent_then_routine_in_order() -> None:
    hook = MemoryReceiver(takes_s=0.01)
    world = World(known=in_order(rate=SLOW), hook=hook)
    for number in range(60):
        world.log.publish(told(number, world=world))
        await asyncio.sleep(10)
    async with world.running():
        await until(lambda: all_ended(world, 60))
    numbers = [int(attempt.delivery.alert.story_id[5:]) for attempt in hook.attempts]
    assert numbers == [*range(57, -1, -3), *range(1, 60, 3), *range(2, 60, 3)]


def arrivals(apart_s: float) -> list[int]:
    """Return the order in which flashes arrive that were decided so far apart while the receiver took the first."""
    numbers: list[int] = []

    @jumping
    async def run() -> None:
        hook = MemoryReceiver(takes_s=9 * apart_s)
        world = World(known=in_order(), hook=hook)
        async with world.running():
            for number in range(5):
                world.publish(number, urgency=Urgency.FLASH)
                await asyncio.sleep(apart_s)
            hook.takes_s = 0.1
            await world.settled(5)
        numbers.extend(int(attempt.delivery.alert.story_id[5:]) for attempt in hook.attempts)

    run()
    return numbers


def test_a_burst_of_flashes_goes_out_in_order_and_a_backlog_newest_first() -> None:
    assert arrivals(0.2) == [0, 1, 2, 3, 4]
    assert arrivals(5.0) == [0, 4, 3, 2, 1]


def test_mutation_in_order_the_newest_flash_comes_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.deliver.queues.STALE_AFTER", timedelta.max)
    assert arrivals(5.0) == [0, 1, 2, 3, 4]
    with pytest.raises(AssertionError):
        test_what_waits_goes_out_newest_flash_first_then_older_ones_then_urgent_then_routine_in_order()


@jumping
async def test_the_oldest_flash_of_a_long_backlog_never_holds_up_its_topics_commit() -> None:
    hook = MemoryReceiver()
    world = World(known=in_order(rate={"per_second": 1, "burst": 1}), hook=hook)
    world.publish(*range(100), urgency=Urgency.FLASH)
    await asyncio.sleep(60)
    moved = [(0, world.log.now)]
    async with world.running():
        while len(hook.calls) < 100:
            await asyncio.sleep(1)
            if world.committed(FLASH) > moved[-1][0] or world.committed(FLASH) == 100:
                moved.append((world.committed(FLASH), world.log.now))
    assert max(later[1] - sooner[1] for sooner, later in pairwise(moved)) < timedelta(seconds=40)
    assert len(set(hook.received)) == len(hook.received) == 100


async def lost_at_an_expiry(tears_at: Topic) -> int:
    """Kill the sender between the two writes of an expiry; return how many expired alerts are told to nobody."""
    hook = MemoryReceiver()
    world = World(hook=hook)
    world.publish(0, expires_at=world.log.now)

    def tear(outputs: Sequence[Outgoing]) -> bool:
        return any(output.topic is tears_at for output in outputs)

    process = await world.process(tear=tear).start()
    await until(lambda: process.failed)
    await process.kill()
    async with world.running():
        await until(lambda: len(world.log.states()) > 0)
        await asyncio.sleep(1_000)
    return 1 - len({one.delivery_id for attempt in hook.attempts for one in attempt.members})


@jumping
async def test_a_kill_within_an_expiry_loses_no_digest() -> None:
    assert await lost_at_an_expiry(DELIVERIES[Urgency.ROUTINE]) == 0
    assert await lost_at_an_expiry(DELIVERY_STATES) == 0


@jumping
async def test_mutation_the_digest_written_after_the_state_is_lost_at_a_kill() -> None:
    right = effects.expired

    def state_first(job: Job, outcome: Outcome, **given: object) -> Effects:
        made = right(job, outcome, **given)  # type: ignore[arg-type]  # as it was given
        return Effects(first=made.then, then=made.first, state=made.state)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(effects, "expired", state_first)
        assert await lost_at_an_expiry(DELIVERIES[Urgency.ROUTINE]) == 1
