"""What we write is read by the CloudEvents SDK and the Standard Webhooks library, as an outsider would."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event
from cloudevents.core.exceptions import CloudEventValidationError
from standardwebhooks import Webhook, WebhookVerificationError

from agents.deliver.signature import read_keys, signature
from agents.kafka import Outgoing, outgoing
from docs import asyncapi
from docs.asyncapi import TOPICS, message_names
from streams.alerts.alert import DeskAlert, Relation
from streams.articles.article import Article
from streams.ids import DeliveryId, DeskId, StoryId
from streams.record import Record
from streams.routing.digest import Digest, digest_of
from streams.routing.notification import UnlessAcked
from streams.routing.render_digest import digest_event
from streams.routing.render_event import CONTENT_TYPE, cloud_event
from streams.topics import ARTICLES, Topic
from tests.support.digests import members
from tests.support.golden_records import example
from tests.support.notices import alert, ledger
from tests.support.schema_judges import refused, schema_in

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
NAME = DeliveryId("d" * 26)
STEP_UP = UnlessAcked(desk=DeskId("fx-desk"), story_id=StoryId("5t0ry00000000001"), within_s=120.0)
DOCUMENT: Any = asyncapi.document()
KEY = "whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldY"
OTHER = "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4"
WRITTEN = [
    pytest.param(topic, record, name, ce_type, id=f"{topic.name}-{name}")
    for topic in TOPICS
    for record in topic.records
    for name, ce_type in message_names(record).items()
]


def written(topic: Topic, record: type[Record], ce_type: str) -> Outgoing:
    return outgoing(
        replace(topic, name=topic.name.replace("{desk}", "fx-desk")), example(record, full=True), key="贝森特/1",
        partition=0, ce_id="e 1", ce_type=ce_type, stage="alert", at=NOW, ledger=ledger(),
    )  # fmt: skip


def as_message(output: Outgoing) -> KafkaMessage:
    assert output.value is not None
    return KafkaMessage(headers=dict(output.headers), key=output.key.encode(), value=output.value)


@pytest.mark.parametrize(("topic", "record", "name", "ce_type"), WRITTEN)
def test_every_record_is_a_cloud_event_in_binary_mode(
    topic: Topic, record: type[Record], name: str, ce_type: str
) -> None:
    output = written(topic, record, ce_type)
    event = from_kafka_event(as_message(output))
    assert (event.get_specversion(), event.get_type(), event.get_id()) == ("1.0", ce_type, "e 1")
    assert event.get_source() == f"/tocsin/alert/{topic.name.replace('{desk}', 'fx-desk')}"
    assert event.get_time() == NOW
    assert event.get_subject() == "贝森特/1" == event.get_extension("partitionkey")
    assert event.get_datacontenttype() == "application/json"
    assert event.get_data() == json.loads(output.value or b"")
    headers = {header: value.decode() for header, value in output.headers}
    message = f"#/components/messages/{name}"
    assert refused(schema_in(DOCUMENT, f"{message}/headers"), headers) == []
    assert refused(schema_in(DOCUMENT, f"{message}/payload"), event.get_data()) == []
    assert refused(schema_in(DOCUMENT, "#/components/schemas/Ledger"), json.loads(headers["tocsin-ledger"])) == []


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"ce_type": b""}, id="no type"),
        pytest.param({"ce_id": b""}, id="no id"),
        pytest.param({"ce_source": b""}, id="no source"),
        pytest.param({"ce_time": b"2026-03-02T09:30:00"}, id="a time without its zone"),
        pytest.param({"ce_subject": b""}, id="an empty subject"),
        pytest.param({"ce_tocsin-ledger": b"{}"}, id="a name that an attribute can't have"),
    ],
)
def test_the_sdk_refuses_headers_that_are_wrong(changed: Mapping[str, bytes]) -> None:
    message = as_message(written(ARTICLES, Article, "tocsin.article.v1"))
    with pytest.raises(CloudEventValidationError):
        from_kafka_event(replace(message, headers={**message.headers, **changed}))


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"ce_type": "tocsin.article.v2"}, id="another type"),
        pytest.param({"ce_source": "tocsin"}, id="no path"),
        pytest.param({"ce_time": "02.03.2026 09:30"}, id="no time"),
        pytest.param({"traceparent": "00-x-y-01"}, id="no trace"),
        pytest.param({"content-type": "text/plain"}, id="another content"),
        pytest.param({"tocsin-schema": "article/2"}, id="another version"),
    ],
)
def test_the_published_schema_refuses_headers_that_are_wrong(changed: Mapping[str, str]) -> None:
    output = written(ARTICLES, Article, "tocsin.article.v1")
    headers = {header: value.decode() for header, value in output.headers}
    assert len(refused(schema_in(DOCUMENT, "#/components/messages/article/headers"), {**headers, **changed})) == 1


@pytest.mark.parametrize("relation", Relation)
@pytest.mark.parametrize(
    "given", [{}, {"sample": True}, {"related": [{"story_id": "s" * 900, "similarity": 0.1}] * 50}]
)
@pytest.mark.parametrize("unless_acked", [None, STEP_UP], ids=["at once", "a step up"])
def test_every_webhook_is_a_cloud_event_in_structured_mode(
    relation: Relation, given: dict[str, Any], unless_acked: UnlessAcked | None
) -> None:
    body = cloud_event(alert(relation, **given), ledger(), delivery_id=NAME, unless_acked=unless_acked)
    event = from_http_event(HTTPMessage(headers={"content-type": CONTENT_TYPE}, body=body))
    assert event.get_type() == f"tocsin.alert.{relation}.v1"
    assert (event.get_id(), event.get_source()) == (NAME, "/tocsin/desks/fx-desk")
    assert event.get_time() == datetime.fromisoformat(json.loads(event.get_extension("tocsinledger"))["routed"])
    assert DeskAlert.model_validate(event.get_data()).told_as is relation
    message = f"#/components/messages/notification-{relation}"
    assert refused(schema_in(DOCUMENT, f"{message}/payload"), json.loads(body)) == []
    told = set(DOCUMENT["components"]["messages"][f"notification-{relation}"]["payload"]["properties"])
    assert set(json.loads(body)) <= told


@pytest.mark.parametrize("count", [1, 37, 300])
def test_a_digest_is_a_cloud_event_in_structured_mode(count: int) -> None:
    digest = digest_of(members(count, title="稀" * 200 if count > 37 else "Gallium"))
    body = digest_event(digest, time=NOW)
    event = from_http_event(HTTPMessage(headers={"content-type": CONTENT_TYPE}, body=body))
    assert (event.get_type(), event.get_id(), event.get_time()) == ("tocsin.digest.v1", digest.digest_id, NOW)
    assert Digest.model_validate(event.get_data()).members == digest.members
    message = "#/components/messages/notification-digest"
    assert refused(schema_in(DOCUMENT, f"{message}/payload"), json.loads(body)) == []
    assert set(json.loads(body)) <= set(
        DOCUMENT["components"]["messages"]["notification-digest"]["payload"]["properties"]
    )
    alert_payload = schema_in(DOCUMENT, "#/components/messages/notification-first/payload")
    assert refused(alert_payload, json.loads(body))


def test_a_webhook_of_another_kind_is_refused_by_the_schema() -> None:
    body = json.loads(cloud_event(alert(Relation.FIRST), ledger(), delivery_id=NAME))
    assert refused(schema_in(DOCUMENT, "#/components/messages/notification-copy/payload"), body)
    del body["data"]["story_id"]
    assert refused(schema_in(DOCUMENT, "#/components/messages/notification-first/payload"), body)


def signed(body: bytes, *keys: str, at: datetime) -> dict[str, str]:
    timestamp = int(at.timestamp())
    made = signature(read_keys("\n".join(keys)), webhook_id=NAME, timestamp=timestamp, body=body)
    return {"webhook-id": NAME, "webhook-timestamp": str(timestamp), "webhook-signature": made}


BODY = cloud_event(alert(), ledger(), delivery_id=NAME)


@pytest.mark.parametrize("key", [KEY, OTHER])
def test_our_signature_is_verified_by_each_active_key(key: str) -> None:
    headers = signed(BODY, KEY, OTHER, at=datetime.now(UTC))
    assert Webhook(key).verify(BODY, headers) == json.loads(BODY)


def test_our_signature_is_the_one_that_the_library_makes() -> None:
    theirs = Webhook(KEY).sign(NAME, NOW, BODY.decode())
    assert signed(BODY, KEY, at=NOW)["webhook-signature"] == theirs


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"webhook-id": "x"}, id="another id"),
        pytest.param(
            {"webhook-timestamp": str(int((datetime.now(UTC) - timedelta(seconds=9)).timestamp()))}, id="time"
        ),
        pytest.param({"webhook-timestamp": str(int((datetime.now(UTC) - timedelta(hours=1)).timestamp()))}, id="old"),
        pytest.param({"webhook-signature": "v1,AAAA"}, id="another signature"),
        pytest.param({"webhook-signature": ""}, id="no signature"),
    ],
)
def test_what_is_not_ours_is_refused(changed: Mapping[str, str]) -> None:
    headers = signed(BODY, KEY, at=datetime.now(UTC))
    Webhook(KEY).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(KEY).verify(BODY, {**headers, **changed})
    with pytest.raises(WebhookVerificationError):
        Webhook(KEY).verify(BODY + b" ", headers)
