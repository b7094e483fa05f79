import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest
from aiokafka.errors import (
    KafkaConnectionError,
    MessageSizeTooLargeError,
    NotLeaderForPartitionError,
    OutOfOrderSequenceNumber,
    ProducerClosed,
    ProducerFenced,
)
from structlog.testing import capture_logs

from agents.kafka import (
    Outgoing,
    Producer,
    connect,
    connection,
    disconnect,
    incoming,
    new_consumer,
    new_traceparent,
    outgoing,
    partition,
    tombstone,
)
from config.settings import Settings
from streams.errors import ConfigurationError, RefusedError
from streams.latency import Hop, Ledger
from streams.record import Record
from streams.topics import ALERTS, DEAD_LETTERS, MESSAGE_BYTES, RULES

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SETTINGS = Settings(bootstrap="127.0.0.1:1", produce_patience_s=0.5)


class Note(Record):
    schema_name: ClassVar[str] = "note"

    text: str


class FakeBroker:
    """Acknowledges what it is sent, but for the refusals of its script: one entry for each send."""

    def __init__(self, *script: Exception | None) -> None:
        self.script = list(script)
        self.written: list[str] = []
        self.refused_at_once: list[Exception] = []
        self.running = False

    async def start(self) -> None:
        self.running = True

    async def stop(self) -> None:
        self.running = False

    async def send(self, topic: str, *, key: bytes, **_: object) -> "asyncio.Future[None]":
        if self.refused_at_once:
            raise self.refused_at_once.pop(0)
        acknowledged: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        refusal = self.script.pop(0) if self.script else None
        if refusal is None:
            self.written.append(f"{topic}/{key.decode()}")
            acknowledged.set_result(None)
        else:
            acknowledged.set_exception(refusal)
        return acknowledged


def notes(*keys: str) -> list[Outgoing]:
    return [Outgoing(topic=DEAD_LETTERS, partition=0, key=key, value=b"{}") for key in keys]


def written(*keys: str) -> list[str]:
    return [f"tocsin.dead-letters/{key}" for key in keys]


async def test_deliver_returns_when_all_is_acknowledged() -> None:
    broker = FakeBroker()
    await Producer(SETTINGS, client=broker).deliver(notes("a", "b"))
    assert broker.written == written("a", "b")


async def test_deliver_sends_again_what_was_refused_and_only_that() -> None:
    broker = FakeBroker(None, NotLeaderForPartitionError(), None)
    await Producer(SETTINGS, client=broker).deliver(notes("a", "b", "c"))
    assert broker.written == written("a", "c", "b")


async def test_deliver_sends_the_rest_when_the_client_refuses_in_the_middle() -> None:
    broker = FakeBroker()
    broker.refused_at_once = [KafkaConnectionError()]
    await Producer(SETTINGS, client=broker).deliver(notes("a", "b"))
    assert broker.written == written("a", "b")


async def test_a_refusal_that_lasts_longer_than_the_patience_is_raised_with_its_cause() -> None:
    broker = FakeBroker(*[NotLeaderForPartitionError() for _ in range(100)])
    with pytest.raises(RefusedError, match="dead-letters") as caught:
        await Producer(SETTINGS, client=broker).deliver(notes("a"))
    assert isinstance(caught.value.__cause__, NotLeaderForPartitionError)
    assert not broker.written


@pytest.mark.parametrize(
    "refusal", [MessageSizeTooLargeError, OutOfOrderSequenceNumber, ProducerFenced, ProducerClosed]
)
async def test_what_no_further_try_can_cure_is_not_tried_again(refusal: type[Exception]) -> None:
    broker = FakeBroker(refusal())
    with pytest.raises(RefusedError):
        await Producer(SETTINGS, client=broker).deliver(notes("a"))
    assert not broker.written


async def test_an_error_that_is_no_refusal_is_raised_as_it_is() -> None:
    broker = FakeBroker(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        await Producer(SETTINGS, client=broker).deliver(notes("a"))


async def test_the_producer_starts_and_stops_its_client() -> None:
    broker = FakeBroker()
    producer = Producer(SETTINGS, client=broker)
    await producer.start()
    assert broker.running
    await producer.stop()
    await producer.stop()
    assert not broker.running


def test_an_output_carries_cloudevents_schema_trace_and_ledger() -> None:
    ledger = Ledger().stamped(produced=NOW)
    output = outgoing(
        ALERTS, Note(text="x"), key="s1", by="s1", ce_id="e1", stage="alert", at=NOW, ledger=ledger,
        traceparent=b"00-aa-bb-01",
    )  # fmt: skip
    assert output.partition == ALERTS.partition("s1")
    assert output.value == b'{"text":"x"}'
    assert dict(output.headers) == {
        "ce_specversion": b"1.0",
        "ce_id": b"e1",
        "ce_type": b"tocsin.note.v1",
        "ce_source": b"/tocsin/alert/alerts",
        "ce_time": b"2026-03-02T09:30:00Z",
        "ce_subject": b"s1",
        "content-type": b"application/json",
        "traceparent": b"00-aa-bb-01",
        "tocsin-schema": b"note/1",
        "tocsin-ledger": ledger.to_header(),
    }


def test_an_output_without_ledger_and_trace_gets_a_trace_and_no_ledger() -> None:
    output = outgoing(ALERTS, Note(text="x"), key="s1", partition=7, ce_id="e1", ce_type="t", stage="alert", at=NOW)
    headers = dict(output.headers)
    assert output.partition == 7
    assert headers["ce_type"] == b"t"
    assert "tocsin-ledger" not in headers
    assert headers["traceparent"].startswith(b"00-")
    assert new_traceparent() != new_traceparent()


@pytest.mark.parametrize(
    ("value_bytes", "fits"),
    [
        pytest.param(MESSAGE_BYTES - 600, True, id="room-for-framing"),
        pytest.param(MESSAGE_BYTES, False, id="too-large"),
    ],
)
def test_an_output_fits_only_with_its_framing(value_bytes: int, *, fits: bool) -> None:
    output = Outgoing(topic=ALERTS, partition=0, key="k", value=b"x" * value_bytes, headers=(("h", b"v"),))
    assert output.fits == fits


def test_a_tombstone_has_no_value() -> None:
    assert tombstone(RULES, key="rule/a@b") == Outgoing(topic=RULES, partition=0, key="rule/a@b", value=None)


def record(*, headers: Sequence[tuple[str, bytes]] = (), key: bytes | None = b"k") -> SimpleNamespace:
    moment_ms = NOW.timestamp() * 1000
    return SimpleNamespace(
        topic="t", partition=1, offset=2, key=key, value=b"v", headers=list(headers), timestamp=moment_ms
    )


def test_an_incoming_record_knows_its_schema_ledger_trace_and_event_time() -> None:
    ledger = Ledger().stamped(produced=NOW)
    read = incoming(
        record(headers=[("tocsin-schema", b"a/1"), ("traceparent", b"t"), ("tocsin-ledger", ledger.to_header())])
    )
    assert (read.schema, read.traceparent, read.appended_at, read.key) == ("a/1", b"t", NOW, "k")
    assert read.ledger.at(Hop.PRODUCED) == NOW


def test_an_incoming_record_may_lack_everything() -> None:
    read = incoming(record(key=None))
    assert (read.schema, read.header("x"), read.key) == (None, None, "")
    assert read.ledger == Ledger()
    assert read.traceparent.startswith(b"00-")


def test_a_process_without_a_broker_is_told_how_to_name_one() -> None:
    with pytest.raises(RefusedError, match="--bootstrap"):
        connection(Settings(bootstrap=None))


@pytest.mark.parametrize("text", [None, "no certificate"], ids=["missing", "broken"])
def test_a_ca_file_that_cannot_be_read_is_a_line_with_its_name(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "ca.pem"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ConfigurationError, match=f"TOCSIN_SSL_CA_FILE: {file}"):
        connection(Settings(bootstrap="b:1", security_protocol="SSL", ssl_ca_file=file))


def test_a_connection_carries_the_password_and_the_certificates_only_when_asked_for() -> None:
    plain = connection(SETTINGS)
    secure = connection(
        Settings(
            bootstrap="b:1",
            security_protocol="SASL_SSL",
            sasl_mechanism="SCRAM-SHA-512",
            sasl_username="u",
            sasl_password="p",
            instance="agents-1",
        )
    )
    assert plain.keys() == {"bootstrap_servers", "security_protocol", "client_id", "metadata_max_age_ms"}
    assert (secure["sasl_mechanism"], secure["sasl_plain_username"]) == ("SCRAM-SHA-512", "u")
    assert secure["sasl_plain_password"] == "p"
    assert secure["client_id"] == "tocsin-agents-1"
    assert secure["ssl_context"].check_hostname


async def test_a_consumer_never_commits_by_itself() -> None:
    consumer = new_consumer(SETTINGS, group_id="g")
    assert consumer._enable_auto_commit is False
    await consumer.stop()
    assert partition("t", 1) == partition("t", 1)


class SlowClient:
    """A client that takes its time to start and to stop."""

    def __init__(self, *, start_s: float = 0, stop_s: float = 0) -> None:
        self._start_s, self._stop_s = start_s, stop_s
        self.started = self.stopped = False

    async def start(self) -> None:
        await asyncio.sleep(self._start_s)
        self.started = True

    async def stop(self) -> None:
        await asyncio.sleep(self._stop_s)
        self.stopped = True


async def test_a_start_that_is_cancelled_ends_first_so_that_nothing_stays_open() -> None:
    client = SlowClient(start_s=0.05)
    starting = asyncio.create_task(connect(client))
    await asyncio.sleep(0)
    starting.cancel()
    await asyncio.wait({starting})
    assert starting.cancelled()
    assert client.started


async def test_a_broker_that_does_not_answer_is_waited_for_with_a_word() -> None:
    with capture_logs() as said:
        await connect(SlowClient(start_s=0.05), long_s=0)
    assert [(line["log_level"], line["event"]) for line in said] == [("warning", "the broker does not answer yet")]
    with capture_logs() as said:
        await connect(SlowClient(), long_s=60)
    assert said == []


class GoneClient(SlowClient):
    """A client of a broker that is not there."""

    async def start(self) -> None:
        raise KafkaConnectionError("Unable to bootstrap from [('127.0.0.1', 1, 2)]")


async def test_a_client_that_finds_no_broker_is_closed() -> None:
    client = GoneClient()
    with pytest.raises(KafkaConnectionError):
        await connect(client)
    assert client.stopped


async def test_a_broker_that_is_gone_is_not_waited_for() -> None:
    client = SlowClient(stop_s=60)
    await disconnect(client, within_s=0.01)
    assert not client.stopped
