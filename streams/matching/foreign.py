"""What people paste or know from elsewhere: full-width signs, other quotes, the operators of other systems."""

import re
from collections.abc import Sequence

Wrong = tuple[str, str]  # message, hint
_FULL_WIDTH = {0xFF01 + code: 0x21 + code for code in range(0x5E)}
_QUOTES = dict.fromkeys(map(ord, "“”„‟«»「」『』"), '"')
_SYNTAX: dict[int, int | str] = {**_FULL_WIDTH, **_QUOTES}
_UNSEEN_EDGE = re.compile("(?<!\\w)[\u200b\u2060\ufeff]|[\u200b\u2060\ufeff](?!\\w)")

# A word that stands where an operator would, and the operator of ours that says the same.
_OPERATORS: Sequence[tuple[re.Pattern[str], str]] = tuple(
    (re.compile(pattern, re.IGNORECASE), ours)
    for pattern, ours in (
        (r"and|&&?", "AND"),
        (r"or|\|\|?", "OR"),
        (r"not|!", "NOT"),
        (r"and-?not|but-?not|butnot", "AND NOT"),
        (r"near/?(\d+)|/(\d+)|n(\d+)|~(\d+)", "NEAR/{}"),
        (r"(?:pre|onear)/?(\d+)|\+(\d+)|/\+(\d+)|w(\d+)|adj/?(\d+)", "PRE/{}"),
        (r"adj", "PRE/1"),
        (r"sent|[wn]?/s(?:ent)?", "SENT"),
        (r"para|[wn]?/p(?:ara)?|same", "PARA"),
    )
)
# A word before a group, and the prefix of ours that says the same.
_PREFIXES: Sequence[tuple[re.Pattern[str], str]] = tuple(
    (re.compile(pattern, re.IGNORECASE), ours)
    for pattern, ours in (
        (r"atl(?:east)?/?(\d+)", "ATLEAST/{}"),
        (r"first/?(\d+)", "FIRST/{}"),
        (r"case|caps|allcaps", "CASE"),
        (r"(?:title|hd|headline)=", "title:"),
        (r"(?:lead|hlp|lp)=", "lead:"),
    )
)
_FIELDS = {"la": "lang", "hd": "title", "headline": "title", "by": "author", "byline": "author", "sc": "source"}
_FIELD = re.compile(r"([A-Za-z]+)=(\w*)")
_COMMA = re.compile(r"[;、。]|(?<!\d),|,(?!\d)")


def plain_syntax(text: str) -> str:
    """Return a query with ASCII signs for full-width ones, " for every double quote; each stays in its place.

    Characters of no width are blanks at the edge of a word; inside of one the tokeniser leaves them out.
    """
    return text if text.isascii() else _UNSEEN_EDGE.sub(" ", text.translate(_SYNTAX))


def foreign_operator(parts: Sequence[str]) -> tuple[int, Wrong] | None:
    """Return which of the parts without an operator between them is another system's, and what is wrong with it."""
    for at, part in enumerate(parts):
        if (ours := _translated(_PREFIXES, part)) and at + 1 < len(parts):
            return at, _prefix(parts, at, ours)
        if part in {"ATLEAST", "FIRST", "NEAR", "PRE", "CASE"} or part == ":":
            return at, (f"{part} by itself", "write NEAR/5, PRE/5, ATLEAST/3(a), FIRST/50(a), CASE(a), title:a as one")
        if (ours := _translated(_OPERATORS, part)) and (at > 0 or ours == "NOT"):
            words = " ".join((*parts[:at], ours, *parts[at + 1 :]))
            what = "is written in capitals" if ours.lower() == part else "is no operator here"
            return at, (f"{part} {what}", f"write {words}")
    return None


def _prefix(parts: Sequence[str], at: int, ours: str) -> Wrong:
    operand = parts[at + 1] if parts[at + 1].startswith("(") or ours.endswith(":") else f"({parts[at + 1]})"
    return f"{parts[at]} is no prefix here", f"write {' '.join((*parts[:at], ours + operand, *parts[at + 2 :]))}"


def _translated(table: Sequence[tuple[re.Pattern[str], str]], part: str) -> str:
    for pattern, ours in table:
        if (found := pattern.fullmatch(part)) is not None:
            figure = next((group for group in found.groups() if group and group.isdigit()), "5")
            return ours.format(figure)
    return ""


def foreign_word(text: str) -> Wrong | None:
    """Return what is wrong with a bare word that means more in another system than its letters do here."""
    if not text:
        return None
    word, first, last = text.strip("!-+'‘’$,;") or "a", text[0], text[-1]
    checks = (
        (first in "!-", f"{text!r} begins with {first}", f"write NOT {word}"),
        (first == "+", f"{text!r} begins with +", f"write {word}: AND asks for both"),
        (last in "!$", f"{text!r} ends with {last}", f'write {word}* for every ending, or "{word}"'),
        (first in "'‘’", "single quotes make no phrase", f'write "{word}" in double quotes'),
        (_FIELD.match(text), f"{text!r} is no field", _field_hint(text)),
        (_COMMA.search(text), f"{text!r} holds a comma", "write AND or OR between words, or a phrase in quotes"),
    )
    return next(((message, hint) for found, message, hint in checks if found), None)


def _field_hint(text: str) -> str:
    found = _FIELD.match(text)
    name, value = found.groups() if found else ("", "")
    fields = "fields are title: lead: body: source: lang: author: about:"
    return f"write {_FIELDS[name.lower()]}:{value or 'x'}" if name.lower() in _FIELDS else fields
