"""When a feed is itself news: parked, denied, failing, or silent against its own cadence."""

from datetime import datetime, timedelta
from enum import StrEnum

from streams.feeds.feed import FeedHealth, FeedState

FAILING_POLLS, FAILING_FOR = 5, timedelta(minutes=15)
# From Friday's last item to Monday's first: a week's rhythm is no silence.
SILENT_FOR = timedelta(hours=60)
# What a mean of 18 items a day has decayed to after 60 hours: a feed that was slower has no cadence to be held to.
SILENT_RATE_PER_H = 0.005
DENIED = "denied"


class Condition(StrEnum):
    """What a person should know of a feed."""

    PARKED = "parked"
    DENIED = "denied"
    FAILING = "failing"
    SILENT = "silent"


def is_silent(state: FeedState, *, now: datetime) -> bool:
    """Return whether a feed that used to bring news has brought none for 60 hours."""
    last = state.last_item_at
    return last is not None and now - last >= SILENT_FOR and state.rate_per_h >= SILENT_RATE_PER_H


def condition_of(state: FeedState, *, now: datetime) -> Condition | None:
    """Return what a person should know of the feed, or None. One bad answer is nothing to tell."""
    if state.health is FeedHealth.PARKED:
        return Condition.PARKED
    if state.failures and state.last_outcome == DENIED:
        return Condition.DENIED
    lasting = state.failing_since is not None and now - state.failing_since >= FAILING_FOR
    if lasting and state.failures >= FAILING_POLLS:
        return Condition.FAILING
    return Condition.SILENT if state.health is FeedHealth.SILENT else None
