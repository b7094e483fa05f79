"""Numerals of a text, in digits or spelled, each with its place and its value."""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from decimal import Context, Decimal
from itertools import islice
from typing import NamedTuple

from streams.matching.stated.figure_words import HAN_DIGITS, HAN_TENS, KOREAN, NUMERALS, SCALES, TENS
from streams.matching.stated.ones import ones

EXACT = Context(prec=48)  # 15 digits before the mark, 15 behind it, 12 of a scale
DIGITS = re.compile(r"\d{1,15}(?:[.,'’]\d{1,15}|[\u00a0\u202f]\d{3}(?!\d)){0,5}")
MARK = re.compile(r"[.,'’\u00a0\u202f]")
# "S&P 500", "Section 301", "Boeing 737", a phone number: the figure is a name.
NAMED = re.compile(
    r"(?:[a-z_#@/&+]-?|\d[.,]?|[时時点點]|"
    r"\b(?:s&p|stoxx(?: europe)?|csi|msci|nikkei|russell|ftse|topix|kospi|boeing|airbus|section|sections|title|article|"
    r"artikel|paragraph|chapter|route|page|seite|figure|chart|no\.|nr\.|windows|iphone|标普|標普|沪深|滬深|日经"
    r"|日經|富时)[ -]?)\Z"
)
# Words behind that a page adds of itself, and times of the day.
FURNITURE = re.compile(
    r"[-  ]?(?:min(?:ute)?s?[ -](?:read|ago)|hours? ago|days? ago|comments?\b|views\b|shares ago|kommentare|분 전"
    r"|시간 전|分钟前|"
    r"小时前|分鐘前|小時前|時間前|分前|"
    r"銭|:\d\d|/\d|[ap]\.?m\b|uhr\b|gmt\b|o['’]clock|[时時](?!间|間)|시(?!간|장)|[点點](?=\d|半|钟|鐘|整|许|許)|분(?!기"
    r"|의|야|당))"
)
GLUED = re.compile(r"[a-z]{1,2}\b")
SIDES = re.compile(  # what comes in twos wherever people talk: no news
    r"[ -](?:days?\b|tage\b|of|sides?|countries|nations|leaders|largest|biggest|economies|powers|superpowers"
    r"|presidents|governments|"
    r"parties|capitals|delegations|teams|men|neighbours|neighbors|other|others|and|or|to|in|on|at|by|is|are|was"
    r"|were|have|had|"
    r"seiten|länder|ländern|staaten|staatschefs|größten|parteien|regierungen|präsidenten|delegationen|und|oder)\b"
)
MOST_NUMERALS = 1_000  # of each script; a text of nothing but figures ends there
PAIR = 2
COUNTS = re.compile(r"[ \u00a0-][a-z%$à-ÿ]|[,.;]")
SHARE = re.compile(r"[ -](?:thirds?|quarters?|fifths?|tenths?|drittel|viertel|fünftel|zehntel|dozen|dutzend)\b")
HAN = "".join(HAN_DIGITS) + "".join(HAN_TENS)
HAN_NUMERAL = re.compile(
    rf"(?<![{HAN}])(?P<share>百分之)?(?P<whole>[{HAN}]+)(?:[点點](?P<rest>[{''.join(HAN_DIGITS)}]+))?"
    r"(?=(?P<unit>[万萬亿億兆]|[个個](?!国|大国|國)(?:月|百分|小时|小時)?"
    r"|[名人天次轮輪家倍成割艘架吨噸票场場项項条條份周週季]|"
    r"年(?!代|级|級)|小时|小時|時間|日間|美元|欧元|歐元|日元|英镑|元|円|回|か月|カ月|ヶ月|四半期|[个個]?基[点點])?)"
)
KOREAN_NUMERAL = re.compile(rf"(?<![가-힣])({'|'.join(KOREAN)}) ?(?=명|개|차례|번|건|곳|달|시간|배|주|척|대 )")
UNITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
UNIT = re.compile(rf"[- ]({'|'.join(UNITS)})\b")


class Numeral(NamedTuple):
    """A number at `start` to `end` of the text; `share` if 百分之 before it says that it is a percentage."""

    start: int
    end: int
    value: Decimal
    share: bool = False


def numerals(text: str, words: AbstractSet[str]) -> list[Numeral]:
    """Return the numerals of a text in lower case and in narrow digits, in order, without names and times of the day.

    Spelled ones count only before what they count: "two ships", not "the two of them" nor "the two sides".
    """
    readings = [_in_digits(text), _spelled(text, words), (Numeral(*one) for one in ones(text, words))]
    readings += [] if text.isascii() else [_han(text), _korean(text)]
    return sorted(numeral for reading in readings for numeral in islice(reading, MOST_NUMERALS))


def plain(figure: str) -> str:
    """Return a figure with a full stop for its decimals and nothing between its thousands."""
    marks = MARK.findall(figure)
    if not marks:
        return figure
    tail = figure.rpartition(marks[-1])[2]
    thousands = len(tail) == 3 and (len(set(marks)) == 1) and not figure.startswith("0")  # noqa: PLR2004 - thousands have three digits
    digits = MARK.sub("", figure)
    return digits if thousands else f"{digits[: -len(tail)]}.{tail}"


def written(value: Decimal) -> str:
    """Return a value in digits, without zeros that say nothing."""
    return f"{value.normalize(EXACT):f}"


def scaled(value: Decimal, scale: str | None) -> Decimal:
    """Return the value with its scale multiplied out."""
    return EXACT.scaleb(value, SCALES[scale]) if scale else value


def _in_digits(text: str) -> Iterator[Numeral]:
    for found in DIGITS.finditer(text):
        start, end = found.span()
        if FURNITURE.match(text, end) or (start and _is_name(text, start, end)):
            continue
        yield Numeral(start, end, Decimal(plain(found[0])), text.startswith("百分之", start - 3))


def _is_name(text: str, start: int, end: int) -> bool:
    before = NAMED.search(text, max(0, start - 16), start)
    if not before:
        return False
    quarter = text[start - 1] == "q" and end - start == 1
    return not quarter and not text.startswith(("mid-", "us$"), start - 4)


def _spelled(text: str, words: AbstractSet[str]) -> Iterator[Numeral]:
    for word in sorted(NUMERALS.keys() & words):
        start = text.find(word)
        while start >= 0:
            end = start + len(word)
            if not text[start - 1 : start].isalpha() and not text[end : end + 1].isalpha():
                yield from _spelled_at(text, word, start, end)
            start = text.find(word, end)


def _spelled_at(text: str, word: str, start: int, end: int) -> Iterator[Numeral]:
    value = NUMERALS[word]
    if word in TENS:
        unit = UNIT.match(text, end)
        value, end = (value + UNITS.index(unit[1]) + 1, unit.end()) if unit else (value, end)
    elif text[start - 1 : start] == "-" and text[: start - 1].endswith(tuple(TENS)):
        return
    pair = value == PAIR and (SIDES.match(text, end) or not text[end : end + 2].strip(" -").isalpha())
    if COUNTS.match(text, end) and not pair and not SHARE.match(text, end):
        yield Numeral(start, end, Decimal(value))


def _han(text: str) -> Iterator[Numeral]:
    for found in HAN_NUMERAL.finditer(text):
        counted = (
            found["unit"]
            and found[0] + found["unit"] not in {"两天", "兩天"}
            and (len(found["whole"]) > 1 or found["whole"] not in "一百千")
        )
        if found["share"] or counted or text[found.start() - 1 : found.start()] == "第":
            value = Decimal(f"{_han_value(found['whole'])}.{_han_digits(found['rest'] or '〇')}")
            yield Numeral(found.start(), found.end(), value, bool(found["share"]))


def _han_value(run: str) -> int:
    """Return the value of 二十五, 一百二十 or 二〇二五."""
    if not set(run) & set(HAN_TENS):
        return int(_han_digits(run))
    total = digit = 0
    for char in run:
        if char in HAN_TENS:
            total += max(digit, 1) * HAN_TENS[char]
            digit = 0
        else:
            digit = HAN_DIGITS[char]
    return total + digit


def _han_digits(run: str) -> str:
    return "".join(str(HAN_DIGITS[char]) for char in run)


def _korean(text: str) -> Iterator[Numeral]:
    for found in KOREAN_NUMERAL.finditer(text):
        yield Numeral(found.start(1), found.end(1), Decimal(KOREAN[found[1]]))
