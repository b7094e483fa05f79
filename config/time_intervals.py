"""The time intervals of routes.yaml: times of the week in a place, such as a desk's quiet hours."""

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from config.node import Node
from config.problems import did_you_mean
from streams.routing.route import TimeInterval

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 1_440
_TIMES = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


def read_time_intervals(node: Node) -> dict[str, TimeInterval]:
    """Return the intervals by name. One that ends before it begins runs over midnight, into the next day."""
    return {key.ident(): _interval(value.named(f'time interval "{key.text("")}"')) for key, value in node.pairs()}


def read_zone(node: Node, default: str = "UTC") -> str:
    """Return the name of a time zone, such as Asia/Kuala_Lumpur."""
    name = node.text(default)
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        node.refuse(f'unknown time zone "{name}"{did_you_mean(name, available_timezones())}')
        return default
    return name


def _interval(node: Node) -> TimeInterval:
    fields = node.fields(("times", "weekdays", "location"))
    times = tuple(found for item in fields["times"].items() if (found := _times(item)))
    days = sorted({day for item in fields["weekdays"].items() for day in _days(item)})
    if not times and not days and not node.cut:
        node.refuse("needs times or weekdays")
    zone = None if fields["location"].absent else read_zone(fields["location"])
    return TimeInterval(times=times, weekdays=tuple(days), location=zone)


def _times(node: Node) -> tuple[int, int] | None:
    text = node.text("")
    found = _TIMES.fullmatch(text)
    start, end = (_minutes(found, 1), _minutes(found, 3)) if found else (0, 0)
    if found is None or start >= DAY_MINUTES or end > DAY_MINUTES or start == end:
        node.refuse(f'"{text}" is no span of the day: write "22:00-06:00" (quoted), or "00:00-24:00" for all of it')
        return None
    return start, end


def _minutes(found: re.Match[str], first: int) -> int:
    return int(found[first]) * 60 + int(found[first + 1])


def _days(node: Node) -> range:
    first, _, last = node.text("mon").partition("-")
    names = (first, last or first)
    for name in names:
        if name not in DAYS:
            node.refuse(f'"{name}" is no weekday: write mon, tue, wed, thu, fri, sat, sun, or mon-fri')
            return range(0)
    start, end = (DAYS.index(name) for name in names)
    if start > end:
        node.refuse(f'"{first}-{last}" runs over the week\'s end: write it as two, such as sat-sun and mon')
    return range(start, end + 1)
