"""A storm at a receiver: few messages, every story accounted for, no flash held up, wherever the sender is killed."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agents.deliver.job import Job
from agents.deliver.partition import Partition
from agents.kafka import Incoming, Outgoing
from streams.matching.rule import Urgency
from streams.routing.digest import digest_of
from streams.routing.notification import Delivery
from streams.routing.storm import storm_member
from streams.topics import RETRIES
from tests.support.delivery_world import MemoryReceiver, receiver, routes, until
from tests.support.sender_world import World, jumping, sent_to

LIMIT = 30


def stormy(limit: int = LIMIT) -> Incoming:
    """Return routes with one receiver that is told one by one, up to a limit."""
    return routes(receiver("hook", options={}, storm={"roots_per_minute": limit}))


def publish(world: World, count: int, *, each_flash: int = 100) -> None:
    """Publish so many stories at once, every hundredth of them a flash."""
    for number in range(count):
        world.publish(number, urgency=Urgency.FLASH if number % each_flash == 0 else Urgency.URGENT)


def told(hook: MemoryReceiver) -> Counter[str]:
    """Return how often each story was told, alone or in a digest."""
    return Counter(
        one.delivery_id for attempt in hook.attempts for one in (attempt.members or (attempt.delivery,))
    )  # fmt: skip


@jumping
async def test_a_thousand_stories_in_a_minute_are_few_messages_and_each_is_accounted_for() -> None:
    hook = MemoryReceiver(takes_s=0.01)
    world = World(known=stormy(), hook=hook)
    publish(world, 1_000)
    async with world.running():
        await world.settled(1_000)
    alone = [attempt.delivery for attempt in hook.attempts if not attempt.members]
    digests = [digest_of(attempt.members) for attempt in hook.attempts if attempt.members]
    flashes = {one.delivery_id for one in alone if one.urgency is Urgency.FLASH}
    assert len(flashes) == 10
    assert len(alone) <= LIMIT + 10
    assert len(digests) <= 4
    assert {digest.cause for digest in digests} == {"storm"}
    assert sum(len(digest.members) for digest in digests) + len(alone) == 1_000
    assert told(hook) == Counter({sent_to("hook", number).delivery_id: 1 for number in range(1_000)})
    assert Counter(world.log.outcomes()) == {"delivered": 1_000}


@jumping
async def test_a_flash_in_a_storm_goes_out_at_once() -> None:
    hook = MemoryReceiver(takes_s=0.01)
    world = World(known=stormy(), hook=hook)
    async with world.running():
        world.publish(*range(1, 200), urgency=Urgency.URGENT)
        await until(lambda: len(hook.calls) >= LIMIT)
        began = (world.log.now).timestamp()
        world.publish(0, urgency=Urgency.FLASH)
        await until(lambda: sent_to("hook").delivery_id in hook.received)
        assert world.log.now.timestamp() - began < 2
        await world.settled(200)


@jumping
async def test_a_receiver_without_a_limit_gets_each_story_alone() -> None:
    hook = MemoryReceiver()
    world = World(known=routes(receiver("hook")), hook=hook)
    publish(world, 200)
    async with world.running():
        await world.settled(200)
    assert not any(attempt.members for attempt in hook.attempts)


async def survived(*writes: int) -> tuple[World, MemoryReceiver, int]:
    """Return a world after a storm in which the sender was killed before each of these writes, and how often."""
    hook = MemoryReceiver(takes_s=0.02)
    world = World(known=stormy(5), hook=hook)
    publish(world, 60, each_flash=20)
    left, count, kills = set(writes), 0, 0

    def tear(_outputs: Sequence[Outgoing]) -> bool:
        nonlocal count
        count += 1
        return count in left

    process = await world.process(tear).start()
    while not all_final(world):
        await asyncio.sleep(0.2)
        if process.failed:
            await process.kill()
            kills += 1
            process = await world.process(tear).start()
    await process.stop()
    return world, hook, kills


def all_final(world: World) -> bool:
    """Return whether all sixty stories have ended."""
    return sum(state.state.final for state in world.log.states().values()) == 60


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 60), max_size=4))
@example([])
def test_a_kill_at_any_write_of_a_storm_loses_nothing_and_doubles_what_was_in_flight_alone(writes: list[int]) -> None:
    @jumping
    async def run() -> None:
        world, hook, kills = await survived(*writes)
        times = told(hook)
        assert set(times) == {sent_to("hook", number).delivery_id for number in range(60)}
        assert Counter(world.log.outcomes()) == {"delivered": 60}
        again = [attempt for attempt in hook.attempts if attempt.doubtful]
        doubled = {name for name, count in times.items() if count > 1}
        assert doubled <= {one.delivery_id for attempt in again for one in (attempt.members or (attempt.delivery,))}
        assert not kills or len(hook.attempts) <= 60

    run()


async def doubled_by_a_kill(world: World, hook: MemoryReceiver) -> int:
    """Kill a sender whose digest of a storm is out and not yet written down; return how many are told alone after."""
    await asyncio.sleep(40)  # the minute ends in less than a digest's members wait together
    publish(world, 60, each_flash=100)
    first = await world.process().start()
    await until(lambda: any(attempt.members for attempt in hook.attempts))
    await first.kill()
    members = {one.delivery_id for attempt in hook.attempts for one in attempt.members}
    before = len(hook.attempts)
    async with world.running():
        await world.settled(60)
    return sum(attempt.delivery.delivery_id in members for attempt in hook.attempts[before:] if not attempt.members)


@jumping
async def test_what_a_storms_digest_told_before_a_kill_comes_again_as_that_digest_and_never_alone() -> None:
    hook = MemoryReceiver(takes_s=1.0)
    world = World(known=stormy(5), hook=hook)
    assert await doubled_by_a_kill(world, hook) == 0
    digests = [attempt for attempt in hook.attempts if attempt.members]
    assert digests[-1].doubtful
    assert {one.delivery_id for one in digests[-1].members} == {one.delivery_id for one in digests[0].members}


@jumping
async def test_mutation_a_member_that_memory_alone_knows_is_told_alone_after_a_kill() -> None:
    right = Partition._join_storm

    def unmarked(self: Partition, job: Job, now: datetime) -> None:
        right(self, job, now)
        job.unwritten = False

    hook = MemoryReceiver(takes_s=1.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Partition, "_join_storm", unmarked)
        assert await doubled_by_a_kill(World(known=stormy(5), hook=hook), hook) > 0


@jumping
async def test_a_member_costs_one_or_two_records_of_the_tiers() -> None:
    hook = MemoryReceiver()
    world = World(known=stormy(), hook=hook)
    publish(world, 300)
    async with world.running():
        await world.settled(300)
    assert world.log.tier_records() <= 2 * 300
    handed = [Delivery.from_json(record.value) for topic in RETRIES.values() for record in world.log.of(topic)]
    assert {(one.purpose, one.reason) for one in handed} == {("digest/storm", "scheduled")}
    assert {one.attempts for one in handed} == {0}
    assert storm_member(handed[0], at=world.log.now).delivery_id == handed[0].delivery_id
