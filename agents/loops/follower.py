"""Readers without a group: single-partition topics that every process follows, and one read to the end."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Self

from agents import log
from agents.kafka import Incoming, connect, disconnect, incoming, new_consumer, partition
from config.settings import Settings
from streams.errors import PoisonError, UnavailableError
from streams.topics import Names, Topic

MOST_RECORDS = 500  # about 2 ms of decoding, so the loop is never held for long
POLL_MS = 500

LOG = log.named("follower")
Apply = Callable[[Incoming], None]


class Follower:
    """Reads topics (rules, routes, controls) to their end, then follows them; each record goes to `apply`, in order.

    `apply` raises PoisonError for a record that is to be skipped (it is logged); anything else ends the follower.
    `then` is awaited after each poll's worth of records, before anyone is told that they were applied.
    """

    def __init__(
        self,
        settings: Settings,
        topics: Sequence[Topic],
        apply: Apply,
        *,
        needs: Sequence[Topic] = (),
        then: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._settings = settings
        self._apply = apply
        self._then = then
        names = Names(settings.topic_prefix)
        self._places = [partition(names.of(topic), number) for topic in topics for number in range(topic.partitions)]
        self._missing = {names.of(topic) for topic in needs}
        self._applied: dict[Any, int] = {}
        self._moved = asyncio.Condition()
        self._reader: Any = None
        self._asker: Any = None

    async def start(self) -> None:
        """Return when everything up to the present end was applied, and each topic of `needs` gave a record.

        Raises: UnavailableError when the broker gives nothing for `restore_timeout_s` while records are there.
        """
        self._reader = await open_reader(self._settings, self._places)
        self._asker = await open_reader(self._settings, ())
        ends = await self._reader.end_offsets(self._places)
        await read_to(self._reader, ends, self._take, patience_s=self._settings.restore_timeout_s)
        for place, end in ends.items():
            self._reader.seek(place, end)
        if self._then is not None:
            await self._then()
        self._applied |= ends
        if self._missing:
            LOG.info("waiting for a first record", topics=sorted(self._missing))
        while self._missing:
            await self._step()

    async def run(self) -> None:
        """Follow until cancelled, then disconnect. `start` must have returned."""
        try:
            while True:
                await self._step()
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Disconnect; may be called twice."""
        for client in (self._reader, self._asker):
            if client is not None:
                await disconnect(client)

    async def catch_up(self) -> None:
        """Return when everything that was appended before the call was applied; `run` must be running.

        Asks through a client of its own: on the reader's connection the question would stand behind a fetch that waits
        half a second for records (measured: 1,026 ms in the median, 5 ms so).
        """
        ends: Mapping[Any, int] = await self._asker.end_offsets(self._places)
        async with self._moved:
            await self._moved.wait_for(lambda: all(self._applied[place] >= end for place, end in ends.items()))

    def done(self) -> Mapping[tuple[str, int], int]:
        """Return, for the watchdog, the next offset to apply of each partition: a client may die without a word."""
        return {(place.topic, place.partition): offset for place, offset in self._applied.items()}

    async def _step(self) -> None:
        batches = await self._reader.getmany(timeout_ms=POLL_MS, max_records=MOST_RECORDS)
        for record in (record for records in batches.values() for record in records):
            self._take(incoming(record))
        if batches and self._then is not None:
            await self._then()
        async with self._moved:
            self._applied |= {place: records[-1].offset + 1 for place, records in batches.items()}
            self._moved.notify_all()

    def _take(self, record: Incoming) -> None:
        try:
            self._apply(record)
        except PoisonError as err:
            LOG.warning("record skipped", topic=record.topic, offset=record.offset, reason=err.reason, error=str(err))
            return
        if record.value is not None:
            self._missing.discard(record.topic)


class Reader:
    """A reader of given partitions from their start, as a context: `async with Reader(settings, places) as reader`."""

    def __init__(self, settings: Settings, places: Sequence[Any]) -> None:
        self._settings = settings
        self._places = places
        self._client: Any = None

    async def __aenter__(self) -> Self:
        self._client = await open_reader(self._settings, self._places)
        return self

    async def __aexit__(self, *_: object) -> None:
        await disconnect(self._client)

    async def ends(self, places: Sequence[Any] | None = None) -> Mapping[Any, int]:
        """Return the present end of each partition (uncommitted transactions and all: none are written here).

        `places`: of these, which it need not read.
        """
        return await self._client.end_offsets(self._places if places is None else places)  # type: ignore[no-any-return]

    async def begins(self) -> Mapping[Any, int]:
        """Return the first offset that each partition still holds."""
        return await self._client.beginning_offsets(self._places)  # type: ignore[no-any-return]

    def seek(self, place: Any, offset: int) -> None:  # noqa: ANN401 - aiokafka ships no types
        """Read this partition from the offset on."""
        self._client.seek(place, offset)

    async def seek_to(self, moment: datetime) -> Mapping[Any, int]:
        """Read each partition from the first record on that was appended at the moment (UTC) or later.

        Returns the present end of each partition that has such a record.
        """
        ends = await self.ends()  # first: what is appended meanwhile is not older than the moment, and has an offset
        found = await self.offsets_at(moment, ends=ends)
        for place, offset in found.items():
            self.seek(place, offset)
        return {place: ends[place] for place in self._places if found[place] < ends[place]}

    async def offsets_at(self, moment: datetime, *, ends: Mapping[Any, int] | None = None) -> Mapping[Any, int]:
        """Return the offset of each partition's first record from a moment (UTC) on; its end where there is none."""
        ends = await self.ends() if ends is None else ends
        found = await self._client.offsets_for_times(dict.fromkeys(self._places, int(moment.timestamp() * 1000)))
        return {place: found[place].offset if found[place] else ends[place] for place in self._places}

    async def read_to(self, ends: Mapping[Any, int], apply: Apply) -> None:
        """Apply everything from where the reader stands to `ends`."""
        await read_to(self._client, ends, apply, patience_s=self._settings.restore_timeout_s)

    async def take(self, apply: Apply, *, most_records: int) -> bool:
        """Apply what was fetched meanwhile, `most_records` at most, and wait for nothing; return whether any was."""
        batches = await self._client.getmany(max_records=most_records)
        for record in (record for records in batches.values() for record in records):
            apply(incoming(record))
        return bool(batches)


async def read_all(settings: Settings, topic: Topic, apply: Apply) -> None:
    """Apply one topic's records, all partitions, from the start to its present end.

    Raises: UnavailableError when the broker gives nothing for `restore_timeout_s`.
    """
    name = Names(settings.topic_prefix).of(topic)
    async with Reader(settings, [partition(name, number) for number in range(topic.partitions)]) as reader:
        await reader.read_to(await reader.ends(), apply)


async def open_reader(settings: Settings, places: Sequence[Any]) -> Any:  # noqa: ANN401 - aiokafka ships no types
    """Return a started client that stands at the start of each partition, without a group."""
    client = new_consumer(settings)
    try:
        await connect(client)
        client.assign(places)
        for place, offset in (await client.beginning_offsets(places)).items():
            client.seek(place, offset)
    except BaseException:
        await disconnect(client)
        raise
    return client


async def read_to(client: Any, ends: Mapping[Any, int], apply: Apply, *, patience_s: float) -> None:  # noqa: ANN401 - aiokafka ships no types
    """Apply everything from the client's positions to `ends`, and nothing beyond.

    Raises: UnavailableError when nothing comes for `patience_s`.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience_s
    while [place for place, end in ends.items() if await client.position(place) < end]:
        batches = await client.getmany(timeout_ms=POLL_MS, max_records=MOST_RECORDS)
        for place, records in batches.items():
            for record in records:
                if record.offset < ends[place]:
                    apply(incoming(record))
        if batches:
            deadline = loop.time() + patience_s
        elif loop.time() > deadline:
            raise UnavailableError(f"the broker gave nothing of {len(ends)} partitions for {patience_s:g} s")
        await asyncio.sleep(0)
