"""One, parts of one and dozens where they count: "one percent", "a billion dollars", "a quarter point", 推迟一年."""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from decimal import Decimal
from itertools import islice
from types import MappingProxyType

from streams.matching.stated.figure_words import NUMERALS

MOST_SITES = 1_000
LARGE = r"(?:million|billion|trillion|milliarde|billionen)"
POINT = r"(?:percentage[ -]|full[ -])?points?\b"
PAST = r"(?! (?:ago|earlier|before|later|after|since|on|in|old)\b|-(?:old|on)\b)"
DELAYED = re.compile(
    r"\b(?:for|by|another|gives|delay(?:s|ed|ing)?|postpon(?:es?|ed|ing)|extend(?:s|ed|ing)?|suspend(?:s|ed|ing)?"
    r"|paus(?:es?|ed|ing)|um|für|auf)(?: (?:about|at least|up to|full|mindestens|bis zu))? \Z"
)
VALUES = MappingProxyType({
    "hundred": Decimal(100), "three_quarters": Decimal("0.75"), "quarter": Decimal("0.25"), "half": Decimal("0.5"),
    "half_year": Decimal(6), "dozen": Decimal(12), "one": Decimal(1), "span": Decimal(1), "year": Decimal(1),
})  # fmt: skip
COUNTING = re.compile(
    rf"(?P<hundred>(?:(?:one|a)[ -])?hundred(?=[ -]per ?cent)|(?:ein)?hundert(?= prozent))"
    rf"|(?P<three_quarters>three[ -]quarters?(?: of an?| of one)?(?=[ -]{POINT})|dreiviertel(?= ?(?:prozent)?punkt))"
    rf"|(?P<quarter>(?:a )?(?<!first.)(?<!second.)(?<!third.)(?<!fourth.)quarter(?: of an?| of one)?(?=[ -]{POINT})"
    r"|(?:ein(?:en)? )?viertel(?= ?(?:prozent)?punkt))"
    r"|(?P<half_year>half a year|halbes jahr|halbe jahr)\b"
    rf"|(?P<half>half(?:[ -]an?)?(?=[ -](?:{LARGE}\b|{POINT}))"
    r"|halbe[nr]?(?= (?:million\b|milliarde\b|prozentpunkt|punkt\b)))"
    r"|(?P<dozen>(?P<many>half a|[a-zäöü]+)[ -](?:dozen|dutzend))\b"
    rf"|(?P<one>an?(?: full)?(?=[ -](?:{LARGE}\b|percentage point))"
    rf"|(?:one|eine?[nmr]?)(?=[ -](?:{LARGE}|per ?cent|pct|basis point|percentage point|prozent|basispunkt)))"
    rf"|(?P<span>one[ -](?:year|month|week)\b{PAST})"
    rf"|(?P<year>an? year\b{PAST}|ein jahr\b)"
)
ARTICLES = frozenset({"a", "an", "one", "ein", "eine", "einen", "einem", "einer"})
FIRST_WORDS = ARTICLES | frozenset(
    """half quarter hundred three halbe halben halber halbes hundert einhundert viertel viertelprozentpunkt
    viertelprozentpunkte viertelpunkt dreiviertel""".split()  # noqa: SIM905 - as the other lists of words
)
WIDE = re.compile(
    r"(?P<half>半(?=[个個]百分|碼))|(?P<quarter>四分之一(?=[个個]百分))|(?<=息)(?P<one>一)(?=碼)"
    r"|(?P<half_year>(?<![上下近前])半年)(?![报報来來前内內以后後ぶ])"
    r"|(?P<year>(?<![近前过過这這那每同一今])一年)(?![来來前一多内內级級后後度间間])"
)
WIDE_DELAYED = re.compile(
    r"(?:推[迟遲]|[延展][后後长長期]|[暂暫][停缓緩]|押后|押後|[冻凍][结結]|为期|為期|再)[^\s，。]{0,12}\Z"
)


def ones(text: str, words: AbstractSet[str]) -> Iterator[tuple[int, int, Decimal]]:
    """Yield each as start, end and value; `text` is in lower case. A year counts where something takes one.

    Half a year is six months. "$5 a year", "a year ago" and "one of them" count nothing.
    """
    numerals = NUMERALS.keys() if words & {"dozen", "dutzend"} else frozenset[str]()
    for word in sorted((FIRST_WORDS | numerals) & words):
        for start in islice(_starts(text, word), MOST_SITES):
            found = COUNTING.match(text, start)
            value = _value(found, text) if found else None
            if found and value is not None:
                yield start, found.end(), value
    if not text.isascii():
        yield from _wide(text)


def _starts(text: str, word: str) -> Iterator[int]:
    start = text.find(word)
    while start >= 0:
        if not text[start - 1 : start].isalnum():
            yield start
        start = text.find(word, start + 1)


def _value(found: re.Match[str], text: str) -> Decimal | None:
    kind = str(found.lastgroup)
    if kind == "year" and not DELAYED.search(text, max(0, found.start() - 32), found.start()):
        return None
    if kind != "dozen":
        return VALUES[kind]
    many = found["many"]
    times = Decimal("0.5") if many == "half a" else Decimal(1) if many in ARTICLES else NUMERALS.get(many)
    return None if times is None else VALUES[kind] * times


def _wide(text: str) -> Iterator[tuple[int, int, Decimal]]:
    for found in islice(WIDE.finditer(text), MOST_SITES):
        kind = str(found.lastgroup)
        if kind != "year" or WIDE_DELAYED.search(text, max(0, found.start() - 24), found.start()):
            yield *found.span(), VALUES[kind]
