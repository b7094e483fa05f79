"""Digests as the sender makes them: together, in one attempt, each member accounted for whatever comes of it."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from agents.deliver import digests
from agents.deliver.job import Job
from agents.deliver.outcome import Outcome, ambiguous, delivered, failed, refused, throttled
from agents.deliver.settlement import Settlement
from streams.ids import DeliveryId, delivery_id
from streams.routing.digest import digest_of
from streams.routing.sending import DIGEST_EVERY_S
from tests.support.delivery_world import MemoryReceiver, receiver, routes, until
from tests.support.digests import all_ended, final_states
from tests.support.sender_world import World, jumping, sent_to


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
            await until(lambda: all_ended(world, 7))
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
        await until(lambda: all_ended(world, 5))
    assert [len(attempt.members) for attempt in hook.attempts] == [5, 3]
    assert found.isdisjoint(one.delivery_id for one in hook.attempts[1].members)
    refs = {name: state.provider_ref for name, state in final_states(world).items() if state.state == "delivered"}
    assert {name for name, ref in refs.items() if ref == "7.0"} == found


@jumping
async def test_a_digest_that_is_refused_is_told_to_the_fallback_in_one_and_to_nobody_further() -> None:
    hook, mail = MemoryReceiver(always=refused("http_404")), MemoryReceiver(always=refused("http_404"))
    known = routes(receiver("hook", fallback="mail"), receiver("mail", fallback="hook"))
    world = World(known=known, hook=hook, mail=mail)
    world.publish(*range(4), expires_at=world.log.now)
    async with world.running():
        await until(lambda: len(final_states(world)) == 12)
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
    await until(lambda: all_ended(world, 4))
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
    await until(lambda: all_ended(world, 3))
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
async def test_members_that_find_no_room_in_memory_meet_at_the_next_moment() -> None:
    hook = MemoryReceiver()
    world = World(hook=hook)
    world.publish(*range(10), expires_at=world.log.now)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digests, "MOST_HELD", 6)
        async with world.running():
            await until(lambda: all_ended(world, 10))
    assert [len(attempt.members) for attempt in hook.attempts] == [6, 4]
    assert round(hook.calls[1][0] - hook.calls[0][0]) == DIGEST_EVERY_S


@jumping
async def test_more_members_than_a_message_may_name_are_told_in_two() -> None:
    hook = MemoryReceiver()
    world = World(hook=hook)
    world.publish(*range(310), expires_at=world.log.now)
    async with world.running():
        await until(lambda: all_ended(world, 310))
    assert sorted(len(attempt.members) for attempt in hook.attempts) == [10, 300]


@jumping
async def test_a_receiver_that_has_taken_nothing_for_hours_is_seldom_told_what_expired_from_the_first_time_on() -> None:
    hook = MemoryReceiver(always=failed("http_500"))
    world = World(hook=hook)
    world.publish(1, expires_at=world.log.now + timedelta(hours=3))
    async with world.running():
        await until(lambda: "expired" in world.log.outcomes(), within_s=20_000, step_s=30)
        before = len(hook.calls)
        await asyncio.sleep(6 * 3_600)
    assert 1 <= len(hook.calls) - before <= 5, "each 330 s would be 65 times, or 22 for the first two hours"
