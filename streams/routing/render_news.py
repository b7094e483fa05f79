"""What is new about a story in words: as the headline or the lead writes it, else as a person would."""

import re
from decimal import Decimal

from streams.alerts.alert import Alert, NewToken
from streams.matching.stated.facts import stated
from streams.routing.render_text import plain, shortened

WORD_CHARS = 60
SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"))
MONEY = re.compile(r"([A-Z]{3}) (\d{7,15}(?:\.\d+)?)")


def news_words(alert: Alert, most: int) -> str:
    """Return what the story had not told before, each once, `most` at most and how many more; empty for nothing.

    Figures and negations stand as the text writes them (`$1.5 billion`, `won't extend`), entities with their mark.
    """
    written = _written(alert) if alert.whats_new else {}
    words = (written.get((token.kind, token.value)) or _word(token) for token in alert.whats_new)
    values = list(dict.fromkeys(_short(word) for word in words))
    more = len(values) - most
    return ", ".join([*values[:most], *([f"{more} more"] if more > 0 else [])])


def _written(alert: Alert) -> dict[tuple[str, str], str]:
    """Return kind and value of each fact of title and lead → its words there."""
    found: dict[tuple[str, str], str] = {}
    text = f"{alert.head.title}\n{alert.head.lead}"
    for fact in stated(text):
        found.setdefault((fact.kind.removesuffix("s"), fact.value), text[fact.start : fact.end].strip(" -:"))
    return found


def _word(token: NewToken) -> str:
    value = token.value
    money = MONEY.fullmatch(value)
    if money:
        size, name = next(scale for scale in SCALES if Decimal(money[2]) >= scale[0])
        return f"{money[1]} {float(money[2]) / size:.4g} {name}"
    if token.kind == "percentage" and value.replace(".", "").isdecimal():
        return f"{value}%"
    shown = {"entity": f"@{value}", "update": f"update {value}"}
    return shown.get(token.kind) or value.removeprefix("#")


def _short(text: str) -> str:
    return shortened(plain(text[: 4 * WORD_CHARS]), WORD_CHARS)
