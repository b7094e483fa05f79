"""Replays the alert stage: `matches` from a checkpoint on, and compares each alert with the one on `alerts`."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from agents.alert import AlertStage
from agents.cli.replaying.checkpoint import resumed
from agents.cli.replaying.difference import MOST_KEPT, Account, Kind, digest, fields_that_differ
from agents.cli.replaying.reading import Reader, Times, opened
from agents.kafka import Incoming, Outgoing, Producer
from agents.topic_admin import apply
from config.settings import Settings
from streams.errors import ConfigurationError, NewerSchemaError
from streams.topics import ALERTS, MATCHES, Topic, replay_topic

EARLIER = timedelta(minutes=10)  # an alert is appended after its match, but brokers' clocks differ
MOST_WAITING = 500
Name = tuple[str, str]  # the id of an alert and its event time: an article that comes again after a week has old ids
Place = tuple[int, int]


@dataclass(slots=True)
class Recorded:
    """What stands on `alerts` for the times: a digest and the place of every copy of each alert."""

    times: Times
    copies: dict[Name, tuple[tuple[bytes, Place], ...]] = field(default_factory=dict)

    async def read(self, reader: Reader, starts: Mapping[int, int]) -> Mapping[int, int]:
        """Take in the alerts from these offsets to the present end, which is returned."""
        ends = await reader.ends()
        async for record in reader.records(starts, ends):
            name = name_of(record.headers)
            if record.value is not None and datetime.fromisoformat(name[1]) in self.times:
                copy = (digest(record.value), (record.partition, record.offset))
                self.copies[name] = (*self.copies.get(name, ()), copy)
        return ends


@dataclass(slots=True)
class Comparison:
    """Each alert that is made again, against what was recorded."""

    recorded: Recorded
    account: Account = field(default_factory=lambda: Account("alert"))
    made: set[Name] = field(default_factory=set)
    early: dict[Name, bytes] = field(default_factory=dict)
    different: list[tuple[Name, bytes, Place]] = field(default_factory=list)
    unlisted: int = 0

    def add(self, name: Name, value: bytes) -> None:
        """Compare one alert. One that is not recorded may still come: a live stage is a moment behind."""
        if name in self.made:
            return
        self.made.add(name)
        if name in self.recorded.copies:
            self._compare(name, value)
        else:
            self.early[name] = value

    async def finish(self, reader: Reader, ends: Mapping[int, int]) -> Account:
        """Return the account, with what was appended since, what was never made, and the fields that differ."""
        if self.early:
            await self.recorded.read(reader, ends)
        for name, value in self.early.items():
            if name in self.recorded.copies:
                self._compare(name, value)
            else:
                self.account.add(Kind.EXTRA, *name)
        for name in sorted(self.recorded.copies.keys() - self.made):
            self.account.add(Kind.MISSING, *name)
        for name, value, (number, offset) in self.different:
            starts = dict.fromkeys(range(reader.topic.partitions), 0)
            async for record in reader.records(starts | {number: offset}, starts | {number: offset + 1}):
                self.account.add(Kind.DIFFERENT, *name, fields_that_differ(record.value or b"null", value))
        self.account.counts[Kind.DIFFERENT] += self.unlisted
        return self.account

    def _compare(self, name: Name, value: bytes) -> None:
        wrong = [place for known, place in self.recorded.copies[name] if known != digest(value)]
        if not wrong:
            self.account.equal += 1
            return
        if len(self.different) < MOST_KEPT:
            self.different.append((name, value, wrong[0]))
        else:
            self.unlisted += 1


async def replay_alerts(settings: Settings, times: Times, into: str | None) -> Account:
    """Return how the alerts of these times differ from what is made again; they are written `into` a side topic.

    Memory: two digests an alert. Raises: ConfigurationError when no state is known that early.
    """
    async with opened(settings, MATCHES) as matches, opened(settings, ALERTS) as alerts:
        begin = (await matches.begins())[0]
        first, last = (await matches.offsets_at(times.begin))[0], (await matches.offsets_at(times.end))[0]
        start, stage = await resumed(settings, begin=begin, first=first, times=times)
        recorded = Recorded(times)
        ends = await recorded.read(alerts, await alerts.offsets_at(times.begin - EARLIER))
        comparison = Comparison(recorded)
        async with _side(settings, into) as write:
            async for record in matches.records({0: start}, {0: last}):
                for output in _made(stage, record, comparison.account):
                    if record.appended_at in times and output.value is not None:
                        comparison.add(name_of(output.headers), output.value)
                        await write(output)
        return await comparison.finish(alerts, ends)


def name_of(headers: Iterable[tuple[str, bytes]]) -> Name:
    """Return the id and the event time that the headers of an alert say."""
    found = dict(headers)
    return found.get("ce_id", b"").decode(), found.get("ce_time", b"1970-01-01T00:00:00Z").decode()


def _made(stage: AlertStage, record: Incoming, account: Account) -> list[Outgoing]:
    """Return the alerts of a match; what the stage set aside as a dead letter is counted, and leads to nothing."""
    try:
        outputs = stage.decide(record, stamped_at=datetime.now(UTC)).outputs
    except NewerSchemaError:
        raise
    except Exception:  # noqa: BLE001 - the stage made a dead letter of anything, and left its state as it was
        account.unreadable += 1
        return []
    return [output for output in outputs if output.fits]


@asynccontextmanager
async def _side(settings: Settings, name: str | None) -> AsyncIterator[Callable[[Outgoing], Awaitable[None]]]:
    """Open what writes an alert to the side topic, which is made here and never written twice; no name: nowhere."""
    if name is None:
        yield _nowhere
        return
    topic, waiting = replay_topic(name), list[Outgoing]()
    await apply(settings, [topic])
    await _check_empty(settings, topic)
    producer = Producer(settings)
    await producer.start()

    async def write(output: Outgoing) -> None:
        waiting.append(replace(output, topic=topic))
        if len(waiting) >= MOST_WAITING:
            await producer.deliver(waiting)
            waiting.clear()

    try:
        yield write
        await producer.deliver(waiting)
    finally:
        await producer.stop()


async def _nowhere(_: Outgoing) -> None:
    pass


async def _check_empty(settings: Settings, topic: Topic) -> None:
    async with opened(settings, topic) as reader:
        if await reader.begins() != await reader.ends():
            raise ConfigurationError(f"{settings.topic_prefix}{topic.name} holds a replay: give --into another name")
