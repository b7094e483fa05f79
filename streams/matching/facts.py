"""Figures that a text states, normalised so that equal facts are equal strings."""

import re
from collections.abc import Callable, Iterable, Iterator

from streams.matching.match import Facts
from streams.text.fold import fold

FACTS = 64
WORDS_BEFORE, WORDS_BEHIND = 2, 3  # what belongs to a figure: "October 26, 2025", "US$ 1.5 billion"
DIGIT = re.compile(r"\d")
SCALES = {
    "k": 3,
    "thousand": 3,
    "tausend": 3,
    "m": 6,
    "mn": 6,
    "mln": 6,
    "mio": 6,
    "million": 6,
    "millions": 6,
    "millionen": 6,
    "b": 9,
    "bn": 9,
    "billion": 9,
    "billions": 9,
    "mrd": 9,
    "milliarde": 9,
    "milliarden": 9,
    "tn": 12,
    "trn": 12,
    "trillion": 12,
    "trillions": 12,
    "billionen": 12,
    "万": 4,
    "萬": 4,
    "만": 4,
    "亿": 8,
    "億": 8,
    "억": 8,
    "万亿": 12,
    "萬億": 12,
    "兆": 12,
    "조": 12,
}
CURRENCIES = {
    "$": "USD",
    "us$": "USD",
    "usd": "USD",
    "dollar": "USD",
    "dollars": "USD",
    "美元": "USD",
    "ドル": "USD",
    "달러": "USD",
    "€": "EUR",
    "eur": "EUR",
    "euro": "EUR",
    "euros": "EUR",
    "欧元": "EUR",
    "歐元": "EUR",
    "ユーロ": "EUR",
    "유로": "EUR",
    "£": "GBP",
    "gbp": "GBP",
    "pounds": "GBP",
    "yuan": "CNY",
    "rmb": "CNY",
    "cny": "CNY",
    "元": "CNY",
    "人民币": "CNY",
    "人民幣": "CNY",
    "위안": "CNY",
    "¥": "JPY",
    "yen": "JPY",
    "jpy": "JPY",
    "円": "JPY",
    "日元": "JPY",
    "엔": "JPY",
    "won": "KRW",
    "krw": "KRW",
    "韩元": "KRW",
    "韓元": "KRW",
    "원": "KRW",
}
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar",
            "feb february februar",
            "mar march märz",
            "apr april",
            "may mai",
            "jun june juni",
            "jul july juli",
            "aug august",
            "sep sept september",
            "oct october oktober",
            "nov november",
            "dec december dezember",
        ),
        start=1,
    )
    for name in names.split()
}
PERCENT_WORDS = ("%", "％", "percent", "per cent", "pct", "prozent", "퍼센트", "パーセント")


def either(words: Iterable[str]) -> str:
    """Return an expression for any of the words, the longest first; a Latin word ends where its letters end."""
    ordered = sorted(words, key=len, reverse=True)
    return "|".join(
        re.escape(word) + (r"(?![A-Za-z])" if word[-1].isascii() and word[-1].isalpha() else "") for word in ordered
    )


FIGURE = r"(?<![\d.,])\d{1,15}(?:[.,]\d{1,15}){0,5}"
AMOUNT = rf"(?P<figure>{FIGURE})[ -]?(?P<scale>{either(SCALES)})?"
AMOUNT_BEFORE = AMOUNT.replace("?P<figure>", "?P<figure2>").replace("?P<scale>", "?P<scale2>")
PERCENTAGE = re.compile(rf"(?P<figure>{FIGURE}) ?(?:{either(PERCENT_WORDS)})|百分之(?P<han>{FIGURE})", re.IGNORECASE)
MONEY = re.compile(
    rf"(?P<before>{either(CURRENCIES)}) ?{AMOUNT}"
    rf"|{AMOUNT_BEFORE}\.? ?(?:(?:us|u\.s\.) )?(?P<behind>{either(CURRENCIES)})(?! ?\d)",
    re.IGNORECASE,
)
NUMBER = re.compile(AMOUNT, re.IGNORECASE)
MONTH = either(MONTHS)
DATE = re.compile(
    r"(?<!\d)(?P<iso>(?:19|20)\d\d-\d{1,2}-\d{1,2})(?!\d)"
    r"|(?:(?P<han_year>(?:19|20)\d\d)[年년] ?)?(?P<han_month>\d{1,2})[月월] ?(?P<han_day>\d{1,2})[日日号號일]"
    rf"|(?P<month>{MONTH})\.? (?P<day>\d{{1,2}})(?!\d)(?:st|nd|rd|th)?(?:,? (?P<year>(?:19|20)\d\d))?"
    rf"|(?<!\d)(?P<day2>\d{{1,2}})(?:st|nd|rd|th|\.)? (?P<month2>{MONTH})\.?(?: (?P<year2>(?:19|20)\d\d))?",
    re.IGNORECASE,
)
NEGATION = re.compile(
    r"\b(?:[a-z]{1,8}n['’]t|not|never|cannot|nicht|keine?[nmrs]?|nie) (?P<next>\w+)"
    r"|\b(?P<verb>den(?:y|ies|ied)|refut(?:e|es|ed)|reject(?:s|ed)?|dementiert)\b"
    r"|(?P<han>否认|否認|不会|不會|没有|沒有|并未|並未|尚未|否定|拒绝|拒絕|しない|ではない|않|부인|아니)",
    re.IGNORECASE,
)


def facts(text: str) -> Facts:
    """Return the figures of a text in the order in which they stand there, each once, 64 at most.

    `1,500`, `1500` and `1.5 thousand` are one number; percentages are plain numbers; money is
    `USD 1500000`; dates are `2025-10-26`, or `10-26` without a year; a negation is the word that it
    denies. A figure counts as one kind only. Raises: nothing. Cost: O(text).
    """
    dates, rest = taken(DATE, date_of, around_digits(text))
    percentages, rest = taken(PERCENTAGE, percentage_of, rest)
    money, rest = taken(MONEY, money_of, rest)
    numbers, _ = taken(NUMBER, lambda found: amount(found["figure"], found["scale"]), rest)
    negations, _ = taken(NEGATION, negation_of, text)
    room = iter(range(FACTS))
    kept = [
        tuple(fact for fact, _ in zip(kind, room, strict=False))
        for kind in (money, percentages, dates, negations, numbers)
    ]
    return Facts(money=kept[0], percentages=kept[1], dates=kept[2], negations=kept[3], numbers=kept[4])


def around_digits(text: str) -> str:
    """Return the words with digits and those beside them, a line for each such group: a tenth of most texts."""
    words = text.split()
    numbers = [number for number, word in enumerate(words) if DIGIT.search(word)]
    lines: list[list[str]] = []
    end = 0
    for number in numbers:
        start = max(end, number - WORDS_BEFORE)
        if start > end or not lines:
            lines.append([])
        end = max(end, number + WORDS_BEHIND + 1)
        lines[-1] += words[start:end]
    return "\n".join(map(" ".join, lines))


def taken(pattern: re.Pattern[str], read: Callable[[re.Match[str]], str | None], text: str) -> tuple[list[str], str]:
    """Return each fact that the pattern finds, once, and the text with blanks in their place."""
    found: dict[str, None] = {}

    def blank(match: re.Match[str]) -> str:
        fact = read(match)
        if fact is None:
            return match[0]
        found[fact] = None
        return " " * len(match[0])

    rest = pattern.sub(blank, text)
    return list(found)[:FACTS], rest


def plain(figure: str) -> str:
    """Return a figure with a full stop for its decimals and nothing between its thousands."""
    marks = re.findall(r"[.,]", figure)
    if not marks:
        return figure
    tail = figure.rpartition(marks[-1])[2]
    thousands = len(tail) == 3 and (len(set(marks)) == 1) and not figure.startswith("0")  # noqa: PLR2004 - thousands have three digits
    digits = re.sub(r"[.,]", "", figure)
    return digits if thousands else f"{digits[: -len(tail)]}.{tail}"


def amount(figure: str, scale: str | None) -> str:
    """Return a figure with its scale multiplied out, without zeros that say nothing."""
    whole, _, decimals = plain(figure).partition(".")
    zeros = SCALES[fold(scale)] if scale else 0
    digits = whole + decimals.ljust(zeros, "0")[:zeros]
    rest = decimals[zeros:].rstrip("0")
    return (digits.lstrip("0") or "0") + (f".{rest}" if rest else "")


def percentage_of(found: re.Match[str]) -> str:
    """Return the number before a per cent sign."""
    return amount(found["figure"] or found["han"], None)


def money_of(found: re.Match[str]) -> str:
    """Return the currency and the amount."""
    currency = CURRENCIES[(found["before"] or found["behind"]).lower()]
    return f"{currency} {amount(found['figure'] or found['figure2'], found['scale'] or found['scale2'])}"


def date_of(found: re.Match[str]) -> str | None:
    """Return the day, with its year if the text says it; None for no day of any calendar."""
    if found["iso"]:
        year, month, day = found["iso"].split("-")
    elif found["han_month"]:
        year, month, day = found["han_year"], found["han_month"], found["han_day"]
    else:
        year = found["year"] or found["year2"]
        month = str(MONTHS[(found["month"] or found["month2"]).lower()])
        day = found["day"] or found["day2"]
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):  # noqa: PLR2004 - months and days
        return None
    return "-".join([*([year] if year else []), f"{int(month):02d}", f"{int(day):02d}"])


def negation_of(found: re.Match[str]) -> str:
    """Return what is denied: the word behind the negation, or the denial itself."""
    return f"not {fold(found['next'])}" if found["next"] else fold(found["verb"] or found["han"])


def every_fact(given: Facts) -> Iterator[str]:
    """Yield the facts of all kinds, each with its kind."""
    for kind in ("money", "percentages", "dates", "negations", "numbers"):
        values: tuple[str, ...] = getattr(given, kind)
        yield from (f"{kind} {value}" for value in values)
