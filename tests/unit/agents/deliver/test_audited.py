"""Every delivery that ends stands in the audit, whenever its sender dies; what waits in a tier does not."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest

from agents.deliver.outcome import Outcome, failed, refused
from agents.deliver.settlement import Settlement
from agents.kafka import Outgoing
from streams.errors import Reason
from streams.topics import AUDIT, DELIVERIES, DELIVERY_STATES, Topic
from tests.support.audited import entries, said, verified
from tests.support.delivery_world import EPOCH, MemoryLog, MemoryReceiver, until
from tests.support.sender_world import World, jumping, sent_to

SENT = sent_to("hook")
SOURCE = DELIVERIES[SENT.urgency]


@jumping
async def test_a_delivery_that_arrived_is_audited_with_all_that_is_known_of_it() -> None:
    world = World(hook=MemoryReceiver())
    world.publish(0)
    async with world.running():
        await world.settled(1)
    [entry] = entries(world.log.of(AUDIT))
    assert (entry.action, entry.subject, entry.user) == ("delivered", SENT.delivery_id, None)
    assert entry.after == {
        "receiver": "hook", "desk": SENT.desk, "event_id": SENT.alert.event_id, "purpose": "alert", "attempts": 1,
        "outcome": "ok", "provider_ref": "ref",
    }  # fmt: skip
    [state] = world.log.states().values()
    assert entry.at == state.changed_at


@jumping
async def test_a_delivery_that_was_put_off_is_audited_once_at_its_end() -> None:
    world = World(hook=MemoryReceiver(script=[failed("http_500")] * 2))
    world.publish(0)
    async with world.running():
        await world.settled(1)
    assert world.log.tier_records() == 2
    [entry] = entries(world.log.of(AUDIT))
    assert isinstance(entry.after, dict)
    assert (entry.action, entry.after["attempts"]) == ("delivered", 3)


@pytest.mark.parametrize(
    ("outcome", "expires_in_s", "action", "why"),
    [
        pytest.param(refused("http_404"), 900, "dead", "http_404", id="dead"),
        pytest.param(failed("http_500"), 20, "expired", "time_to_live_over", id="expired"),
    ],
)
@jumping
async def test_a_delivery_that_never_arrived_is_audited_with_the_reason(
    outcome: Outcome, expires_in_s: int, action: str, why: str
) -> None:
    world = World(hook=MemoryReceiver(always=outcome))
    world.publish(0, expires_at=EPOCH + timedelta(seconds=expires_in_s))
    async with world.running():
        await world.settled(1)
    entry = entries(world.log.of(AUDIT))[0]
    assert isinstance(entry.after, dict)
    assert (entry.action, entry.subject, entry.after["outcome"]) == (action, SENT.delivery_id, why)


@pytest.mark.parametrize(
    ("detail", "action"),
    [("address_refused", "refused_address"), ("plain_http", "refused_address"), ("bad_certificate", "bad_certificate")],
)
@jumping
async def test_an_address_or_certificate_that_is_not_trusted_is_audited_as_such(detail: str, action: str) -> None:
    world = World(hook=MemoryReceiver(always=refused(detail, Reason.ADDRESS_REFUSED)))
    world.publish(0)
    async with world.running():
        await world.settled(1)
    assert said(world.log.of(AUDIT)) == [("dead", SENT.delivery_id), (action, "hook")]
    assert entries(world.log.of(AUDIT))[1].after == {"delivery_id": SENT.delivery_id, "outcome": detail}


@jumping
async def test_a_delivery_that_can_not_be_read_is_audited_by_its_id() -> None:
    world = World(hook=MemoryReceiver())
    world.log.append(unreadable())
    async with world.running():
        await world.settled(1)
    [entry] = entries(world.log.of(AUDIT))
    assert isinstance(entry.after, dict)
    assert (entry.action, entry.subject, entry.after["desk"]) == ("dead", SENT.delivery_id, None)


def unreadable() -> Outgoing:
    headers = (("ce_id", SENT.delivery_id.encode()),)
    topic = SOURCE
    return Outgoing(topic=topic, partition=topic.partition("hook"), key="hook", value=b"{", headers=headers)


@dataclass
class Torn:
    """A log that takes the records of one topic out of each write, and answers nobody."""

    log: MemoryLog
    takes: Topic

    async def deliver(self, outputs: Sequence[Outgoing]) -> None:
        """Append what it takes, then wait for ever."""
        for output in outputs:
            if output.topic is self.takes:
                self.log.append(output)
        await asyncio.Event().wait()


async def torn(world: World, takes: Topic, *, deliveries: int) -> None:
    """Run a process that dies once so many records stand of one topic, and none of the other."""
    process = world.process()
    process.auditor.log = Torn(world.log, takes)
    await process.start()
    await until(lambda: len(world.log.of(takes)) >= deliveries)
    await process.kill()


@pytest.mark.parametrize("takes", [AUDIT, DELIVERY_STATES], ids=lambda topic: topic.name)
@pytest.mark.parametrize("readable", [True, False])
@jumping
async def test_a_crash_between_a_state_and_its_entry_loses_neither(takes: Topic, *, readable: bool) -> None:
    world = World(hook=MemoryReceiver())
    world.publish(0) if readable else world.log.append(unreadable())
    await torn(world, takes, deliveries=1)
    assert world.committed(SOURCE) == 0
    async with world.running():
        await world.settled(1)
        await until(lambda: world.committed(SOURCE) == 1)
    assert {subject for _, subject in said(world.log.of(AUDIT))} == set(world.log.states())
    assert verified(world.log.of(AUDIT)).findings == []


def test_without_the_second_note_the_entry_of_a_torn_pair_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mutation: whose record is read again is done, and nobody notes how it ended."""

    async def nothing(self: Settlement, jobs: object) -> None:
        del self, jobs

    monkeypatch.setattr(Settlement, "note_again", nothing)
    with pytest.raises(AssertionError):
        test_a_crash_between_a_state_and_its_entry_loses_neither(DELIVERY_STATES, readable=True)
