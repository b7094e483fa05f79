"""The schemas of what stands around a record: its Kafka headers, its latency ledger, and the webhook's CloudEvent."""

from pydantic.json_schema import JsonSchemaValue

from streams.alerts.alert import Relation
from streams.latency import HOPS
from streams.matching.rule import Urgency
from streams.record import Record

TEXT: JsonSchemaValue = {"type": "string", "minLength": 1}
TIME: JsonSchemaValue = {"type": "string", "format": "date-time"}


def headers(record: type[Record], ce_type: str) -> JsonSchemaValue:
    """Return the schema of a record's Kafka headers, each as the text that its UTF-8 bytes are."""
    fields: dict[str, JsonSchemaValue] = {
        "ce_specversion": {"const": "1.0", "description": "CloudEvents 1.0, binary mode"},
        "ce_id": {**TEXT, "description": "with ce_source it names the event; written again, it is the same"},
        "ce_type": {"const": ce_type, "description": "what happened"},
        "ce_source": {
            "type": "string", "format": "uri-reference", "pattern": "^/tocsin/[^/]+/[^/]+$",
            "description": "/tocsin/, the stage that wrote it, and the topic",
        },
        "ce_time": {**TIME, "description": "event time (UTC): when that was appended of which it was made, or fetched"},
        "ce_subject": {**TEXT, "description": "the record's key"},
        "content-type": {"const": "application/json"},
        "traceparent": {
            "type": "string", "pattern": "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$", "description": "W3C",
        },
        "tocsin-schema": {"const": record.schema_id(), "description": "the record's name and major version"},
    }  # fmt: skip
    told: JsonSchemaValue = {
        "type": "string", "contentMediaType": "application/json", "description": "JSON text of a Ledger, where known",
    }  # fmt: skip
    return {"type": "object", "required": list(fields), "properties": {**fields, "tocsin-ledger": told}}


def ledger() -> JsonSchemaValue:
    """Return the schema of the latency ledger: when each hop was reached, null if unknown, absent if not reached."""
    return {
        "title": "Ledger",
        "description": "When each hop of the journey was reached (UTC); null is unknown, which is never 0.",
        "type": "object",
        "properties": {hop.value: {"anyOf": [TIME, {"type": "null"}]} for hop in HOPS},
    }


def webhook_headers() -> JsonSchemaValue:
    """Return the schema of the HTTP headers that come with a webhook, after Standard Webhooks 1.0."""
    fields: dict[str, JsonSchemaValue] = {
        "webhook-id": {**TEXT, "description": "the delivery: the same at every attempt, so drop what you know"},
        "webhook-timestamp": {"type": "string", "pattern": "^[0-9]+$", "description": "Unix seconds of this attempt"},
    }
    signed: JsonSchemaValue = {
        "type": "string",
        "description": "v1,<base64> for each active key: HMAC-SHA256 over id.timestamp.body; none without keys",
    }
    return {"type": "object", "required": list(fields), "properties": {**fields, "webhook-signature": signed}}


def webhook_event(relation: Relation, desk_alert: JsonSchemaValue) -> JsonSchemaValue:
    """Return the schema of a webhook's body for alerts that a desk is told as this relation."""
    fields: dict[str, JsonSchemaValue] = {
        **_attributes(f"tocsin.alert.{relation}.v1", name="delivery", subject="story", time="the alert was routed"),
        "tocsinledger": {
            "type": "string", "contentMediaType": "application/json", "description": "JSON text of a Ledger",
        },
        "data": desk_alert,
    }  # fmt: skip
    flags: dict[str, JsonSchemaValue] = {
        "tocsinsample": {"const": True, "description": "it comes from the built-in sample wire, and is no news"},
        "tocsinshortened": {"const": True, "description": "the alert was cut to fit into 20 kB"},
        "tocsinunackedby": {
            **TEXT,
            "description": "of a step up: the desk where nobody acknowledged the story in time",
        },
        "tocsinunackedfor": {"type": "integer", "minimum": 1, "description": "of a step up: the seconds that it had"},
    }
    return {"type": "object", "required": list(fields), "properties": {**fields, **flags}}


def webhook_digest(ce_type: str, digest: JsonSchemaValue) -> JsonSchemaValue:
    """Return the schema of a webhook's body for many alerts in one message."""
    told = "digest, the same again as long as it has the same members"
    fields = _attributes(ce_type, name=told, subject="desk", time="the first of its members expired")
    fields |= {"data": digest}
    cut: JsonSchemaValue = {"const": True, "description": "headlines were left out to fit into 20 kB, and no member"}
    return {"type": "object", "required": list(fields), "properties": {**fields, "tocsinshortened": cut}}


def _attributes(ce_type: str, *, name: str, subject: str, time: str) -> dict[str, JsonSchemaValue]:
    return {
        "specversion": {"const": "1.0"},
        "id": {**TEXT, "description": f"the {name}, as in webhook-id"},
        "type": {"const": ce_type},
        "source": {
            "type": "string", "format": "uri-reference", "pattern": "^/tocsin/desks/[^/]+$", "description": "the desk",
        },
        "subject": {**TEXT, "description": f"the {subject}"},
        "time": {**TIME, "description": f"when {time} (UTC)"},
        "datacontenttype": {"const": "application/json"},
        "tocsinurgency": {"enum": [urgency.value for urgency in Urgency]},
    }  # fmt: skip
