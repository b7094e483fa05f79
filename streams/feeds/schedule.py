"""When a feed is polled next: the gap law, the floors that a publisher sets, and the way back from errors."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp, sqrt

from streams.feeds.feed import Feed, FeedState

AFTER_NEWS = timedelta(minutes=5)
MOST_MAX_AGE_S = 3_600.0
MOST_RETRY_AFTER_S = 86_400.0
FIRST_BACKOFF_S, LAST_BACKOFF_S = 15.0, 1_800.0
DENIED_GAP_S = 21_600.0  # 401 and 403: a person must act, so 6 hours
GONE_POLLS, GONE_FOR = 3, timedelta(hours=24)
KEPT_REDIRECT_POLLS, KEPT_REDIRECT_FOR = 3, timedelta(hours=1)
FULL_GET_EVERY = timedelta(days=1)  # a guard against servers that always say 304
RATE_HALF_WINDOW_H = 12.0
LEAST_RATE_PER_H = 0.05  # a feed of one item a day still gets its share
_WEIGHTS = {1: 4.0, 2: 2.0, 3: 1.0}


@dataclass(frozen=True, slots=True)
class Bounds:
    """The shortest and the longest gap between two polls, in seconds."""

    min_s: float
    max_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the publisher asks for: `max_age_s` and `retry_after_s` by HTTP, `ttl_s` in the document (seconds)."""

    max_age_s: float | None = None
    retry_after_s: float | None = None
    ttl_s: float | None = None


def bounds(feed: Feed, *, min_s: float, max_s: float) -> Bounds:
    """Return the feed's own bounds where it has them, else the settings'; the shortest is never above the longest."""
    longest = feed.gap.max_s or max(max_s, feed.gap.min_s or 0.0)
    return Bounds(min(feed.gap.min_s or min_s, longest), longest)


def pull(feed: Feed, rate_per_h: float) -> float:
    """Return how strongly a feed draws on the budget: the root of its weight times its rate."""
    return sqrt(_WEIGHTS[feed.tier] * max(rate_per_h, LEAST_RATE_PER_H))


def shared_gap_s(own_pull: float, *, all_pulls: float, budget_per_s: float, within: Bounds) -> float:
    """Return the gap (seconds) that shares the request budget best, within the bounds.

    Gap proportional to 1 / sqrt(weight x rate): at equal budget half the mean delay of round-robin, or of 1 / rate.
    """
    return min(max(all_pulls / (budget_per_s * own_pull), within.min_s), within.max_s)


def floor_s(feed: Feed, wishes: Wishes, within: Bounds) -> float:
    """Return the shortest gap (seconds) that the publisher allows, counted from its answer.

    max-age counts for an hour at most, Retry-After for a day. A ttl in the document is a hint: a longest gap that
    the feed's own entry sets stands above it.
    """
    hint = min(wishes.ttl_s or 0.0, MOST_MAX_AGE_S)
    if feed.gap.max_s is not None:
        hint = min(hint, within.max_s)
    max_age = min(wishes.max_age_s or 0.0, MOST_MAX_AGE_S)
    return max(hint, max_age, min(wishes.retry_after_s or 0.0, MOST_RETRY_AFTER_S), 0.0)


def gap_after_answer_s(state: FeedState, gap_s: float, within: Bounds, *, now: datetime) -> float:
    """Return the gap (seconds) after a good answer: the shortest one for 5 minutes after news."""
    recent = state.last_item_at is not None and now - state.last_item_at < AFTER_NEWS
    return within.min_s if recent else gap_s


def next_poll(*, started: datetime, answered: datetime, gap_s: float, least_s: float, jitter: float) -> datetime:
    """Return when the feed is polled next: a gap (10 % of jitter) after the start, never inside the floor.

    `jitter` is a number from -1 to 1. The gap counts from the request's start, so that slow answers don't add up; from
    the answer if the clock was set back meanwhile.
    """
    wanted = min(started, answered) + timedelta(seconds=gap_s * (1 + 0.1 * jitter))
    return max(wanted, answered + timedelta(seconds=least_s))


def backoff_s(failures: int, within: Bounds, *, jitter: float) -> float:
    """Return the pause (seconds) after the nth failure in a row: doubled each time, to 30 minutes, never for ever."""
    first = max(FIRST_BACKOFF_S, within.min_s)
    pause = min(first * 2.0 ** min(failures - 1, 16), max(LAST_BACKOFF_S, within.min_s))
    return pause * (1 + 0.25 * jitter)


def rate_after(state: FeedState, new_items: int, *, now: datetime) -> float:
    """Return the new items an hour, as a decaying mean over about half a day."""
    if state.last_rate_at is None:
        return state.rate_per_h
    hours = max((now - state.last_rate_at).total_seconds() / 3600, 0.0)
    return state.rate_per_h * exp(-hours / RATE_HALF_WINDOW_H) + new_items / RATE_HALF_WINDOW_H


def first_rate(dates: list[datetime]) -> float:
    """Return the items an hour that a first document shows, by the publisher's dates; 1 an hour when it has none."""
    if len(dates) < 2:  # noqa: PLR2004 - a rate needs two dates
        return 1.0
    hours = (max(dates) - min(dates)).total_seconds() / 3600
    return len(dates) / max(hours, 1.0)


def is_gone(state: FeedState, *, now: datetime) -> bool:
    """Return whether a feed that answers 410 has done so for 3 polls over 24 hours: then it is parked."""
    since = state.failing_since
    return state.failures >= GONE_POLLS and since is not None and now - since >= GONE_FOR


def needs_full_get(state: FeedState, *, now: datetime) -> bool:
    """Return whether the next request goes without validators: the first, and one a day."""
    return state.last_full_get_at is None or now - state.last_full_get_at >= FULL_GET_EVERY
