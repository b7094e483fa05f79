"""Dates as publishers write them: RFC 822 and ISO 8601, with or without a zone; none is ever invented."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz

from streams.feeds.entry import SourceDate

AHEAD = timedelta(minutes=10)  # clocks differ; a date further ahead is a schedule, or a mistake

# RFC 822 knows the American names only. Names that two regions share (IST) stay unknown; CST is RFC 822's.
_ZONES = {
    "JST": "+0900", "KST": "+0900", "HKT": "+0800", "SGT": "+0800", "MSK": "+0300", "EET": "+0200", "EEST": "+0300",
    "CET": "+0100", "CEST": "+0200", "MEZ": "+0100", "MESZ": "+0200", "WET": "+0000", "WEST": "+0100", "BST": "+0100",
    "UTC": "+0000", "UT": "+0000", "GMT": "+0000", "Z": "+0000", "EST": "-0500", "EDT": "-0400", "CST": "-0600",
    "CDT": "-0500", "MST": "-0700", "MDT": "-0600", "PST": "-0800", "PDT": "-0700", "AEST": "+1000", "AEDT": "+1100",
}  # fmt: skip
_ZONE_NAME = re.compile(r"\s*\b([A-Z]{1,4})$")
_DAY_AND_MONTH = re.compile(r"\b\d{1,2}[ -][A-Za-z]{3}")  # without it, the standard library reads days of its own
_OFFSET = re.compile(r"\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?\s*[+-]\d\d:?\d\d$")


def read_date(text: str) -> SourceDate | None:
    """Return the date that the text names, or None when it can't be read; without a zone it counts as UTC."""
    text = text.strip()[:64]
    try:
        return _read_iso(text) or _read_rfc822(text)
    except (ValueError, TypeError, IndexError, OverflowError):  # the standard library's readers raise all of these
        return None


def has_zone(text: str) -> bool:
    """Return whether a time zone stands at the end of a date."""
    name = _ZONE_NAME.search(text.strip())
    return name[1] in _ZONES if name else bool(_OFFSET.search(text.strip()))


def credible(date: SourceDate | None, *, now: datetime) -> bool:
    """Return whether the publisher's date can stand: at most 10 minutes ahead of our clock."""
    return date is not None and date.at - now <= AHEAD


def _read_iso(text: str) -> SourceDate | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return SourceDate(moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC), moment.tzinfo is not None)


def _read_rfc822(text: str) -> SourceDate | None:
    if not _DAY_AND_MONTH.search(text):
        return None
    zoned = has_zone(text)
    parsed = parsedate_tz(_ZONE_NAME.sub(lambda name: f" {_ZONES.get(name[1], '+0000')}", text))
    if parsed is None:
        return None
    offset = timedelta(seconds=parsed[9] or 0)
    return SourceDate(datetime(*parsed[:6], tzinfo=UTC) - offset, zoned)
