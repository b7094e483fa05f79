"""Days, months, quarters and years that a text names, whatever the language writes first."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from streams.matching.stated.figure_words import MONTHS, either

MONTH = either(MONTHS)
YEAR = r"(?:19|20)\d\d"
JOIN = r"(?:st|nd|rd|th|\.)? ?(?:-|–|~|to|and|bis|und) ?"
DAY = re.compile(
    rf"(?P<iso>{YEAR}[-/]\d{{1,2}}[-/]\d{{1,2}})(?!\d)"
    rf"|(?:(?P<han_year>{YEAR}) ?[年년] ?)?(?P<han_month>\d{{1,2}}) ?[月월] ?(?P<han_day>\d{{1,2}}) ?"
    rf"(?:[日号號일](?!間|간)(?:[-–~至到]|から)(?P<han_last>\d{{1,2}})[日号號일]|[日号號일](?!間|간))"
    rf"|(?P<month_year>{YEAR}) ?[年년] ?(?P<year_month>\d{{1,2}}) ?[月월]"
    rf"|(?P<first>\d{{1,2}})(?:{JOIN}(?P<last>\d{{1,2}}))?(?:st|nd|rd|th"
    rf"|\.)? ?(?:of )?(?P<month>{MONTH})\.?(?:,? (?P<year>{YEAR})(?!\d))?"
    rf"|(?P<dotted>\d{{1,2}}\.(?:0?[1-9]|1[0-2])\.)(?P<dotted_year>{YEAR})(?!\d)"
)
BEHIND_MONTH = re.compile(
    rf"(?P<first>\d{{1,2}})(?!\d|[.,:]\d)(?:st|nd|rd|th)?(?:{JOIN}(?P<last>\d{{1,2}})(?!\d)(?:st|nd|rd"
    rf"|th)?)?(?:,? (?P<year>{YEAR})(?!\d))?"
    rf"|(?P<only_year>{YEAR})(?!\d)"
)
MONTH_BEFORE = re.compile(rf"(?<![a-zà-ÿ])(?P<month>{MONTH})\.?,? \Z")
LATIN_QUARTER = re.compile(
    r"(?P<word>first|second|third|fourth|erste[nrs]?|zweite[nrs]?|dritte[nrs]?|vierte[nrs]?|[1-4]\.)[ -]quart(?:er"
    r"|al)s?"
    rf"(?: (?:of )?(?P<year>{YEAR}))?"
)
SHORT_QUARTER = re.compile(rf"q(?<![a-z\d]q)(?P<word>[1-4])(?: ?(?P<year>{YEAR}))?(?![a-z\d])")
WIDE_QUARTER = re.compile(
    rf"(?:(?P<year>{YEAR}) ?[年년] ?)?第? ?(?P<word>[1-4一二三四])(?:个|個)?(?:季度|季(?!节|節)|四半期|분기)"
)
QUARTERS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "erst": 1, "zwei": 2, "drit": 3, "vier": 4} | {
    han: number for number, han in enumerate("一二三四", start=1)
}
MOST_QUARTERS = 256
MONTHS_A_YEAR, DAYS_A_MONTH = 12, 31


class Day(NamedTuple):
    """A date at `start` to `end` of the text: `2025-10-26`, `10-26`, `2025-10`, `2025` or `2025-Q3`."""

    start: int
    end: int
    value: str


def day_at(text: str, at: int) -> list[Day]:
    """Return the days named where a numeral begins, both of a range; none if it is no date.

    The text is in lower case.
    """
    month = MONTH_BEFORE.search(text, max(0, at - 12), at) if text[at - 1 : at] == " " else None
    found = BEHIND_MONTH.match(text, at) if month else DAY.match(text, at)
    if found is None:
        return []
    groups = found.groupdict()
    if month:
        groups["month"] = month["month"]
    start = month.start() if month else at
    return [Day(start, found.end(), value) for value in _values(groups)]


def year_at(text: str, start: int, end: int) -> str | None:
    """Return the year that a numeral of four digits is; a round hundred is a number."""
    digits = text[start:end]
    return digits if re.fullmatch(YEAR, digits) and not digits.endswith("00") else None


def quarters(text: str) -> Iterator[Day]:
    """Yield the quarters of a year that a text in lower case names: "third quarter", 第三季度, Q3."""
    patterns = [SHORT_QUARTER]
    patterns += [LATIN_QUARTER] if "quart" in text else []
    patterns += [WIDE_QUARTER] if "季" in text or "四半期" in text or "분기" in text else []
    for found in (found for pattern in patterns for found in islice(pattern.finditer(text), MOST_QUARTERS)):
        word, year = found["word"], found["year"]
        number = int(word[0]) if word[0].isdecimal() else QUARTERS.get(word) or QUARTERS[word[:4]]
        yield Day(*found.span(), f"{year}-Q{number}" if year else f"Q{number}")


def _values(groups: dict[str, str | None]) -> list[str]:
    if groups.get("only_year"):
        return [f"{groups['only_year']}-{MONTHS[groups['month'] or '']:02d}"]
    if groups.get("month_year"):
        return _day(groups["month_year"], groups["year_month"] or "", None)
    if groups.get("iso"):
        year, month, day = re.split("[-/]", groups["iso"] or "")
        return _day(year, month, day)
    if groups.get("dotted"):
        day, month, _ = (groups["dotted"] or "").split(".")
        return _day(groups["dotted_year"], month, day)
    if groups.get("han_month"):
        year, month, days = groups["han_year"], groups["han_month"] or "", (groups["han_day"], groups["han_last"])
    else:
        year, days = groups["year"], (groups["first"], groups["last"])
        month = str(MONTHS[groups["month"] or ""])
    return [value for day in days if day for value in _day(year, month, day)]


def _day(year: str | None, month: str, day: str | None) -> list[str]:
    """Return the date in digits; none for no day of any calendar."""
    if not (1 <= int(month) <= MONTHS_A_YEAR and (day is None or 1 <= int(day) <= DAYS_A_MONTH)):
        return []
    parts = [year, f"{int(month):02d}", f"{int(day):02d}" if day else None]
    return ["-".join(part for part in parts if part)]
