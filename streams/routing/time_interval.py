"""Times of the week, in a zone: quiet hours and their opposite."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from streams.matching.rule import Urgency
from streams.routing.route import RouteNode, TimeInterval

UNKNOWN_ZONE = "UTC"


def contains(interval: TimeInterval, at: datetime, *, zone: str) -> bool:
    """Return whether a moment is within the interval, by the interval's own zone or else the desk's.

    Times are minutes of the local day, the end excluded; one that ends before it starts (or where it starts) goes
    over midnight, and its weekday is the day on which it started. A zone that nobody knows counts as UTC: config/
    refuses it earlier. At a change of clocks the local wall clock decides.
    """
    local = at.astimezone(_zone(interval.location or zone))
    minute, today = local.hour * 60 + local.minute, local.weekday()
    yesterday = (local - timedelta(days=1)).weekday()
    if not interval.times:
        return _on(interval, today)
    return any(
        (_on(interval, today) and start <= minute < end)
        if start < end
        else (_on(interval, today) and minute >= start) or (_on(interval, yesterday) and minute < end)
        for start, end in interval.times
    )


def quiet_by(
    node: RouteNode, urgency: str, intervals: Mapping[str, TimeInterval], at: datetime, *, zone: str
) -> str | None:
    """Return the name of the interval that keeps a node quiet for an urgency, or None; a flash may go through it."""
    if node.flash_pierces and urgency == Urgency.FLASH:
        return None
    return muted_by(node.mute_time_intervals, node.active_time_intervals, intervals, at, zone=zone)


def muted_by(
    mute: Iterable[str], active: Iterable[str], intervals: Mapping[str, TimeInterval], at: datetime, *, zone: str
) -> str | None:
    """Return the name of the interval that keeps a node quiet at a moment, or None.

    An interval of `mute` keeps it quiet inside; if there are `active` ones, it is quiet outside all of them.
    """
    for name in mute:
        if name in intervals and contains(intervals[name], at, zone=zone):
            return name
    named = [name for name in active if name in intervals]
    if named and not any(contains(intervals[name], at, zone=zone) for name in named):
        return f"outside {', '.join(named)}"
    return None


def _on(interval: TimeInterval, weekday: int) -> bool:
    return not interval.weekdays or weekday in interval.weekdays


@lru_cache(64)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(UNKNOWN_ZONE)
