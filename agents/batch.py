"""Batches: decide each record with pure code and its own state, deliver outputs, deliver states, commit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from agents.kafka import Incoming, Outgoing, Producer
from agents.metrics import Metrics
from agents.owner import Owner


@dataclass(frozen=True, slots=True)
class Decision:
    """What one record leads to: the outputs, and the state records that may only follow them."""

    outputs: Sequence[Outgoing] = ()
    states: Sequence[Outgoing] = ()


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


class BatchWork:
    """A Batch as the Owner's Work: `owner.run(BatchWork(owner, batch, producer, metrics))`."""

    def __init__(
        self,
        owner: Owner,
        batch: Batch,
        producer: Producer,
        metrics: Metrics,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None: ...
