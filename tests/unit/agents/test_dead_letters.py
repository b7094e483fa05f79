from datetime import UTC, datetime
from typing import Never

import pytest
from prometheus_client import CollectorRegistry

from agents.dead_letters import count, dead_letter, guarded
from agents.kafka import Incoming, Outgoing
from agents.metrics import Metrics
from streams.dead_letter import DeadLetter
from streams.errors import NewerSchemaError, PoisonError, Reason
from streams.topics import DEAD_LETTERS, MATCHES, MESSAGE_BYTES

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
RECORD = Incoming(
    topic="tocsin.articles", partition=3, offset=41, key="a", value=b"\xff", headers=(("h", b"\x80"),), appended_at=NOW
)


def output(value: bytes = b"{}") -> Outgoing:
    return Outgoing(topic=MATCHES, partition=0, key="a", value=value)


def letter(written: Outgoing) -> DeadLetter:
    return DeadLetter.from_json(written.value)


def raising(error: Exception) -> Never:
    raise error


def test_a_dead_letter_keeps_place_bytes_headers_and_reason() -> None:
    written = dead_letter(RECORD, stage="match", reason=Reason.NOT_JSON, error="not JSON")
    kept = letter(written)
    assert written.key == "tocsin.articles/3/41"
    assert (kept.topic, kept.partition, kept.offset, kept.size_bytes) == ("tocsin.articles", 3, 41, 1)
    assert (kept.first_64k, kept.headers) == ("/w==", (("h", "gA=="),))
    assert (kept.stage, kept.reason, kept.error) == ("match", Reason.NOT_JSON, "not JSON")
    assert kept.first_seen_at == NOW


def test_what_a_decision_returns_passes_through() -> None:
    outputs = [output(), output()]
    assert guarded(lambda _: outputs, RECORD, stage="match") == outputs


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        pytest.param(PoisonError(Reason.NOT_VALID, "no title"), Reason.NOT_VALID, id="poison"),
        pytest.param(KeyError("x"), Reason.DECISION_FAILED, id="bug"),
    ],
)
def test_what_a_decision_raises_becomes_a_dead_letter(error: Exception, reason: Reason) -> None:
    (written,) = guarded(lambda _: raising(error), RECORD, stage="match")
    assert letter(written).reason is reason


def test_a_newer_schema_is_no_dead_letter() -> None:
    with pytest.raises(NewerSchemaError):
        guarded(lambda _: raising(NewerSchemaError("article/2", 1)), RECORD, stage="match")


def test_an_output_that_no_broker_takes_is_set_aside_alone() -> None:
    first, second = guarded(lambda _: [output(), output(b"x" * MESSAGE_BYTES)], RECORD, stage="match")
    assert first == output()
    assert second.topic is DEAD_LETTERS
    assert letter(second).reason is Reason.TOO_LARGE
    assert "matches" in letter(second).error


def test_dead_letters_are_counted_by_stage_and_reason() -> None:
    metrics = Metrics(CollectorRegistry())
    count([output(), dead_letter(RECORD, stage="match", reason=Reason.NOT_JSON, error="")], metrics)
    counted = metrics.registry.get_sample_value(
        "tocsin_dead_letters_total", {"stage": "match", "reason": Reason.NOT_JSON}
    )
    assert counted == 1
