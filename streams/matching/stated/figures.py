"""Figures of a text: each numeral with what it counts, be it money, per cent, points, a day or just a number."""

import re
from collections import deque
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import NamedTuple

from streams.matching.stated.datelines import furniture
from streams.matching.stated.dates import day_at, quarters, year_at
from streams.matching.stated.figure_words import (
    BASIS_POINTS,
    CURRENCIES,
    PERCENT,
    POINTS,
    SCALES,
    SYMBOLS,
    TENTHS,
    either,
)
from streams.matching.stated.numerals import EXACT, Numeral, numerals, scaled, written

GAP = "[ \u00a0\u202f-]?"
TAIL = re.compile(
    rf"(?:{GAP}(?P<scale>{either(word for word in SCALES if len(word) > 1 or not word.isascii())})"
    rf"|(?P<letter>[kmb])(?![a-z]))?"
    r"(?P<more>(?<=[万萬만亿億억兆조])(?: ?\d[\d,]{0,11}(?:천만|千万|천|千)?(?:亿|億|억|万|萬|만)"
    r"|\d{4}(?![\d,.万萬亿億])| ?\d[\d,]{0,8}(?=元|円|원|엔|美元|달러)){1,4})?"
    rf"(?:(?<=[a-z])\.)?(?:{GAP}(?P<points>{either(POINTS)}|ポイント(?=の?利[上下]げ|引き[上下]げ)|%(?=の?利[上下]げ)"
    r"|(?:(?<=quarter[ -])|(?<=quarters[ -])|(?<=half[ -])|(?<=half a )|(?<=quarter of a )|(?<=quarters of a ))"
    r"(?:full[ -])?points?(?![a-z])|(?:(?<= 0[.,]\d[ -])|(?<= 0[.,]\d\d[ -]))points?(?![a-z])"
    rf"|(?<=viertel)punkte?n?(?![a-z])|(?<=halben[ ])punkt(?![a-z]))"
    rf"|(?P<steps>(?<=[升降減加]息\d)碼|(?<=[升降減加]息[一半])碼)|{GAP}(?P<basis>{either(BASIS_POINTS)})"
    rf"|{GAP}(?P<percent>{either(PERCENT)})"
    rf"|(?P<tenths>[{''.join(TENTHS)}])(?![立为為员員就本分功长長])"
    rf"|{GAP}(?:(?:u\.?s\.?|american|canadian|hong kong|chinese"
    rf"|australian)[ -])?(?P<currency>{either(CURRENCIES)})(?!(?<=[$€£¥]) ?\d|首|旦|素|月)"
    r"|(?P<ordinal>st|nd|rd|th)(?![a-z]))?"
)
MORE = re.compile(r"(\d[\d,]*)(천만|千万|천|千)?(亿|億|억|万|萬|만)?")
BEFORE = re.compile(rf"(?<![a-z])({'|'.join(re.escape(word) for word in sorted(SYMBOLS, key=len, reverse=True))}) ?\Z")
RANGE = re.compile(r" ?(?:-|–|—|~|～|to|and|or|bis|und|oder|至|到|から|에서) ?")
DAY_ONLY = re.compile(r" ?(?:[月월](?!間|간)|[日号號일](?!間|간|本))")
HAN = re.compile("[\u4e00-\u9fff]")
KANA = re.compile("[\u3041-\u30ff]")
GERMAN = re.compile(r"(?<=,\d{3})[ \u00a0-]?(?:millionen|milliarden?|mio|mrd|billionen|prozent)(?![a-z])")
POINT_BASIS = 100
STEP_BASIS = 25  # 升息1碼


class Figure(NamedTuple):
    """A fact with its kind, and where the text states it."""

    kind: str
    value: str
    start: int
    end: int


class Amount(NamedTuple):
    """A numeral with what it counts.

    `mark` is a currency, ` bp` or `#`; `given` is its value before its scale, `times` what its unit multiplies it by.
    """

    start: int
    end: int
    kind: str
    mark: str
    value: Decimal
    given: Decimal
    scale: str | None
    times: int


def figures(text: str, words: AbstractSet[str]) -> Iterator[Figure]:
    """Yield the figures of a text in lower case, in no order; `words` are all of its words.

    A figure is one kind only. Names (S&P 500), times of the day, datelines and the serial of a marker are none.
    """
    passed = furniture(text)
    for quarter in quarters(text):
        passed.append((quarter.start, quarter.end))
        yield Figure("dates", quarter.value, quarter.start, quarter.end)
    amounts: list[Amount] = []
    done = 0
    passing = deque(sorted(passed))
    for numeral in numerals(text, words):
        while passing and passing[0][0] <= numeral.start:
            done = max(done, passing.popleft()[1])
        if numeral.start < done:
            continue
        days = day_at(text, numeral.start)
        yield from (Figure("dates", day.value, day.start, day.end) for day in days)
        if not days:
            amounts.append(_amount(text, numeral))
        done = days[0].end if days else amounts[-1].end
    yield from _figures(text, _with_ranges(text, amounts))


def _amount(text: str, numeral: Numeral) -> Amount:
    tail = TAIL.match(text, numeral.end)
    assert tail is not None  # noqa: S101 - every part of the expression is optional
    scale = tail["scale"] or tail["letter"]
    given = _german(text[numeral.start : numeral.end]) if GERMAN.match(text, numeral.end) else numeral.value
    value = scaled(given, scale)
    for digits, thousands, further in MORE.findall(tail["more"] or ""):
        part = scaled(scaled(Decimal(digits.replace(",", "")), thousands or None), further or None)
        value = EXACT.add(value, part)
    before = BEFORE.search(text, max(0, numeral.start - 6), numeral.start)
    kind, mark, times = _counted(text, numeral, tail, before)
    start = before.start() if before and kind == "money" else numeral.start
    return Amount(start, tail.end(), kind, mark, EXACT.multiply(value, times), given, scale, times)


def _german(figure: str) -> Decimal:
    """Return a figure before a German word, whose comma is for decimals: 2,911 Millionen."""
    return Decimal(figure.replace(".", "").replace(",", "."))


def _counted(text: str, numeral: Numeral, tail: re.Match[str], before: re.Match[str] | None) -> tuple[str, str, int]:
    """Return the kind of a figure, its mark, and by what its unit multiplies it."""
    if before:
        return "money", _currency(before[1], text), 1
    if tail["currency"]:
        return "money", _currency(tail["currency"].replace("\u00a0", " "), text), 1
    if tail["points"] or tail["basis"] or tail["steps"]:
        return "percentages", " bp", POINT_BASIS if tail["points"] else STEP_BASIS if tail["steps"] else 1
    if tail["percent"] or tail["tenths"] or numeral.share:
        return "percentages", "", 10 if tail["tenths"] else 1
    ordinal = tail["ordinal"] or text[: numeral.start].endswith(("第", "제", "제 "))
    return "numbers", "#" if ordinal else "", 1


def _currency(word: str, text: str) -> str:
    code = SYMBOLS.get(word) or CURRENCIES[word]
    if code != "¥":
        return code
    return "CNY" if HAN.search(text) and not KANA.search(text) else "JPY"


def _with_ranges(text: str, amounts: list[Amount]) -> list[Amount]:
    """Return the amounts, both ends of a range with the unit that one has: 5 to 7 percent, $5-7 billion."""
    for number in reversed(range(len(amounts) - 1)):
        low, high = amounts[number], amounts[number + 1]
        if not low.scale and low.given < high.given and RANGE.fullmatch(text, low.end, high.start):
            amounts[number : number + 2] = _range(text, low, high)
    return amounts


def _range(text: str, low: Amount, high: Amount) -> tuple[Amount, Amount]:
    if (low.kind, low.mark) == ("numbers", "") and not year_at(text, low.start, low.end):
        value = EXACT.multiply(scaled(low.given, high.scale), high.times)
        return low._replace(kind=high.kind, mark=high.mark, value=value), high
    if low.kind == "money" and (high.kind, high.mark) in {("numbers", ""), ("money", low.mark)}:
        high = high._replace(kind="money", mark=low.mark)
        return low._replace(value=scaled(low.given, high.scale)), high
    return low, high


def _figures(text: str, amounts: list[Amount]) -> Iterator[Figure]:
    """Yield the amounts as they are compared; a bare day of the month is none, four bare digits are a year."""
    for amount in amounts:
        kind, mark, bare = amount.kind, amount.mark, not amount.scale
        value = written(amount.value)
        if kind == "money":
            yield Figure(kind, f"{mark} {value}", amount.start, amount.end)
        elif kind == "percentages":
            yield Figure(kind, f"{value}{mark}", amount.start, amount.end)
        elif bare and (year := year_at(text, amount.start, amount.end)):
            yield Figure("dates", year, amount.start, amount.end)
        elif not (bare and DAY_ONLY.match(text, amount.end)):
            yield Figure(kind, f"{mark}{value}", amount.start, amount.end)
