"""A receiver that is told in digests: one message at its time, each member accounted for, wherever a kill comes."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agents.deliver import effects
from agents.deliver.outcome import failed, refused
from agents.kafka import Incoming, Outgoing
from streams.ids import delivery_id
from streams.matching.rule import Urgency
from streams.routing.digest import digest_of
from streams.routing.notification import Delivery, DeliveryState
from streams.routing.reconcile import Account
from streams.routing.route import Receiver
from streams.routing.schedule import scheduled
from streams.routing.told import Routing
from streams.topics import DELIVERY_STATES, RETRIES
from tests.support.delivery_world import MemoryReceiver, receiver, routes, until
from tests.support.digests import final_states
from tests.support.sender_world import World, jumping, sent_to

EVERY_S, COUNT = 600, 20
PLAN = {"every_s": EVERY_S, "max_items": 7}


def planned(**given: object) -> Receiver:
    """Return a receiver that is told each ten minutes."""
    return receiver("mail", options={}, digest=PLAN, **given)


def known(**given: object) -> Incoming:
    return routes(planned(**given))


def publish(world: World, *numbers: int, urgency: Urgency = Urgency.URGENT) -> None:
    """Publish deliveries as fan out writes them for such a receiver."""
    for number in numbers:
        expires_at = world.log.now + timedelta(hours=24)
        told = sent_to("mail", number, urgency=urgency, expires_at=expires_at)
        world.log.publish(scheduled(told, planned(), at=world.log.now))


def told(mail: MemoryReceiver) -> Counter[str]:
    """Return how often each alert was told, alone or in a digest."""
    return Counter(one.delivery_id for attempt in mail.attempts for one in (attempt.members or (attempt.delivery,)))


@jumping
async def test_what_comes_within_ten_minutes_is_one_message_at_their_end() -> None:
    mail = MemoryReceiver()
    world = World(known=known(), mail=mail)
    async with world.running():
        for number in range(COUNT):
            publish(world, number)
            await asyncio.sleep(10)
        await world.settled(COUNT)
    (attempt,) = mail.attempts
    assert len(attempt.members) == COUNT
    assert 0 <= mail.calls[0][0] - EVERY_S < 2
    digest = attempt.digest()
    assert (digest.cause, len(digest.items), digest.more) == ("schedule", 7, COUNT - 7)
    assert Counter(world.log.outcomes()) == {"delivered": COUNT}


@jumping
async def test_a_flash_does_not_wait_for_the_digest() -> None:
    mail = MemoryReceiver()
    world = World(known=known(), mail=mail)
    async with world.running():
        publish(world, *range(5))
        publish(world, 9, urgency=Urgency.FLASH)
        await until(lambda: len(mail.calls) == 1)
        assert mail.calls[0][0] < 2
        await world.settled(6)
    assert [len(attempt.members) for attempt in mail.attempts] == [0, 5]


@jumping
async def test_each_member_of_a_digest_costs_a_bounded_number_of_records() -> None:
    mail = MemoryReceiver()
    world = World(known=known(), mail=mail)
    async with world.running():
        for number in range(COUNT):
            publish(world, number)
            await asyncio.sleep(30)
        await world.settled(COUNT)
    handed = [Delivery.from_json(record.value) for topic in RETRIES.values() for record in world.log.of(topic)]
    assert {one.reason for one in handed} == {"scheduled"}
    assert max(Counter(one.delivery_id for one in handed).values()) <= 11


@jumping
async def test_a_receiver_that_fails_gets_the_whole_digest_at_the_next_moment() -> None:
    mail = MemoryReceiver([failed("smtp_451")])
    world = World(known=known(), mail=mail)
    async with world.running():
        publish(world, *range(6))
        await world.settled(6)
    first, second = mail.attempts
    assert digest_of(first.members) == digest_of(second.members)


@jumping
async def test_members_that_expire_are_told_in_a_digest_of_what_expired() -> None:
    mail = MemoryReceiver(always=failed("smtp_451"))
    world = World(known=known(), mail=mail)
    async with world.running():
        publish(world, *range(4))
        await until(lambda: Counter(world.log.outcomes())["expired"] == 4, step_s=60, most_s=600)
        mail.always = None
        await world.settled(8)
    assert mail.attempts[-1].digest().cause == "expired"
    assert Counter(world.log.outcomes()) == {"expired": 4, "delivered": 4}


@jumping
async def test_what_another_receiver_refuses_waits_for_the_fallbacks_digest() -> None:
    hook, mail = MemoryReceiver(always=refused("http_404")), MemoryReceiver()
    world = World(known=routes(receiver("hook", fallback="mail"), planned()), hook=hook, mail=mail)
    world.publish(*range(5), urgency=Urgency.URGENT)
    async with world.running():
        await until(lambda: len(final_states(world)) == 10, step_s=10)
    (attempt,) = mail.attempts
    assert attempt.digest().cause == "fallback"
    assert {one.delivery_id for one in attempt.members} == {
        delivery_id(one.receiver, one.desk, one.alert.event_id, effects.FALLBACK) for one in attempt.members
    }
    assert mail.calls[0][0] >= EVERY_S


def account(world: World) -> Account:
    """Return the account of what the routings of these alerts promised."""
    found = Account()
    for number in range(COUNT):
        sent = sent_to("mail", number)
        routing = Routing.model_validate(
            {
                "routing_id": f"{sent.alert.event_id}@{sent.desk}", "event_id": sent.alert.event_id, "desk": sent.desk,
                "story_id": sent.alert.story_id, "decision": "told", "reason": "", "receivers": ["mail"],
                "routes_version": "r1",
            }
        )  # fmt: skip
        found.promise(routing, told_at=world.log.now, settled=True)
    for record in world.log.of(DELIVERY_STATES):
        found.state(DeliveryState.from_json(record.value), before=True)
    return found


def all_final(world: World) -> bool:
    return len(final_states(world)) == COUNT


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(1, 40), max_size=4))
@example([])
def test_a_kill_at_any_write_loses_no_member_and_doubles_what_was_in_flight_alone(writes: list[int]) -> None:
    @jumping
    async def run() -> None:
        mail = MemoryReceiver(takes_s=0.1)
        world = World(known=known(), mail=mail)
        publish(world, *range(COUNT))
        count = 0

        def tear(_outputs: Sequence[Outgoing]) -> bool:
            nonlocal count
            count += 1
            return count in writes

        process = await world.process(tear).start()
        while not all_final(world):
            await asyncio.sleep(5)
            if process.failed:
                await process.kill()
                process = await world.process(tear).start()
        await process.stop()
        times = told(mail)
        assert account(world).by_receiver() == {"mail": Counter({"delivered": COUNT})}
        assert set(times) == {sent_to("mail", number).delivery_id for number in range(COUNT)}
        doubtful = {one.delivery_id for attempt in mail.attempts if attempt.doubtful for one in attempt.members}
        assert {name for name, each in times.items() if each > 1} <= doubtful
        assert len(mail.attempts) <= 1 + len(writes)

    run()


async def unaccounted(another_id: bool) -> int:
    """Send a digest; return how many promised deliveries have no state, if members had ids of their own or not."""
    mail = MemoryReceiver()
    world = World(known=known(), mail=mail)
    for number in range(COUNT):
        member = scheduled(sent_to("mail", number), planned(), at=world.log.now)
        own = delivery_id(member.receiver, member.desk, member.alert.event_id, member.purpose)
        world.log.publish(member.model_copy(update={"delivery_id": own}) if another_id else member)
    async with world.running():
        await until(partial(all_final, world), step_s=10)
    return sum(1 for _ in account(world).unaccounted())


@pytest.mark.parametrize(("another_id", "missing"), [(False, 0), (True, COUNT)], ids=["as it is", "mutation"])
def test_reconcile_finds_members_by_the_id_that_the_routing_promised(another_id: bool, missing: int) -> None:
    found: list[int] = []

    @jumping
    async def run() -> None:
        found.append(await unaccounted(another_id))

    run()
    assert found == [missing]
