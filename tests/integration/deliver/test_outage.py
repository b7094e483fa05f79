"""A webhook that is away until alerts have expired, on the real Kafka: when it is back, one digest tells of them."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents.broker.server import Broker
from streams.matching.rule import Urgency
from streams.routing.digest import Digest
from streams.routing.notification import Delivery
from streams.routing.route import Receiver
from streams.routing.sending import digest_member, time_to_live_s
from streams.topics import DELIVERIES
from tests.support.deliver_process import Field, running
from tests.support.notices import delivery
from tests.support.webhook_sink import WebhookSink

pytestmark = pytest.mark.kafka
EVERY_S = 10  # not five minutes and a half


def hook(folder: Path, url: str, **given: object) -> Receiver:
    """Return a webhook at this address."""
    (folder / "hook.url").write_text(url)
    options = {"url_file": str(folder / "hook.url"), "allow_insecure": True, "timeout_s": 1.0}
    return Receiver.model_validate({"receiver_id": "hook", "type": "webhook", "options": options} | given)


def told(number: int, receiver: Receiver, urgency: Urgency) -> Delivery:
    """Return a delivery that lives as long as the receiver's own time to live says."""
    expires_at = datetime.now(UTC) + timedelta(seconds=time_to_live_s(receiver, urgency))
    return delivery("hook", number=number, urgency=urgency, expires_at=expires_at)


async def test_what_expired_while_a_webhook_was_away_comes_in_one_digest_when_it_is_back(
    broker: Broker, topic_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.routing.sending.DIGEST_EVERY_S", EVERY_S)
    async with WebhookSink() as before:
        port, url, allow = before.port, before.url(), before.allow
    field = await Field.laid(broker.bootstrap, topic_prefix, allow_addresses=allow)
    receiver = hook(tmp_path, url, ttl_s={"flash": 2.0, "urgent": 2.0, "routine": 3_600.0})
    await field.route(receiver)
    await asyncio.sleep(-time.time() % EVERY_S)  # both expire between two moments, on a busy machine too
    sent = [told(number, receiver, urgency) for number, urgency in enumerate((Urgency.FLASH, Urgency.URGENT))]
    patient = told(2, receiver, Urgency.ROUTINE)
    async with running(field.settings):
        await field.publish([*sent, patient])
        await field.finals(2)
        async with WebhookSink(port=port) as sink:
            states = await field.finals(5)
            digests = [one for one in sink.received if one.event["type"] == "tocsin.digest.v1"]
            alerts = [one for one in sink.received if one not in digests]

    members = [member for each in sent if (member := digest_member(each, at=datetime.now(UTC)))]
    assert {name: state.state.value for name, state in states.items()} == {
        **{each.delivery_id: "expired" for each in sent},
        **{each.delivery_id: "delivered" for each in (*members, patient)},
    }
    [digest] = digests
    assert set(Digest.model_validate(digest.event["data"]).members) == {member.delivery_id for member in members}
    assert {states[member.delivery_id].outcome for member in members} == {"http_200"}
    assert {one.webhook_id for one in alerts} == {patient.delivery_id}
    written = [Delivery.from_json(record.value) for record in await field.records(DELIVERIES[Urgency.ROUTINE])]
    assert sorted(each.purpose for each in written) == ["alert", "digest", "digest"]
