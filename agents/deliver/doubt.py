"""Which deliveries an earlier process may have been sending when it ended: they are asked for before they are sent."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from agents.deliver.job import Job
from streams.ids import ReceiverId
from streams.matching.rule import Urgency

CLOCKS_DIFFER: Final = timedelta(seconds=2)
KEPT: Final = 4  # for each slot: places that are remembered; fewer cost a needless question, never a twin
Place = tuple[int, datetime]  # offset, and when it was due


@dataclass(slots=True)
class Doubt:
    """Judges the jobs that the ledger does not know as ended, each once, as they become due.

    A lane sends urgent and routine ones in order, and of two records of a topic the one that stands first and was due
    first went into it first. So a record from before our start that `slots` others precede in both can't have been in
    flight. The newest flash goes first while there is a backlog, and members of digests go all at once: of these
    every one may have been sent that was there, and due, before our start.
    """

    started_at: datetime
    slots: Callable[[ReceiverId], int]
    _judged: dict[tuple[ReceiverId, str, Urgency], list[Place]] = field(default_factory=dict)

    def may_have_been_sent(self, job: Job) -> bool:
        """Return whether an earlier process may have been sending this job when it ended."""
        delivery, until = job.delivery, self.started_at + CLOCKS_DIFFER
        if job.record.appended_at > until or (delivery.not_before and delivery.not_before > until):
            return False
        return delivery.is_digest or delivery.urgency is Urgency.FLASH or self._is_among_the_first(job)

    def _is_among_the_first(self, job: Job) -> bool:
        slots, here = self.slots(job.delivery.receiver), (job.record.offset, job.due_at)
        judged = self._judged.setdefault((job.delivery.receiver, job.topic.name, job.delivery.urgency), [])
        before = sum(offset < here[0] and due_at <= here[1] for offset, due_at in judged)
        if len(judged) < KEPT * slots:
            judged.append(here)
        return before < slots
