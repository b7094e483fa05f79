"""What every feed of a poller shares: the way out, the way on, the budget, the clock."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from agents.kafka import Outgoing
from agents.metrics import Metrics
from agents.net.fetch import Fetched, FetchProblem, FetchRequest
from agents.poll.parse_worker import ParseWorkers
from streams.feeds.feed import Feed
from streams.feeds.schedule import Bounds, bounds, pull, shared_gap_s
from streams.ids import FeedId
from streams.topics import Names


class Ownership(Protocol):
    """Says whether this process still owns a partition number."""

    async def recheck(self, number: int) -> bool:
        """Return whether it does; after a freeze, as the coordinator says."""
        ...


class Log(Protocol):
    """Where records go."""

    async def deliver(self, outputs: Sequence[Outgoing]) -> None:
        """Return when all of them are acknowledged."""
        ...


class Client(Protocol):
    """The way out."""

    async def get(self, request: FetchRequest) -> Fetched | FetchProblem:
        """Return the answer, or why there is none."""
        ...


@dataclass(slots=True)
class Load:
    """How strongly each polled feed draws on the request budget."""

    budget_per_s: float
    _pulls: dict[FeedId, float] = field(default_factory=dict)
    _total: float = 0.0

    def note(self, feed: Feed, rate_per_h: float) -> None:
        """Take the feed's present rate into account."""
        self.forget(feed.feed_id)
        self._pulls[feed.feed_id] = own = pull(feed, rate_per_h)
        self._total += own

    def forget(self, feed_id: FeedId) -> None:
        """Leave the feed out of the account."""
        self._total -= self._pulls.pop(feed_id, 0.0)

    def gap_s(self, feed: Feed, within: Bounds) -> float:
        """Return the feed's share of the budget as a gap (seconds)."""
        own = self._pulls[feed.feed_id]
        return shared_gap_s(own, all_pulls=max(self._total, own), budget_per_s=self.budget_per_s, within=within)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a feed's poll needs. `jitter` gives a number from -1 to 1."""

    names: Names
    owner: Ownership
    log: Log
    client: Client
    workers: ParseWorkers
    thread: Executor
    metrics: Metrics
    load: Load
    clock: Callable[[], datetime]
    jitter: Callable[[], float]
    gap_min_s: float
    gap_max_s: float

    def bounds(self, feed: Feed) -> Bounds:
        """Return the feed's bounds."""
        return bounds(feed, min_s=self.gap_min_s, max_s=self.gap_max_s)
