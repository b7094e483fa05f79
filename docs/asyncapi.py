"""Write docs/asyncapi.json, an AsyncAPI 3.0 document made from the topic catalogue, its records and docs/flow.py."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic.json_schema import JsonSchemaValue

from docs import envelopes
from docs.flow import DESK, WRITERS, Writer
from docs.schemas import FOLDER, RECORDS, schema_of
from streams.alerts.alert import Alert, DeskAlert, Relation
from streams.record import Record
from streams.routing.digest import Digest
from streams.topics import CATALOGUE, PREFIX, Topic

FILE = FOLDER.parent / "asyncapi.json"
PROJECT = FOLDER.parent.parent / "pyproject.toml"
TOPICS = (*CATALOGUE, DESK)
RELATED = (Alert, DeskAlert)  # what happened is their relation, so each relation is a message of its own
WEBHOOK = "webhook"
TOMBSTONE = "tombstone"
DIGEST = "notification-digest"


def document() -> JsonSchemaValue:
    """Return the document: channels are topics and the webhook, operations are what each stage does with them."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "tocsin",
            "version": tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["version"],
            "description": (
                "Topics of the news alert stream, and the webhook. Every record is a CloudEvent in binary mode, JSON "
                f"in UTF-8. Names stand here with the default prefix `{PREFIX}`. How versions move: docs/contracts.md."
            ),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": servers(),
        "channels": {**{channel_name(topic): channel(topic) for topic in TOPICS}, WEBHOOK: webhook()},
        "operations": dict(operations()),
        "components": {"schemas": schemas(), "messages": dict(messages())},
    }


def servers() -> JsonSchemaValue:
    """Return the Kafka cluster of the installation, and whoever takes its webhooks."""
    cluster = {"default": "127.0.0.1:9092", "description": "what `TOCSIN_BOOTSTRAP` names"}
    receiver = {"default": "receiver.invalid", "description": "host of the address that the receiver's secret holds"}
    return {
        "kafka": {"host": "{bootstrap}", "protocol": "kafka", "variables": {"bootstrap": cluster}},
        "receiver": {"host": "{receiver}", "protocol": "https", "variables": {"receiver": receiver}},
    }


def channel(topic: Topic) -> JsonSchemaValue:
    """Return the channel of a topic."""
    named = [name for record in topic.records for name in message_names(record)]
    named += [TOMBSTONE] if topic.compact else []
    desk = {"description": "a desk of routes.yaml; `routes apply` makes its topic", "examples": ["fx-desk"]}
    return {
        "address": PREFIX + topic.name,
        "title": topic.name,
        "description": notes(topic),
        "servers": [reference("servers", "kafka")],
        "messages": {name: reference("components", "messages", name) for name in named},
        **({"parameters": {"desk": desk}} if topic is DESK else {}),
        "bindings": {"kafka": {**kafka(topic), "bindingVersion": "0.5.0"}},
    }


def notes(topic: Topic) -> str:
    """Return what to know of a topic, in sentences."""
    by = "" if topic.partitioned_by == "-" else f" Partition: crc32 of the {topic.partitioned_by}."
    empty = " A record without a value deletes its key." if topic.compact else ""
    return f"Key: {topic.key}.{by}{empty}{f' Note: {topic.note}.' if topic.note else ''}"


def kafka(topic: Topic) -> JsonSchemaValue:
    """Return the topic as `topics apply` makes it; replicas are the cluster's default, so no number is promised."""
    config = topic.config()
    given = {"topic": PREFIX + topic.name, "partitions": topic.partitions}
    if topic is DESK:
        del given["topic"]  # a binding has no parameters: the address says it
    numbers = {name: int(value) for name, value in config.items() if name.endswith((".ms", ".bytes"))}
    return given | {
        "topicConfiguration": {**config, **numbers, "cleanup.policy": config["cleanup.policy"].split(",")},
    }


def webhook() -> JsonSchemaValue:
    """Return the channel of webhooks, whose address only the receiver's secret holds."""
    names = [*(f"notification-{relation}" for relation in Relation), DIGEST]
    return {
        "title": WEBHOOK,
        "description": "POST of a CloudEvent in structured JSON, signed after Standard Webhooks 1.0.",
        "servers": [reference("servers", "receiver")],
        "messages": {name: reference("components", "messages", name) for name in names},
    }


def operations() -> Iterable[tuple[str, JsonSchemaValue]]:
    """Yield what each stage receives and sends."""
    for writer in WRITERS:
        for topic in writer.shared:
            yield operation(writer, topic, "receive", group=f"{PREFIX}{writer.group}")
        for topic in writer.reads:
            yield operation(writer, topic, "receive")
        for topic in writer.writes:
            yield operation(writer, topic, "send")
    yield (
        "deliver-send-webhook",
        {
            "action": "send",
            "channel": reference("channels", WEBHOOK),
            "summary": "alerts to a webhook",
            "bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
        },
    )


def operation(writer: Writer, topic: Topic, action: str, *, group: str | None = None) -> tuple[str, JsonSchemaValue]:
    """Return one operation by its name; without a group, everyone reads all partitions that concern it."""
    bound = {"kafka": {"groupId": {"type": "string", "const": group}, "bindingVersion": "0.5.0"}}
    return f"{writer.name}-{action}-{channel_name(topic)}", {
        "action": action,
        "channel": reference("channels", channel_name(topic)),
        "summary": writer.does,
        **({"bindings": bound} if group else {}),
    }


def messages() -> Iterable[tuple[str, JsonSchemaValue]]:
    """Yield each message: a record with its headers, a webhook's event, and the record without a value."""
    keys = {record: topic.key for topic in TOPICS for record in topic.records}
    for record, key in keys.items():
        for name, ce_type in message_names(record).items():
            yield (
                name,
                {
                    "name": ce_type,
                    "title": schema_of(record)["description"],
                    "contentType": "application/json",
                    "headers": envelopes.headers(record, ce_type),
                    "payload": reference("components", "schemas", record.__name__),
                    "bindings": {"kafka": {"key": key_schema(key), "bindingVersion": "0.5.0"}},
                },
            )
    alert = reference("components", "schemas", DeskAlert.__name__)
    for relation in Relation:
        yield (
            f"notification-{relation}",
            {
                "name": f"tocsin.alert.{relation}.v1",
                "title": f"a desk is told: {relation}",
                "contentType": "application/cloudevents+json",
                "headers": envelopes.webhook_headers(),
                "payload": envelopes.webhook_event(relation, alert),
            },
        )
    yield (
        DIGEST,
        {
            "name": Digest.ce_type(),
            "title": "a desk is told of many alerts at once: of those that expired while nobody could be told",
            "contentType": "application/cloudevents+json",
            "headers": envelopes.webhook_headers(),
            "payload": envelopes.webhook_digest(Digest.ce_type(), reference("components", "schemas", Digest.__name__)),
        },
    )
    yield TOMBSTONE, {"title": "a record without a value: its key is deleted", "payload": {"type": "null"}}


def key_schema(key: str) -> JsonSchemaValue:
    """Return the schema of a record's key."""
    return {"type": "string", "description": key}


def message_names(record: type[Record]) -> Mapping[str, str]:
    """Return the messages that carry a record: name to CloudEvents type."""
    name = record.schema_name.replace("_", "-")
    if record in RELATED:
        told = {f"{name}-{relation}": f"tocsin.alert.{relation}.v1" for relation in Relation}
        return told | {f"{name}-heartbeat": "tocsin.heartbeat.v1"}
    return {name: record.ce_type()}


def channel_name(topic: Topic) -> str:
    """Return a topic's name as a key of the document."""
    return topic.name.replace(".", "-").replace("{", "").replace("}", "")


def reference(*steps: str) -> JsonSchemaValue:
    """Return a reference to a place in the document."""
    return {"$ref": "#/" + "/".join(steps)}


def schemas() -> JsonSchemaValue:
    """Return the schema of each class, records and their parts alike, and of the ledger."""
    return merged({record.__name__: schema_of(record) for record in RECORDS}) | {"Ledger": envelopes.ledger()}


def merged(records: Mapping[str, JsonSchemaValue]) -> JsonSchemaValue:
    """Return each class of the records' schemas once. Raises: ValueError if one name means two things."""
    found: dict[str, JsonSchemaValue] = {}
    for record, schema in records.items():
        root = {key: value for key, value in schema.items() if key not in {"$schema", "$id", "$defs"}}
        for name, part in {**schema.get("$defs", {}), record: root}.items():
            if found.setdefault(name, moved(part)) != moved(part):
                raise ValueError(f"two records mean different things by {name}")
    return {name: found[name] for name in sorted(found)}


def moved(schema: object) -> JsonSchemaValue:
    """Return the schema with its references pointing into the document, and nothing standing beside one of them."""
    return _moved(schema)  # type: ignore[return-value]  # a mapping stays a mapping


def _moved(value: object) -> object:
    if isinstance(value, list):
        return [_moved(each) for each in value]
    if not isinstance(value, dict):
        return value
    beside = {key: _moved(each) for key, each in value.items() if key != "$ref"}
    if "$ref" not in value:
        return beside
    target = reference("components", "schemas", value["$ref"].rpartition("/")[2])
    return {"allOf": [target], **beside} if beside else target


def text() -> str:
    """Return the document as it is written."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


def write(file: Path = FILE) -> None:
    """Write the document."""
    file.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    write()
