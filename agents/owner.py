"""The owner of partitions, for work with state: it restores, hands records over, commits, and lets go in time.

The topics are co-partitioned and the assignor is Range, so whoever owns number 3 of one owns number 3 of all.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiokafka import ConsumerRebalanceListener
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError

from agents import log
from agents.follower import read_to
from agents.kafka import Incoming, incoming, new_consumer, partition
from agents.topic_admin import check_catalogue
from agents.watchdog import Progress
from config.settings import Settings
from streams.topics import Names, Topic

HEARTBEAT_S = 1.0  # with a session of 6 s a dead worker's partitions are taken over after about 7 s
POLL_S = 0.5
MOST_RECORDS = 500
GRACE_S = 5.0  # what a batch or the work's end may take when the process is told to stop
PULSE_S = 0.25
REBALANCE_MS = 70_000  # longer than a refused batch is retried: a slow member is waited for, not thrown out

LOG = log.named("owner")


class Work(Protocol):
    """What poll and deliver are, and what BatchWork makes of a Batch. `number` is a partition number of every topic."""

    def begin(self, number: int) -> None:
        """Forget what is known of this number; its records follow."""

    def restore(self, record: Incoming) -> None:
        """Take one record of a state topic, in log order; then up to `look_back` records of a source, taken before."""

    async def start(self, number: int) -> None:
        """The state is complete: effects may start."""

    async def take(self, records: Sequence[Incoming]) -> None:
        """Take new records of the sources, one poll's worth; never wait for a receiver in here."""

    async def end(self, number: int) -> None:
        """Finish what is in flight (a few seconds at most) and drop the state: the number is another's."""


@dataclass(slots=True)
class Held:
    """A partition number that this owner holds: per topic, the next offset to take and the next to commit."""

    taken: dict[str, int] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)
    started: bool = False


class Owner:
    """Holds partition numbers for one consumer group and runs the work on them.

    A topic that stands in both `sources` and `states` is followed: up to its end it is restored, later records are
    taken, and nothing is committed. Records of a `waiting` topic may wait on purpose: no watchdog over them.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        group: str,
        sources: Sequence[Topic],
        states: Sequence[Topic] = (),
        look_back: int = 0,
        waiting: Sequence[Topic] = (),
    ) -> None: ...

    async def run(self, work: Work) -> None:
        """Run until cancelled; then finish the batch in flight, end the work and leave the group."""

    @property
    def ready(self) -> bool:
        """Return whether the group was joined and everything that it gave is restored."""

    def holds(self, number: int) -> bool:
        """Return whether this process still owns the number, by its own clock.

        False after a freeze longer than the session, until `recheck` has asked.
        """

    async def recheck(self, number: int) -> bool:
        """Return whether the coordinator still knows this process as the owner; one round trip, only if in doubt."""

    async def commit(self, topic: Topic, number: int, offset: int) -> None:
        """Commit the next offset to read. A commit lost to a rebalance is a replay, not an error."""

    def pause(self, topic: Topic, number: int) -> None:
        """Fetch nothing more of this partition until `resume`."""

    def resume(self, topic: Topic, number: int) -> None:
        """Fetch this partition again."""

    async def progress(self) -> Mapping[tuple[str, int], Progress]:
        """Return, for each partition held, its end offset and what is done; asks the broker."""

    def lag(self) -> Mapping[tuple[str, int], int]:
        """Return the records not yet done of each partition held, as `progress` last saw them."""
