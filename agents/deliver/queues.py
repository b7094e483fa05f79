"""What waits in a lane, by urgency: in order, but the newest flash first while there is a backlog of them."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from agents.deliver.job import Job
from streams.matching.rule import Urgency
from streams.topics import DELIVERIES

STALE_AFTER: Final = timedelta(seconds=30)
WATCHED = frozenset(DELIVERIES.values())  # the watchdog looks at these; on the tiers records wait on purpose


@dataclass(slots=True)
class Queues:
    """Jobs by urgency, flash first. `now` is the wall clock (UTC), `clock` counts seconds.

    As soon as a flash has been owed for half a minute, the newest flash goes first: after an outage a desk reads what
    holds now, and then what it missed. Until then they go in order, as a burst reads best. A step up that waited two
    minutes on purpose is owed from when it is due: it makes no backlog, and is as new as what is routed then.
    """

    now: Callable[[], datetime]
    clock: Callable[[], float]
    _jobs: Mapping[Urgency, deque[Job]] = field(default_factory=lambda: {urgency: deque() for urgency in Urgency})
    _moved_at: dict[Urgency, float] = field(default_factory=lambda: dict.fromkeys(Urgency, 0.0))
    _overtaken_at: float | None = None  # when the first of the newer flashes went before the oldest one

    def append(self, job: Job) -> None:
        """Take a job as the last of its urgency."""
        urgency = job.delivery.urgency
        if not self._jobs[urgency]:
            self._moved_at[urgency] = self.clock()
        if urgency is Urgency.FLASH and self._oldest_flash() is None:
            self._overtaken_at = None
        self._jobs[urgency].append(job)

    def put_back(self, job: Job) -> None:
        """Take a job back as the first of its urgency."""
        self._jobs[job.delivery.urgency].appendleft(job)

    def next(self) -> Job:
        """Take out what is to be sent now. Cost: O(flashes that wait), 900 at most."""
        urgency = next(urgency for urgency, queue in self._jobs.items() if queue)
        self._moved_at[urgency] = self.clock()
        return self._next_flash() if urgency is Urgency.FLASH else self._jobs[urgency].popleft()

    def ahead_of(self, urgency: Urgency, *, new_alone: bool = False) -> int:
        """Return how many jobs go before a new one of this urgency, as far as anybody can say now.

        `new_alone`: those that did not come back from a tier. Cost: O(jobs that wait).
        """
        ahead = [queue for other, queue in self._jobs.items() if other.rank >= urgency.rank]
        if new_alone:
            return sum(job.topic in WATCHED for queue in ahead for job in queue)
        return sum(map(len, ahead))

    def overtaken(self, hold_s: float) -> list[Job]:
        """Take out what others have overtaken for longer than `hold_s` if it holds up a commit that is watched.

        Of the flashes only the oldest, so that the lane has something to send: one is enough for a commit to move.
        """
        now = self.clock()
        _, *others = [urgency for urgency, queue in self._jobs.items() if queue]
        late = {urgency for urgency in others if now - self._moved_at[urgency] > hold_s}
        found = self.take_out(lambda job: job.delivery.urgency in late and job.topic in WATCHED) if late else []
        oldest = self._oldest_flash()
        if oldest and self._overtaken_at is not None and now - self._overtaken_at > hold_s:
            self._jobs[Urgency.FLASH].remove(oldest)
            self._overtaken_at = now
            found.append(oldest)
        return found

    def take_out(self, which: Callable[[Job], bool]) -> list[Job]:
        """Take out the jobs of which this is true. Cost: O(jobs that wait), 900 of an urgency at most."""
        found = [job for queue in self._jobs.values() for job in queue if which(job)]
        for job in found:
            self._jobs[job.delivery.urgency].remove(job)
        return found

    def empty(self, urgencies: Iterable[Urgency] = Urgency) -> list[Job]:
        """Take out everything, or everything of these urgencies."""
        queues = [self._jobs[urgency] for urgency in urgencies]
        jobs = [job for queue in queues for job in queue]
        for queue in queues:
            queue.clear()
        return jobs

    def __len__(self) -> int:
        return sum(map(len, self._jobs.values()))

    def _next_flash(self) -> Job:
        queue, oldest = self._jobs[Urgency.FLASH], self._oldest_flash()
        job = queue[0]
        if self.now() - min(one.owed_since for one in queue) > STALE_AFTER:
            job = max(queue, key=lambda one: (one.owed_since, one.record.offset))
        queue.remove(job)
        if job is oldest:
            self._overtaken_at = None
        elif self._overtaken_at is None:
            self._overtaken_at = self.clock()
        return job

    def _oldest_flash(self) -> Job | None:
        """Return the flash that holds up the commit of the topic that the watchdog looks at, if one waits."""
        return next((job for job in self._jobs[Urgency.FLASH] if job.topic in WATCHED), None)
