"""What stands on the wire: records in and out, their headers, one idempotent producer, topic administration."""

import asyncio
import ssl
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from secrets import token_hex
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import (
    InvalidProducerEpoch,
    KafkaError,
    MessageSizeTooLargeError,
    OutOfOrderSequenceNumber,
    ProducerClosed,
    ProducerFenced,
    UnknownProducerId,
)

from agents import log
from config.settings import Settings
from streams import latency
from streams.errors import ConfigurationError, RefusedError
from streams.latency import Ledger
from streams.record import Record
from streams.topics import MESSAGE_BYTES, Names, Topic

SCHEMA_HEADER = "tocsin-schema"
RECORD_OVERHEAD_BYTES = 512  # batch and record framing, headers' lengths: generous, so that the client refuses first
FIRST_RETRY_S, LAST_RETRY_S = 0.2, 5.0
# aiokafka counts a batch that the broker refused for good too: from then on all of the partition is out of order, and
# only another process, with a producer id of its own, gets through (seen on a real broker).
FINAL = (
    MessageSizeTooLargeError, OutOfOrderSequenceNumber, UnknownProducerId, InvalidProducerEpoch, ProducerFenced,
    ProducerClosed,
)  # fmt: skip
METADATA_MS = 5_000  # a broker that started just now may know no topic yet; five minutes later is too late to ask again
LEAVE_S = LONG_S = 3.0  # aiokafka itself waits 40 s, without a word, for a port that takes connections and says nothing

LOG = log.named("kafka")
Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A record as it was read; `appended_at` is the broker's time (UTC), the event time of every decision."""

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes | None
    headers: Headers
    appended_at: datetime

    def header(self, name: str) -> bytes | None:
        """Return the value of a header, or None."""
        for header, value in self.headers:  # thrice a record, and a generator takes twice as long
            if header == name:
                return value
        return None

    @property
    def schema(self) -> str | None:
        """Return the header `tocsin-schema`, such as `article/1`, or None."""
        value = self.header(SCHEMA_HEADER)
        return None if value is None else value.decode("ascii", "replace")

    @property
    def ledger(self) -> Ledger:
        """Return the latency ledger that travels with the record."""
        return latency.read_ledger(self.header(latency.HEADER))

    @property
    def traceparent(self) -> bytes:
        """Return the W3C trace context, made anew if the record carries none."""
        return self.header("traceparent") or new_traceparent()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A record to be written. A value of None is a tombstone."""

    topic: Topic
    partition: int
    key: str
    value: bytes | None
    headers: Headers = ()

    @property
    def size_bytes(self) -> int:
        """Return about how many bytes the record takes on the wire."""
        carried = sum(len(name) + len(value) for name, value in self.headers)
        return len(self.key.encode()) + len(self.value or b"") + carried + RECORD_OVERHEAD_BYTES

    @property
    def fits(self) -> bool:
        """Return whether the broker takes a record of this size."""
        return self.size_bytes <= MESSAGE_BYTES


def new_traceparent() -> bytes:
    """Return a fresh W3C trace context (version 00, sampled)."""
    random = token_hex(24)
    return f"00-{random[:32]}-{random[32:]}-01".encode()


def incoming(record: Any) -> Incoming:  # noqa: ANN401 - aiokafka's and Faust's records ship no types
    """Return what an aiokafka ConsumerRecord holds."""
    return Incoming(
        topic=record.topic, partition=record.partition, offset=record.offset,
        key=(record.key or b"").decode("utf-8", "replace"), value=record.value, headers=tuple(record.headers),
        appended_at=datetime.fromtimestamp(record.timestamp / 1000, UTC),
    )  # fmt: skip


def outgoing(
    topic: Topic,
    record: Record,
    *,
    key: str,
    by: str = "-",
    partition: int | None = None,
    ce_id: str,
    ce_type: str | None = None,
    stage: str,
    at: datetime,
    ledger: Ledger | None = None,
    traceparent: bytes | None = None,
) -> Outgoing:
    """Return the record encoded for its topic, with CloudEvents headers, trace context, schema and ledger.

    `by` is what the partition is the hash of (the catalogue's `partitioned_by`); `partition` overrides it.
    """
    return Outgoing(
        topic=topic,
        partition=topic.partition(by) if partition is None else partition,
        key=key,
        value=record.to_json(),
        headers=(
            ("ce_specversion", b"1.0"),
            ("ce_id", ce_id.encode()),
            ("ce_type", (ce_type or record.ce_type()).encode()),
            ("ce_source", f"/tocsin/{stage}/{topic.name}".encode()),  # an id is used again on another topic
            ("ce_time", _time_of(at)),
            ("ce_subject", key.encode()),
            ("content-type", b"application/json"),
            ("traceparent", traceparent or new_traceparent()),
            (SCHEMA_HEADER, record.schema_id().encode()),
            *(() if ledger is None else ((latency.HEADER, ledger.to_header()),)),
        ),
    )


@lru_cache(maxsize=64)  # what one decision writes has one time
def _time_of(at: datetime) -> bytes:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z").encode()


def tombstone(topic: Topic, *, key: str, by: str = "-") -> Outgoing:
    """Return the record that deletes a key from a compacted topic."""
    return Outgoing(topic=topic, partition=topic.partition(by), key=key, value=None)


def connection(settings: Settings) -> dict[str, Any]:
    """Return the arguments by which every Kafka client of this process reaches the broker."""
    if settings.bootstrap is None:
        raise RefusedError("no broker is configured: set --bootstrap or TOCSIN_BOOTSTRAP")
    given: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap,
        "security_protocol": settings.security_protocol,
        "client_id": f"tocsin-{settings.instance or 'process'}",
        "metadata_max_age_ms": METADATA_MS,
    }
    if "SSL" in settings.security_protocol:
        given["ssl_context"] = _ssl_context(settings.ssl_ca_file)
    if settings.security_protocol.startswith("SASL"):
        password = settings.sasl_password.get_secret_value() if settings.sasl_password else None
        given |= {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": settings.sasl_username,
            "sasl_plain_password": password,
        }
    return given


def _ssl_context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as err:  # ssl's own errors included
        raise ConfigurationError(f"TOCSIN_SSL_CA_FILE: {ca_file}: {err.strerror or err}") from err


def partition(topic: str, number: int) -> Any:  # noqa: ANN401 - aiokafka ships no types
    """Return the client's name of one partition of a topic, by its whole name; equal ones are equal dict keys."""
    return TopicPartition(topic, number)


def new_consumer(settings: Settings, **given: Any) -> Any:  # noqa: ANN401 - aiokafka ships no types
    """Return a consumer, not yet started, that commits nothing by itself and reads from the start by default."""
    return AIOKafkaConsumer(
        **connection(settings),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        **given,
    )


async def connect(client: Any, *, long_s: float = LONG_S) -> None:  # noqa: ANN401 - aiokafka ships no types
    """Start a client; cancelled meanwhile, its start ends first, for aiokafka would leave its first connection open."""
    starting = asyncio.ensure_future(client.start())
    try:
        if not (await asyncio.wait({starting}, timeout=long_s))[0]:
            LOG.warning("the broker does not answer yet", client=type(client).__name__)
        await asyncio.shield(starting)
    except asyncio.CancelledError:
        await asyncio.wait({starting}, timeout=LEAVE_S)
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        raise
    except Exception:
        await disconnect(client)  # else aiokafka complains of a client that nobody closed
        raise


async def disconnect(client: Any, *, within_s: float = LEAVE_S) -> None:  # noqa: ANN401 - aiokafka ships no types
    """Stop a client, which flushes and leaves its group; a broker that is gone is waited for no longer than this."""
    try:
        async with asyncio.timeout(within_s):
            await client.stop()
    except TimeoutError:
        LOG.warning("left without a goodbye: the broker does not answer", client=type(client).__name__)


class Producer:
    """The one way to write: idempotent, acks=all, no linger; `deliver` returns when the broker has it all."""

    def __init__(self, settings: Settings, *, client: Any = None) -> None:  # noqa: ANN401 - aiokafka ships no types
        self.names = Names(settings.topic_prefix)
        self._patience_s = settings.produce_patience_s
        self._client = client or AIOKafkaProducer(
            **connection(settings), acks="all", enable_idempotence=True, linger_ms=0,
            max_request_size=MESSAGE_BYTES, request_timeout_ms=30_000,
        )  # fmt: skip

    async def start(self) -> None:
        """Connect. Raises the client's KafkaConnectionError when no broker answers."""
        await connect(self._client)

    async def stop(self) -> None:
        """Flush and disconnect; may be called twice."""
        await disconnect(self._client)

    async def deliver(self, outputs: Sequence[Outgoing]) -> None:
        """Return when the broker has acknowledged every output, in order within each partition.

        A refusal is retried with back-off: all that was not acknowledged, so that the order stands. A broker that is
        away is waited for by the client itself, however long, and counts as no refusal.
        Raises: RefusedError when `produce_patience_s` is over, or when no further try can help. The caller must exit
        without a commit.
        """
        loop = asyncio.get_running_loop()
        deadline, pause_s, waiting = loop.time() + self._patience_s, FIRST_RETRY_S, list(outputs)
        while waiting:
            waiting, error = await self._attempt(waiting)
            if error is None:
                return
            if isinstance(error, FINAL) or loop.time() + pause_s > deadline:
                raise RefusedError(f"the broker refuses records on {waiting[0].topic.name}: {error!r}") from error
            LOG.warning("produce refused, trying again", topic=waiting[0].topic.name, error=repr(error))
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LAST_RETRY_S)

    async def _attempt(self, outputs: Sequence[Outgoing]) -> tuple[list[Outgoing], BaseException | None]:
        """Send all, await all; return the outputs that were not acknowledged with the first error."""
        sent: list[Awaitable[Any]] = []
        refused: BaseException | None = None
        for output in outputs:
            try:
                sent.append(await self._send(output))
            except KafkaError as err:
                refused = err
                break
        results = await asyncio.gather(*sent, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, KafkaError):
                raise result
        left = [output for output, result in zip(outputs, results, strict=False) if isinstance(result, BaseException)]
        first = next((result for result in results if isinstance(result, BaseException)), refused)
        return [*left, *outputs[len(sent) :]], first

    async def _send(self, output: Outgoing) -> Awaitable[Any]:
        return await self._client.send(  # type: ignore[no-any-return]  # aiokafka ships no types
            self.names.of(output.topic), value=output.value, key=output.key.encode(), partition=output.partition,
            headers=list(output.headers),
        )  # fmt: skip
