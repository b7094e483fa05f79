"""Batches: decide each record with pure code and its own state, deliver outputs, deliver states, commit."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from typing import Protocol

from agents import log
from agents.dead_letters import count, fitting, letter_of
from agents.kafka import Incoming, Outgoing, Producer
from agents.loops.owner import Owner
from agents.metrics import Metrics
from streams.errors import NewerSchemaError, PoisonError

SLICE_S = 0.005  # decisions hold the loop no longer than this

LOG = log.named("batch")


@dataclass(frozen=True, slots=True)
class Decision:
    """What one record leads to: the outputs, and the state records that may only follow them.

    `snapshot` follows the outputs and precedes the states. Its records are made one by one as they are sent, so that a
    large one holds neither the loop nor the memory.
    """

    outputs: Sequence[Outgoing] = ()
    states: Sequence[Outgoing] = ()
    snapshot: Iterable[Outgoing] = ()


class Batch(Protocol):
    """A stage with state. Compute first and change the state last: an exception must leave it untouched."""

    stage: str

    def begin(self, number: int) -> None:
        """Forget this partition number; its state records follow."""

    def restore(self, record: Incoming) -> None:
        """Take one state record in log order; after them, the `look_back` source records before the commit."""

    def drop(self, number: int) -> None:
        """Drop the state of a number that is another's now."""

    def decide(self, record: Incoming, *, stamped_at: datetime) -> Decision:
        """Return what follows. Event time is `record.appended_at`; `stamped_at` is only for the ledger header."""


@dataclass(slots=True)
class Decided:
    """What a poll's worth of records leads to, up to the first that this program is too old for."""

    outputs: list[Outgoing] = field(default_factory=list)
    snapshots: list[Iterable[Outgoing]] = field(default_factory=list)
    states: list[Outgoing] = field(default_factory=list)
    offsets: dict[tuple[str, int], int] = field(default_factory=dict)
    stop: NewerSchemaError | None = None

    def add(self, record: Incoming, decision: Decision) -> None:
        """Append one record's decision."""
        self.outputs += decision.outputs
        self.snapshots.append(decision.snapshot)
        self.states += decision.states
        self.offsets[record.topic, record.partition] = record.offset + 1


class BatchWork:
    """A Batch as the Owner's Work: `owner.run(BatchWork(owner, batch, producer, metrics))`.

    Outputs are acknowledged before states, states before the commit: after a crash in any gap the record comes again
    and finds at most its own effects. State first would take the replayed record for known, and lose its outputs.
    """

    def __init__(
        self,
        owner: Owner,
        batch: Batch,
        producer: Producer,
        metrics: Metrics,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._owner = owner
        self._batch = batch
        self._producer = producer
        self._metrics = metrics
        self._clock = clock

    def begin(self, number: int) -> None:
        """Forget what is known of this number."""
        self._batch.begin(number)

    def restore(self, record: Incoming) -> None:
        """Hand one state record to the batch. One that can't be read is skipped: at worst something is told twice."""
        try:
            self._batch.restore(record)
        except PoisonError as err:
            LOG.warning("state skipped", topic=record.topic, offset=record.offset, reason=err.reason, error=str(err))

    async def start(self, number: int) -> None:
        """Do nothing: a batch acts on records only."""

    async def end(self, number: int) -> None:
        """Drop the state; the batch in flight has ended, since the owner waits for it."""
        self._batch.drop(number)

    async def take(self, records: Sequence[Incoming]) -> None:
        """Decide all, deliver outputs, then states, then commit.

        Raises: NewerSchemaError after all before that record is committed; RefusedError with nothing committed.
        """
        decided = await self._decide(records)
        count(decided.outputs, self._metrics)
        if await self._deliver(decided):
            await self._owner.commit_all(decided.offsets)
        if decided.stop is not None:
            raise decided.stop

    async def _decide(self, records: Sequence[Incoming]) -> Decided:
        decided = Decided()
        pause_at = time.monotonic() + SLICE_S
        for record in records:
            try:
                decided.add(record, self._decision(record))
            except NewerSchemaError as err:
                decided.stop = err
                break
            if time.monotonic() > pause_at:
                await asyncio.sleep(0)
                pause_at = time.monotonic() + SLICE_S
        return decided

    def _decision(self, record: Incoming) -> Decision:
        stage = self._batch.stage
        try:
            decision = self._batch.decide(record, stamped_at=self._clock())
        except NewerSchemaError:
            raise
        except Exception as err:  # noqa: BLE001 - the stage loop is the one place where anything becomes a dead letter
            return Decision([letter_of(err, record, stage=stage)])
        kept = [state for state in decision.states if state.fits]
        letters = fitting([state for state in decision.states if not state.fits], record, stage=stage)
        return Decision([*fitting(decision.outputs, record, stage=stage), *letters], kept, decision.snapshot)

    async def _deliver(self, decided: Decided) -> bool:
        """Return whether all was delivered; before each effect the ownership must stand, if need be by asking."""
        snapshots = ([part] for part in chain.from_iterable(decided.snapshots))
        for effects in chain([decided.outputs], snapshots, [decided.states]):
            for number in {number for _, number in decided.offsets}:
                if not (self._owner.holds(number) or await self._owner.recheck(number)):
                    return False
            await self._producer.deliver(effects)
        return True
