"""One topic of a partition number: its offsets, and those of its records that wait in memory."""

import heapq
from dataclasses import dataclass, field
from datetime import datetime

from agents.deliver.job import Job
from agents.deliver.offsets import Offsets


@dataclass(slots=True)
class Source:
    """A topic; while anything of it waits it is to be paused, so that no more than one poll is in memory.

    `held` are the jobs that found their lane full, and wait for it.
    """

    offsets: Offsets = field(default_factory=Offsets)
    held: list[Job] = field(default_factory=list)
    paused: bool = False
    _waiting: list[Job] = field(default_factory=list)

    @property
    def waiting(self) -> list[Job]:
        """Return the jobs that are not due yet, in no order that means anything."""
        return self._waiting

    @property
    def due_at(self) -> datetime | None:
        """Return when the first of them is due (UTC)."""
        return self._waiting[0].due_at if self._waiting else None

    def wait(self, job: Job) -> None:
        """Keep a job until it is due."""
        heapq.heappush(self._waiting, job)

    def take_due(self, now: datetime) -> list[Job]:
        """Take out what is due by now (UTC), the first first."""
        due: list[Job] = []
        while self._waiting and self._waiting[0].due_at <= now:
            due.append(heapq.heappop(self._waiting))
        return due

    def take_held(self) -> list[Job]:
        """Take out what waits for its lane, in order."""
        held, self.held = self.held, []
        return held
