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
from agents.deliver.outcome import Outcome, ambiguous, delivered, failed, refused, throttled
from agents.deliver.settlement import Settlement
from agents.kafka import Outgoing
from streams.ids import DeliveryId, DeskId, ReceiverId, delivery_id
from streams.matching.rule import Urgency
from streams.routing.digest import digest_of
from streams.routing.notification import Delivery, DeliveryState, DeliveryStatus
from streams.topics import DELIVERIES, DELIVERY_STATES, Topic
from tests.support.delivery_world import MemoryReceiver, receiver, routes, until
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


def final(world: World) -> dict[str, DeliveryState]:
    return {name: state for name, state in world.log.states().items() if state.state.final}


def ended(world: World, count: int = COUNT) -> bool:
    """Return whether every alert has ended, and every digest's member too."""
    states = Counter(state.state for state in final(world).values())
    return sum(states.values()) == count + states[DeliveryStatus.EXPIRED] and len(world.log.states()) == sum(
        states.values()
    )


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
        missed = {name for name, state in final(world).items() if state.state == "expired"}
        await until(lambda: ended(world), within_s=100_000, step_s=30, most_s=120)

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
    states = Counter(state.state.value for state in final(world).values())
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
        await until(lambda: ended(world, 60))
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


async def unaccounted_after_a_digest() -> int:
    """Send a digest of nine; return how many of its members do not end as delivered, all with its reference."""
    hook = MemoryReceiver()
    world = World(hook=hook)
    world.publish(*range(9), expires_at=world.log.now)
    async with world.running():
        await until(lambda: len(hook.attempts) > 0)
        await asyncio.sleep(10)
    (attempt,) = hook.attempts
    states = world.log.states()
    ends = [states.get(one.delivery_id) for one in attempt.members]
    assert len(ends) == 9
    return sum(end is None or (end.state, end.provider_ref) != ("delivered", "ref") for end in ends)


@jumping
async def test_every_member_of_a_digest_is_accounted_for() -> None:
    assert await unaccounted_after_a_digest() == 0


@jumping
async def test_mutation_a_digest_that_settles_its_first_alone_leaves_members_unaccounted() -> None:
    right = Settlement.settle

    async def first_alone(self: Settlement, job: Job, outcome: Outcome) -> None:
        job.members = None
        await right(self, job, outcome)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Settlement, "settle", first_alone)
        assert await unaccounted_after_a_digest() == 8


@pytest.mark.parametrize(
    ("outcome", "attempts"),
    [
        pytest.param(failed("http_500"), 2, id="a failure"),
        pytest.param(ambiguous("timeout"), 2, id="a lost answer"),
        pytest.param(throttled("http_429", 20.0), 1, id="patience that is kept in the lane"),
        pytest.param(throttled("http_429", 600.0), 1, id="patience that is kept in a tier"),
    ],
)
def test_a_digest_that_fails_comes_again_with_all_its_members(outcome: Outcome, attempts: int) -> None:
    @jumping
    async def run() -> None:
        hook = MemoryReceiver([outcome])
        world = World(hook=hook)
        world.publish(*range(7), expires_at=world.log.now)
        async with world.running():
            await until(lambda: ended(world, 7))
        first, second = hook.attempts
        assert digest_of(first.members) == digest_of(second.members)
        assert second.doubtful is (outcome.text == "ambiguous: timeout")
        told = [state for state in world.log.states().values() if state.state == "delivered"]
        assert [state.attempts for state in told] == [attempts] * 7
        if outcome.retry_after_s:
            assert hook.calls[1][0] - hook.calls[0][0] >= outcome.retry_after_s

    run()


def member_id(number: int, to: str = "hook", purpose: str = "digest") -> DeliveryId:
    sent = sent_to(to, number)
    return delivery_id(sent.receiver, sent.desk, sent.alert.event_id, purpose)


@jumping
async def test_members_that_a_message_does_not_name_come_again_without_the_others() -> None:
    found = frozenset(map(member_id, (1, 3)))
    hook = MemoryReceiver([delivered("7.0", members=found)])
    world = World(hook=hook)
    world.publish(*range(5), expires_at=world.log.now)
    async with world.running():
        await until(lambda: ended(world, 5))
    assert [len(attempt.members) for attempt in hook.attempts] == [5, 3]
    assert found.isdisjoint(one.delivery_id for one in hook.attempts[1].members)
    refs = {name: state.provider_ref for name, state in final(world).items() if state.state == "delivered"}
    assert {name for name, ref in refs.items() if ref == "7.0"} == found


@jumping
async def test_a_digest_that_is_refused_is_told_to_the_fallback_in_one_and_to_nobody_further() -> None:
    hook, mail = MemoryReceiver(always=refused("http_404")), MemoryReceiver(always=refused("http_404"))
    known = routes(receiver("hook", fallback="mail"), receiver("mail", fallback="hook"))
    world = World(known=known, hook=hook, mail=mail)
    world.publish(*range(4), expires_at=world.log.now)
    async with world.running():
        await until(lambda: len(final(world)) == 12)
        await asyncio.sleep(3_600)
    assert [len(attempt.members) for attempt in (*hook.attempts, *mail.attempts)] == [4, 4]
    assert {one.delivery_id for one in mail.attempts[0].members} == {
        member_id(number, "mail", "digest/fallback") for number in range(4)
    }
    assert len(world.letters()) == 8
    assert Counter(world.log.outcomes()) == {"expired": 4, "dead": 8}


@jumping
async def test_a_member_that_is_muted_by_then_is_left_out() -> None:
    hook = MemoryReceiver()
    world = World(hook=hook)
    world.publish(*range(4), expires_at=world.log.now)
    muted = member_id(2)
    process = world.process()
    right = process.receivers.why_muted
    process.receivers.why_muted = lambda one: "silenced" if one.delivery_id == muted else right(one)  # type: ignore[method-assign,assignment]  # the silence itself is tried elsewhere
    await process.start()
    await until(lambda: ended(world, 4))
    await process.stop()
    (attempt,) = hook.attempts
    assert len(attempt.members) == 3
    assert world.log.states()[muted].state == "muted"


@jumping
async def test_a_digest_of_muted_members_alone_is_not_sent() -> None:
    hook = MemoryReceiver()
    world = World(hook=hook)
    world.publish(*range(3), expires_at=world.log.now)
    process = world.process()
    process.receivers.why_muted = lambda _one: "silenced"  # type: ignore[method-assign,assignment]
    await process.start()
    await until(lambda: ended(world, 3))
    await process.stop()
    assert hook.attempts == []
    assert Counter(world.log.outcomes()) == {"expired": 3, "muted": 3}


@jumping
async def test_what_expires_at_a_receiver_that_nobody_knows_is_told_to_nobody() -> None:
    world = World(hook=MemoryReceiver())
    world.publish(0, to="unknown", expires_at=world.log.now)
    async with world.running():
        await world.settled(1)
        await asyncio.sleep(1_000)
    assert world.log.outcomes() == ["expired"]


@jumping
async def test_more_members_than_a_message_may_name_are_told_in_two() -> None:
    hook = MemoryReceiver()
    world = World(hook=hook)
    world.publish(*range(310), expires_at=world.log.now)
    async with world.running():
        await until(lambda: ended(world, 310))
    assert sorted(len(attempt.members) for attempt in hook.attempts) == [10, 300]
