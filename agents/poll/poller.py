"""The poller: what the owner of `feeds` runs. Owning a partition is owning every feed of its hosts."""

import asyncio
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from agents import log
from agents.kafka import Incoming
from agents.metrics import Metrics
from agents.net.fetch import Fetcher
from agents.poll.parse_worker import ParseWorkers
from agents.poll.partition import Partition
from agents.poll.surroundings import Load, Log, Ownership, Surroundings
from config.settings import Settings
from streams.text.language import detect
from streams.topics import FEED_STATES, Names

LOG = log.named("poll")


class Poller:
    """What `Owner` runs (a `Work`), with sources [FEEDS] and states [FEEDS, FEED_STATES].

    `run` must be running too: it raises what ended a feed's task for good, such as a broker that refuses everything.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        owner: Ownership,
        producer: Log,
        metrics: Metrics,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        jitter: Callable[[], float] = lambda: random.uniform(-1, 1),  # noqa: S311 - spreads polls, guards nothing
    ) -> None:
        names = Names(settings.topic_prefix)
        self._states = names.of(FEED_STATES)
        self._fetcher = Fetcher(contact=settings.contact, allow=settings.allow_addresses, clock=clock)
        self._around = Surroundings(
            names=names,
            owner=owner,
            log=producer,
            client=self._fetcher,
            workers=ParseWorkers(),
            thread=ThreadPoolExecutor(1, "articles"),
            metrics=metrics,
            load=Load(settings.requests_per_second),
            clock=clock,
            jitter=jitter,
            gap_min_s=settings.feed_gap_min_s,
            gap_max_s=settings.feed_gap_max_s,
        )
        self._partitions: dict[int, Partition] = {}
        self._open = False
        self._broken = asyncio.Event()
        self._failure: BaseException | None = None

    async def run(self) -> None:
        """Wait until cancelled, or until a task fails: then the process must end, and nothing is lost."""
        await self._broken.wait()
        if self._failure is not None:
            raise self._failure

    def begin(self, number: int) -> None:
        """Forget what is known of this number."""
        self._partitions[number] = Partition(number, self._around, self._ended)

    def restore(self, record: Incoming) -> None:
        """Take one record of `feeds` or `feed-states`; values stay bytes until the start."""
        self._partitions[record.partition].restore(record, is_state=record.topic == self._states)

    async def start(self, number: int) -> None:
        """Poll the feeds of this number from now on."""
        if not self._open:
            self._open = True
            await self._fetcher.open()
            await asyncio.to_thread(detect, "the first detection loads a model, which would hold up the loop")
        await self._partitions[number].start()

    async def take(self, records: Sequence[Incoming]) -> None:
        """Take up feeds that were added, changed or deleted."""
        for record in records:
            partition = self._partitions.get(record.partition)
            if partition is not None and partition.started:
                partition.take(record)

    async def end(self, number: int) -> None:
        """Finish what is in flight, and drop the number."""
        partition = self._partitions.pop(number, None)
        if partition is not None:
            await partition.end()
        if not self._partitions:
            await self._close()

    async def _close(self) -> None:
        self._open = False
        await self._fetcher.close()
        await self._around.workers.close()

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """Note a task that failed for good; it ends the process."""
        if task.cancelled() or task.exception() is None:
            return
        LOG.error("poll gives up", error=repr(task.exception()))
        self._failure = task.exception()
        self._broken.set()
