"""Many alerts in one message, by the real sender on the real Kafka: a mailbox's digest, and a webhook in a storm."""

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents.broker.server import Broker
from streams.matching.rule import Urgency
from streams.routing.digest import Digest, digest_of
from streams.routing.notification import Delivery
from streams.routing.route import Receiver
from streams.routing.schedule import scheduled
from streams.topics import DELIVERIES, RETRIES
from tests.support.deliver_process import Field
from tests.support.notices import delivery
from tests.support.processes import Child, children, until
from tests.support.smtp_sink import SmtpSink, certificate, part
from tests.support.webhook_sink import WebhookSink

pytestmark = pytest.mark.kafka
EVERY_S = 40  # a user's digests come each minute at most
EARLY_S = 32  # before the moment: a member that has to wait longer than half a minute is handed to a tier
LIMIT, STORY_COUNT, FLASHES = 5, 14, 2
ROOM_S = 20  # a storm's digest comes at the end of the minute: so much of it is left for what opens it


async def left_of(every_s: float, *, least_s: float, most_s: float | None = None) -> None:
    """Return once no more than `most_s` and no less than `least_s` seconds are left until the next moment."""
    left_s = every_s - time.time() % every_s
    if left_s < least_s:
        await asyncio.sleep(left_s)
        left_s = every_s
    if most_s is not None and left_s > most_s:
        await asyncio.sleep(left_s - most_s)


async def started(field: Field, allow: Sequence[str], among: list[Child]) -> Child:
    """Return a process of the sender that is ready; whatever is among those is swept away in the end."""
    given = ("--bootstrap", str(field.settings.bootstrap), "--prefix", field.settings.topic_prefix)
    child = await Child.start("tests.support.deliver_process", *given, "--allow", ",".join(allow), "--instance", "one")
    among.append(child)
    await until(lambda: child.said, within_s=60)
    return child


async def test_alerts_of_some_time_are_one_mail_though_the_sender_was_killed_meanwhile(
    broker: Broker, topic_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate()))  # the sender's process trusts it too
    async with SmtpSink(login="right") as sink, children() as among:
        (tmp_path / "smtp").write_text(sink.url(user=True))
        options = {"smtp_file": str(tmp_path / "smtp"), "from": "tocsin@firm.test", "to": ["fx@firm.test"]}
        plan = {"every_s": EVERY_S, "max_items": 4}
        mail = Receiver.model_validate({"receiver_id": "mail", "type": "email", "options": options, "digest": plan})
        field = await Field.laid(broker.bootstrap, topic_prefix)
        await field.route(mail)
        first = await started(field, sink.allow, among)
        await left_of(EVERY_S, least_s=EARLY_S + 2, most_s=EVERY_S - 1)
        at = datetime.now(UTC)
        members = [scheduled(delivery("mail", number=number), mail, at=at) for number in range(7)]
        assert {member.not_before for member in members} == {members[0].not_before}
        await field.publish(members[:4])
        await field.tier_records(4)
        await field.publish(members[4:])
        first.send(signal.SIGKILL)
        await first.ended()
        second = await started(field, sink.allow, among)
        assert sink.received == []
        states = await field.finals(len(members), within_s=90)
        assert await second.stop() == 0

    [(to, message)] = sink.received
    digest = digest_of(members, most_items=4)
    assert (to, str(message["Subject"])) == (("fx@firm.test",), "Digest of 7 alerts")
    assert str(message["Message-ID"]) == f"<{digest.digest_id}@firm.test>"
    assert "and 3 more" in part(message, "plain")
    assert {name: (state.state.value, state.outcome, state.provider_ref) for name, state in states.items()} == {
        member.delivery_id: ("delivered", "ok", "2.0.0 queued as 4Q1") for member in members
    }
    assert await field.in_hand() == set()


def told(sink: WebhookSink) -> tuple[list[str], list[Digest]]:
    """Return what the webhook got of alerts alone, by delivery id, and the digests."""
    digests = [one.event["data"] for one in sink.received if one.event["type"] == "tocsin.digest.v1"]
    alone = [one.webhook_id for one in sink.received if one.event["type"] != "tocsin.digest.v1"]
    return alone, [Digest.model_validate(digest) for digest in digests]


async def test_in_a_storm_a_webhook_gets_one_digest_and_each_flash_alone(
    broker: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    async with WebhookSink() as sink, children() as among:
        (tmp_path / "url").write_text(sink.url())
        options = {"url_file": str(tmp_path / "url"), "allow_insecure": True}
        given = {"receiver_id": "hook", "type": "webhook", "options": options, "storm": {"roots_per_minute": LIMIT}}
        field = await Field.laid(broker.bootstrap, topic_prefix)
        await field.route(Receiver.model_validate(given | {"rate": {"per_second": 1000, "burst": 1000}}))
        sender = await started(field, sink.allow, among)
        await left_of(60, least_s=ROOM_S)
        stories = [delivery("hook", number=number, urgency=Urgency.URGENT) for number in range(STORY_COUNT)]
        await field.publish(stories)
        await until(lambda: len(sink.received) >= LIMIT)
        flashes = [delivery("hook", number=100 + number, urgency=Urgency.FLASH) for number in range(FLASHES)]
        await field.publish(flashes)
        await until(lambda: len(sink.received) >= LIMIT + FLASHES)
        assert told(sink)[1] == [], "a flash waits for no digest"
        states = await field.finals(STORY_COUNT + FLASHES, within_s=120)
        assert await sender.stop() == 0

    alone, digests = told(sink)
    assert Counter(alone) == Counter(one.delivery_id for one in (*stories[:LIMIT], *flashes))
    [digest] = digests
    assert (digest.cause, Counter(digest.members)) == (
        "storm", Counter(one.delivery_id for one in stories[LIMIT:]),
    )  # fmt: skip
    assert {name: (state.state.value, state.outcome) for name, state in states.items()} == {
        one.delivery_id: ("delivered", "http_200") for one in (*stories, *flashes)
    }
    handed_off = [Delivery.from_json(each.value) for topic in RETRIES.values() for each in await field.records(topic)]
    assert {one.purpose for one in handed_off} == {"digest/storm"}
    assert len(await field.records(DELIVERIES[Urgency.URGENT])) == STORY_COUNT, "no member was written under another id"
    assert await field.in_hand() == set()
