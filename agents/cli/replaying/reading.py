"""What a replay reads: parts of topics by offset or append time, in slices, with progress on stderr."""

import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import typer

from agents.kafka import Incoming, disconnect, incoming, partition
from agents.loops.follower import MOST_RECORDS, POLL_MS, open_reader
from config.settings import Settings
from streams.errors import UnavailableError
from streams.topics import Names, Topic

TOLD_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class Times:
    """From when (inclusive) to when (exclusive), in UTC; by the append times of what a stage read."""

    begin: datetime
    end: datetime

    def __contains__(self, at: datetime) -> bool:
        return self.begin <= at < self.end


class Reader:
    """One topic, opened by `opened`; every method names partitions by their numbers."""

    def __init__(self, settings: Settings, topic: Topic, client: Any) -> None:  # noqa: ANN401 - aiokafka ships no types
        self.topic = topic
        name = Names(settings.topic_prefix).of(topic)
        self._places = [partition(name, number) for number in range(topic.partitions)]
        self._patience_s = settings.restore_timeout_s
        self._client = client

    async def begins(self) -> dict[int, int]:
        """Return the first offset that each partition holds."""
        return _by_number(await self._client.beginning_offsets(self._places))

    async def ends(self) -> dict[int, int]:
        """Return the offset that the next record of each partition will have."""
        return _by_number(await self._client.end_offsets(self._places))

    async def offsets_at(self, at: datetime) -> dict[int, int]:
        """Return the first offset of each partition that was appended at this time or later, else its end."""
        ends = await self.ends()
        found = await self._client.offsets_for_times({place: int(at.timestamp() * 1000) for place in self._places})
        return {place.partition: first.offset if first else ends[place.partition] for place, first in found.items()}

    async def records(self, starts: Mapping[int, int], ends: Mapping[int, int]) -> AsyncIterator[Incoming]:
        """Yield the records from `starts` to `ends`. Raises: UnavailableError when the broker gives nothing."""
        wanted = {
            place: ends[place.partition] for place in self._places if starts[place.partition] < ends[place.partition]
        }
        self._client.assign(list(wanted))
        for place in wanted:
            self._client.seek(place, starts[place.partition])
        given_at, told = time.monotonic(), Progress(self.topic)
        while [place for place, end in wanted.items() if await self._client.position(place) < end]:
            batches: Mapping[Any, Sequence[Any]] = await self._client.getmany(
                *wanted, timeout_ms=POLL_MS, max_records=MOST_RECORDS
            )
            for place, records in batches.items():
                for record in records:
                    if record.offset < wanted[place]:
                        yield told.seen(incoming(record))
            if batches:
                given_at = time.monotonic()
            elif time.monotonic() - given_at > self._patience_s:
                raise UnavailableError(f"the broker gave nothing of {self.topic.name} for {self._patience_s:g} s")


@asynccontextmanager
async def opened(settings: Settings, topic: Topic) -> AsyncIterator[Reader]:
    """Open a topic for reading, without a group."""
    name = Names(settings.topic_prefix).of(topic)
    client = await open_reader(settings, [partition(name, number) for number in range(topic.partitions)])
    try:
        yield Reader(settings, topic, client)
    finally:
        await disconnect(client)


class Progress:
    """Says on stderr every few seconds where the reading stands."""

    def __init__(self, topic: Topic) -> None:
        self._topic = topic
        self._count = 0
        self._said_at = time.monotonic()

    def seen(self, record: Incoming) -> Incoming:
        """Count the record and return it."""
        self._count += 1
        if time.monotonic() - self._said_at > TOLD_EVERY_S:
            self._said_at = time.monotonic()
            print(f"{self._topic.name}: {self._count:,} records, at {told(record.appended_at)}", file=sys.stderr)
        return record


def moment(text: str) -> datetime:
    """Return a time as it is given: ISO 8601, a day alone is its beginning, UTC unless it says otherwise.

    Raises: typer.BadParameter for anything else.
    """
    try:
        given = datetime.fromisoformat(text)
    except ValueError as err:
        raise typer.BadParameter(f'"{text}" is no time; a day or a time is, such as 2025-10-26T07:41Z') from err
    return given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)


def told(at: datetime) -> str:
    """Return a time as `moment` reads it, to the millisecond."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _by_number(offsets: Mapping[Any, int]) -> dict[int, int]:
    return {place.partition: offset for place, offset in offsets.items()}
