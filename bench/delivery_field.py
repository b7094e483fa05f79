"""What the parts of bench.delivery on the real Kafka share: a sink that costs little, receivers, and a load."""

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

from agents.kafka import Outgoing, Producer, outgoing
from streams import latency
from streams.alerts.alert import AlertSource
from streams.ids import DeskId, EventId, ReceiverId, StoryId, delivery_id
from streams.matching.rule import Urgency
from streams.routing.notification import Delivery
from streams.routing.route import Receiver
from streams.topics import DELIVERIES
from tests.support.deliver_process import Field
from tests.support.notices import AT, alert, delivery, ledger
from tests.support.processes import Child

TICK_S: Final = 0.01
CONCURRENCY: Final = 8
URGENCIES: Final = tuple(Urgency)
LARGE_EACH, SOURCES = 10, 90  # each tenth alert is about as large as a webhook takes it unshortened
CLOCK_TICKS: Final = os.sysconf("SC_CLK_TCK")
Fault = Callable[[str, int], str | None]


@dataclass(slots=True)
class Request:
    """One request: when its first byte came, and when it was answered (wall clock, seconds); `fault`: not with 200."""

    came_at: float
    fault: str | None = None
    answered_at: float | None = None


@dataclass
class Sink:
    """A webhook without a framework: it must not take what is measured beside it.

    `fault` (id, how often it came) gives None, a status such as `500` or `429/1` (with Retry-After), or `drop`: taken,
    and the connection broken off. `takes_s` is the time that an answer takes.
    """

    fault: Fault = lambda _id, _times: None
    takes_s: float = 0.0
    requests: dict[str, list[Request]] = field(default_factory=lambda: defaultdict(list))
    port: int = 0
    last_at: float = 0.0
    _server: Any = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    @property
    def address(self) -> str:
        """Return host and port."""
        return f"127.0.0.1:{self.port}"

    def first_at(self) -> dict[str, float]:
        """Return when the first byte of each delivery came first (wall clock, seconds)."""
        return {name: requests[0].came_at for name, requests in self.requests.items()}


class _Connection(asyncio.Protocol):
    def __init__(self, sink: Sink) -> None:
        self._sink, self._data, self._came_at = sink, bytearray(), 0.0
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if not self._data:
            self._came_at = time.time()
        self._data += data
        end = self._data.find(b"\r\n\r\n")
        if end < 0:
            return
        headers = dict(line.lower().split(b": ", 1) for line in bytes(self._data[:end]).split(b"\r\n")[1:])
        if len(self._data) < end + 4 + int(headers[b"content-length"]):
            return
        self._data.clear()
        self._take(headers[b"webhook-id"].decode())

    def _take(self, name: str) -> None:
        requests = self._sink.requests[name]
        request = Request(self._came_at, self._sink.fault(name, len(requests) + 1))
        requests.append(request)
        self._sink.last_at = self._came_at
        if self._sink.takes_s:
            asyncio.get_running_loop().call_later(self._sink.takes_s, self._answer, request)
        else:
            self._answer(request)

    def _answer(self, request: Request) -> None:
        request.answered_at = time.time()
        if request.fault == "drop":
            self._transport.abort()
            return
        status, _, wait = (request.fault or "200").partition("/")
        retry = f"retry-after: {wait}\r\n" if wait else ""
        self._transport.write(f"HTTP/1.1 {status} -\r\n{retry}content-length: 0\r\n\r\n".encode())


def hooks(folder: Path, sink: Sink, count: int, *, concurrency: int = CONCURRENCY) -> list[Receiver]:
    """Return so many webhooks of the sink, each with its secret address in a file."""
    made = []
    for name in (f"hook-{number}" for number in range(count)):
        (folder / name).write_text(f"http://{sink.address}/{name}")
        options = {"url_file": str(folder / name), "ordered": False, "allow_insecure": True, "timeout_s": 10.0}
        given = {"receiver_id": name, "type": "webhook", "options": options, "concurrency": concurrency}
        made.append(Receiver.model_validate(given | {"rate": {"per_second": 1_000, "burst": 1_000}}))
    return made


@cache
def _first(name: str, *, large: bool) -> Delivery:
    seen = tuple(
        AlertSource(publisher=f"Publisher {number}", permission="public", lag_s=float(number), first_seen_at=AT)
        for number in range(SOURCES)
    )
    return delivery(name, alert=alert(sources=seen) if large else alert())


def notice(name: str, number: int) -> Delivery:
    """Return the `number`th delivery to a receiver; most alerts take 2 kB, each tenth 17 kB."""
    first, story = _first(name, large=number % LARGE_EACH == LARGE_EACH - 1), StoryId(f"5t0ry{number:011d}")
    event = EventId(f"{story}-a1b2c3d4e5f60718-1-{number:08x}-0")
    return first.model_copy(
        update={
            "delivery_id": delivery_id(ReceiverId(name), DeskId("fx-desk"), event, "alert"),
            "urgency": URGENCIES[number % len(URGENCIES)],
            "alert": first.alert.model_copy(update={"event_id": event, "story_id": story}),
            "expires_at": datetime.now(UTC) + timedelta(days=1),
        }
    )


def written(one: Delivery) -> Outgoing:
    """Return a delivery as fan out writes it, but for when it was routed."""
    name, at = one.receiver, datetime.now(UTC)
    return outgoing(DELIVERIES[one.urgency], one, key=name, by=name, ce_id=one.delivery_id, stage="fan_out", at=at)


@dataclass
class Load:
    """A steady load: what was written when (wall clock, seconds, by delivery id), and to whom."""

    ground: Field
    names: Sequence[str]
    per_second: float
    routed_at: dict[str, float] = field(default_factory=dict)
    receiver: dict[str, str] = field(default_factory=dict)
    _count: int = 0

    async def run(self, seconds: float) -> None:
        """Write for so long, and return once all is acknowledged. Encoding is done before the clock starts."""
        count = round(self.per_second * seconds)
        waiting = [self._next() for _ in range(count)]
        producer = Producer(self.ground.settings)
        await producer.start()
        try:
            await self._write(producer, waiting)
        finally:
            await producer.stop()

    def _next(self) -> tuple[str, Outgoing]:
        name = self.names[self._count % len(self.names)]
        one = notice(name, self._count // len(self.names))
        self._count += 1
        self.receiver[one.delivery_id] = name
        return one.delivery_id, written(one)

    async def _write(self, producer: Producer, waiting: Sequence[tuple[str, Outgoing]]) -> None:
        loop = asyncio.get_running_loop()
        began_s, done = loop.time(), 0
        async with asyncio.TaskGroup() as writing:
            while done < len(waiting):
                due = min(round((loop.time() - began_s) * self.per_second) + 1, len(waiting))
                batch = [self._routed(name, output) for name, output in waiting[done:due]]
                writing.create_task(producer.deliver(batch))
                done = due
                await asyncio.sleep(TICK_S)

    def _routed(self, name: str, output: Outgoing) -> Outgoing:
        now = datetime.now(UTC)
        self.routed_at[name] = now.timestamp()
        header = ledger().stamped(fetched=now, routed=now).to_header()
        return replace(output, headers=(*output.headers, (latency.HEADER, header)))


async def started(field: Field, sink: Sink, instance: str) -> Child:
    """Return a deliver process that is being started; it says so once it is ready."""
    given = ("--bootstrap", str(field.settings.bootstrap), "--prefix", field.settings.topic_prefix)
    return await Child.start("tests.support.deliver_process", *given, "--allow", sink.address, "--instance", instance)


def cpu_s(pid: int) -> float:
    """Return the CPU time that a process has taken (seconds)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS
