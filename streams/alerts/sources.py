"""The sources of a story as a race: who was first, by how much, and what the publishers' own dates are worth.

An article came into its feed somewhere between our last look without it (`absent_at`) and our first sight of it
(`first_seen_at`). The order is that of first sights. It is proven where we looked at every other source in between;
it is unknown where a source stood in its feed before we ever looked.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from streams.alerts.alert import AlertSource
from streams.articles.article import DateQuality
from streams.stories.story import StorySource

CLOCKS = timedelta(seconds=5)  # as far may two clocks be apart, and a date be rounded
FEED_DELAY = timedelta(minutes=30)  # what is dated further back than this before a look without it is misdated
LEAST = 2  # a source alone is first of nothing


class Claim(StrEnum):
    """What a publisher's date is worth as evidence of when it put an article out; only `holds` is any."""

    HOLDS = "holds"
    MISSING = "missing"
    NO_ZONE = "no_zone"
    UNCHECKED = "unchecked"
    FUTURE = "future"
    EARLY = "early"


@dataclass(frozen=True, slots=True)
class Race:
    """Two sources or more whose coming was timed, in the order of first sight."""

    order: tuple[AlertSource, ...]

    @property
    def leaders(self) -> tuple[AlertSource, ...]:
        """Return who was first: one source, or several that were seen at the same moment."""
        return tuple(source for source in self.order if source.lag_s == self.order[0].lag_s)

    @property
    def lead_s(self) -> float:
        """Return how far the first was ahead of the second (seconds); 0 for a tie."""
        return self.order[1].lag_s - self.order[0].lag_s

    @property
    def proven(self) -> bool:
        """Return whether we looked at every other source after we had seen the first, and it was not there yet."""
        seen = self.order[0].first_seen_at
        return all(seen and other.absent_at and seen <= other.absent_at for other in self.order[1:])

    @property
    def claimed(self) -> tuple[AlertSource, ...]:
        """Return the sources whose own date holds, in the order of those dates."""
        held = [(each.claimed_at, each) for each in self.order if each.claimed_at and claim_of(each) is Claim.HOLDS]
        return tuple(source for _, source in sorted(held, key=lambda one: (one[0], one[1].publisher)))


def seen_by(sources: Iterable[AlertSource], may_see: Callable[[str], bool]) -> tuple[AlertSource, ...]:
    """Return the sources whose permission may be seen, one for each publisher, first and lags computed anew."""
    first: dict[str, AlertSource] = {}
    for source in sorted(sources, key=_place):
        if may_see(source.permission):
            first.setdefault(source.publisher, source)
    start = min((source.lag_s for source in first.values()), default=0.0)
    if start == 0:
        return tuple(first.values())
    return tuple(source.model_copy(update={"lag_s": round(source.lag_s - start, 6)}) for source in first.values())


def race_of(sources: Collection[AlertSource]) -> Race | None:
    """Return the race; None for a source alone, and where the coming of one was not timed."""
    if len(sources) < LEAST or not all(map(timed, sources)):
        return None
    return Race(tuple(sorted(sources, key=_place)))


def begun(before: Collection[AlertSource | StorySource], after: Collection[AlertSource]) -> Race | None:
    """Return the race that the coming of a story's second publisher begins; None at any other time."""
    if len({source.publisher for source in before}) >= LEAST:
        return None
    return race_of(seen_by(after, lambda _: True))


def timed(source: AlertSource) -> bool:
    """Return whether we looked at the feed before the article came: else our first sight says when we came."""
    return source.first_seen_at is not None and source.absent_at is not None


def claimed_ago_s(source: AlertSource) -> float | None:
    """Return the seconds from the publisher's own date to our first sight; None unless that date holds."""
    if claim_of(source) is not Claim.HOLDS or source.claimed_at is None or source.first_seen_at is None:
        return None
    return (source.first_seen_at - source.claimed_at).total_seconds()


def claim_of(source: AlertSource) -> Claim:
    """Return what the publisher's date is worth, against our own clock's looks at its feed.

    A date after our first sight is a clock ahead, or a schedule; one long before a look that did not find the article
    has a wrong zone, or no time of day. 5 seconds are forgiven ahead, and a feed may show news half an hour late.
    """
    if source.date_quality is DateQuality.FUTURE:
        return Claim.FUTURE
    if source.claimed_at is None:
        return Claim.MISSING
    if source.date_quality is not DateQuality.EXACT:
        return Claim.NO_ZONE
    if source.first_seen_at is None or source.absent_at is None:
        return Claim.UNCHECKED
    if source.claimed_at > source.first_seen_at + CLOCKS:
        return Claim.FUTURE
    return Claim.EARLY if source.claimed_at < source.absent_at - FEED_DELAY else Claim.HOLDS


def _place(source: AlertSource) -> tuple[float, str, str]:
    return source.lag_s, source.publisher, source.permission
