"""The sender: owner's work for the delivery topics, one `Partition` for each number that this process holds."""

import asyncio
import gc
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Final

from agents import log
from agents.audit import Auditor
from agents.deliver.effects import Log
from agents.deliver.hearing import Hearing
from agents.deliver.ledger import DeliveryLedger
from agents.deliver.partition import Partition
from agents.deliver.receivers import Receivers
from agents.deliver.surroundings import Ownership, Surroundings
from agents.kafka import Incoming
from agents.metrics import Metrics
from streams.matching.rule import Urgency
from streams.topics import DELIVERIES, DELIVERY_STATES, RETRIES, THREADS, Names, Topic

SOURCES: tuple[Topic, ...] = (*DELIVERIES.values(), *RETRIES.values())
STATES: tuple[Topic, ...] = (DELIVERY_STATES, THREADS)
COMMIT_EVERY_S: Final = 0.25
END_WITHIN_S: Final = 3.0
LOG = log.named("deliver")


class Sender:
    """What `Owner` runs (a `Work`). `run` must be running too: it carries the lanes' tasks and the commits."""

    def __init__(
        self,
        *,
        names: Names,
        owner: Ownership,
        producer: Log,
        auditor: Auditor,
        receivers: Receivers,
        metrics: Metrics,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._topics = {names.of(topic): topic for topic in (*SOURCES, *STATES)}
        self._rank = {names.of(topic): rank for rank, topic in enumerate(SOURCES)}
        self._given = (owner, producer, auditor, receivers, metrics, now)
        self._hearing = Hearing()
        self._partitions: dict[int, Partition] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._up, self._finished = asyncio.Event(), asyncio.Event()
        self._end_by: float | None = None  # numbers end one after the other, and all have to within one grace
        receivers.on_change = self._adopt

    async def run(self) -> None:
        """Run until cancelled, or until a task fails: then the process must end; what is uncommitted is replayed."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self._tasks.create_task(self._given[2].run())
                self._tasks.create_task(self._hearing.run())
                self._up.set()
                await self._commit_forever()
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from failures  # one is enough to end, and its class decides the exit code

    def begin(self, number: int) -> None:
        """Forget what is known of this number."""
        self._end_by = None
        self._partitions[number] = Partition(number, self._surroundings())

    def restore(self, record: Incoming) -> None:
        """Take one record of `delivery-states` or `threads`; values stay bytes."""
        settlement = self._partitions[record.partition].settlement
        kept = settlement.threads if self._topics[record.topic] is THREADS else settlement.ledger
        kept.restore(record.key, record.value)

    async def start(self, number: int) -> None:
        """Let effects happen."""
        await self._up.wait()
        partition = self._partitions[number]
        LOG.info("deliveries restored", partition=number, states=len(partition.settlement.ledger))
        gc.freeze()  # the states stay: a look at them would hold up whatever is being sent meanwhile
        partition.start()

    async def take(self, records: Sequence[Incoming]) -> None:
        """Take one poll's worth; flash first, retries last. Waits for the log at most, never for a receiver.

        What a full lane will take within moments waits in memory, and its topic is paused.
        """
        placed = sorted(records, key=lambda each: (self._rank[each.topic], each.partition, each.offset))
        for (name, number), group in groupby(placed, key=lambda each: (each.topic, each.partition)):
            if partition := self._partitions.get(number):
                await partition.take(self._topics[name], list(group))

    async def end(self, number: int) -> None:
        """Finish what is being sent, commit what is done, drop the state."""
        partition = self._partitions.pop(number, None)
        if partition is None:
            return
        now = asyncio.get_running_loop().time()
        self._end_by = self._end_by or now + END_WITHIN_S
        await partition.end(max(self._end_by - now, 0.0))
        await partition.commit()

    def oldest(self) -> Mapping[Urgency, datetime]:
        """Return, by urgency, when the oldest delivery in hand was routed of those that have no final state."""
        found: dict[Urgency, datetime] = {}
        for partition in self._partitions.values():
            for urgency, at in partition.oldest().items():
                found[urgency] = min(at, found.get(urgency, at))
        return found

    def ledger(self, number: int) -> DeliveryLedger | None:
        """Return the ledger of a number, None for one that is another's; complete once the number is started."""
        partition = self._partitions.get(number)
        return partition.settlement.ledger if partition else None

    def _surroundings(self) -> Surroundings:
        owner, producer, auditor, receivers, metrics, now = self._given
        clock = asyncio.get_running_loop().time
        return Surroundings(
            owner=owner,
            producer=producer,
            auditor=auditor,
            receivers=receivers,
            metrics=metrics,
            now=now,
            clock=clock,
            hearing=self._hearing,
            spawn=self._spawn,
            finished=self._finished,
        )

    def _spawn(self, coroutine: Coroutine[None, None, None]) -> asyncio.Task[None]:
        if self._tasks is None:
            coroutine.close()
            raise RuntimeError("Sender.run is not running")
        return self._tasks.create_task(coroutine)

    def _adopt(self) -> None:
        for partition in self._partitions.values():
            partition.adopt()

    async def _commit_forever(self) -> None:
        while True:
            await self._finished.wait()
            await asyncio.sleep(COMMIT_EVERY_S)
            self._finished.clear()
            for partition in list(self._partitions.values()):
                await partition.commit()
