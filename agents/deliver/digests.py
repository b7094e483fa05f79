"""Members of digests: until they are due they pass through the tiers; for the last half minute they wait together."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from agents.deliver.job import Job
from streams.ids import DeskId, ReceiverId
from streams.routing.sending import next_digest_at

HOLD: Final = timedelta(seconds=30)  # half the watchdog's patience, as a lane holds
COLLECT: Final = timedelta(seconds=1)  # what comes late waits so long for others that come late
MOST_HELD: Final = 3_000  # about 15 MB; the others meet at the next moment
MOST_MEMBERS: Final = 300  # of one message, so that the list of its members fits into it


@dataclass(slots=True)
class Gathering:
    """Jobs of members that are due within half a minute."""

    _held: list[tuple[datetime, Job]] = field(default_factory=list)

    def hold(self, job: Job, *, now: datetime) -> bool:
        """Keep a job until it is due; return False if there are too many already."""
        if len(self._held) >= MOST_HELD:
            return False
        self._held.append((max(job.delivery.not_before or now, now + COLLECT), job))
        return True

    @property
    def due_at(self) -> datetime | None:
        """Return when the next one is due (UTC), None while there is none."""
        return min((at for at, _ in self._held), default=None)

    def due(self, *, now: datetime) -> list[Job]:
        """Return the digests that are due, each as one job with its members; none is told to two desks.

        Whoever is due goes with the first of its digest that is ready.
        """
        ready = {_digest_of(job) for at, job in self._held if at <= now}
        found = [job for _, job in self._held if _digest_of(job) in ready and (job.delivery.not_before or now) <= now]
        taken = set(map(id, found))
        self._held = [(at, job) for at, job in self._held if id(job) not in taken]
        return [_as_one(members) for members in _together(found)]


@dataclass(slots=True)
class Moments:
    """When members that could not be sent are due again: rarely at a receiver that is dead for hours.

    That depends on the receiver alone, so that all of its members meet again.
    """

    _failing_since: dict[ReceiverId, datetime] = field(default_factory=dict)

    def next(self, receiver: ReceiverId, *, now: datetime, wait_s: float) -> datetime:
        """Return when, not before `wait_s` seconds (UTC)."""
        since = self.failed(receiver, now=now)
        return next_digest_at(now + timedelta(seconds=wait_s), failing_s=(now - since).total_seconds())

    def failed(self, receiver: ReceiverId, *, now: datetime) -> datetime:
        """Note that something did not get through; return since when nothing has (UTC)."""
        return self._failing_since.setdefault(receiver, now)

    def sent(self, receiver: ReceiverId) -> None:
        """Note that something got through."""
        self._failing_since.pop(receiver, None)


def _digest_of(job: Job) -> tuple[ReceiverId, DeskId, str]:
    return job.delivery.receiver, job.delivery.desk, job.delivery.purpose


def _group(job: Job) -> tuple[ReceiverId, DeskId, str, float]:
    """Return what members of one message share. Those in doubt go as they went: equal members have an equal id."""
    moment = job.delivery.not_before if job.doubtful else None
    return *_digest_of(job), moment.timestamp() if moment else 0.0


def _together(jobs: Iterable[Job]) -> Iterator[list[Job]]:
    ordered = sorted(jobs, key=lambda job: (_group(job), job.delivery.delivery_id))
    for _, group in groupby(ordered, key=_group):
        members = list(group)
        yield from (members[start : start + MOST_MEMBERS] for start in range(0, len(members), MOST_MEMBERS))


def _as_one(members: list[Job]) -> Job:
    """Return the job that stands for all: of the member that has waited longest."""
    first = min(members, key=lambda job: job.routed_at)
    return Job(
        topic=first.topic, record=first.record, delivery=first.delivery, ledger=first.ledger, due_at=first.due_at,
        doubtful=any(job.doubtful for job in members), members=members,
    )  # fmt: skip
