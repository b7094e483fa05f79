"""What people paste or know from elsewhere: full-width signs, other quotes, the operators of other systems."""

import re
from collections.abc import Mapping, Sequence

Wrong = tuple[str, str]  # message, hint
Table = Sequence[tuple[re.Pattern[str], str]]
_FULL_WIDTH = {0xFF01 + code: 0x21 + code for code in range(0x5E)}
_QUOTES = dict.fromkeys(map(ord, "“”„‟«»「」『』"), '"')
_SYNTAX: dict[int, int | str] = {**_FULL_WIDTH, **_QUOTES}
_UNSEEN_EDGE = re.compile("(?<!\\w)[\u200b\u2060\ufeff]|[\u200b\u2060\ufeff](?!\\w)")


def _table(*rows: tuple[str, str]) -> Table:
    return tuple((re.compile(pattern, re.IGNORECASE | re.DOTALL), ours) for pattern, ours in rows)


# A word that stands where an operator would, and the operator of ours that says the same.
_OPERATORS = _table(
    (r"and|&&?", "AND"),
    (r"or|\|\|?", "OR"),
    (r"not|!", "NOT"),
    (r"and-?not|but-?not|butnot", "AND NOT"),
    (r"near/?(\d+)|/(\d+)|n(\d+)|~(\d+)|/n(\d+)/", "NEAR/{}"),
    (r"(?:pre|onear)/?(\d+)|\+(\d+)|/\+(\d+)|w(\d+)|adj/?(\d+)", "PRE/{}"),
    (r"adj", "PRE/1"),
    (r"sent|[wn]?/s(?:ent)?", "SENT"),
    (r"para|[wn]?/p(?:ara)?|same", "PARA"),
)
# `a not w/5 b`: a stands somewhere without b nearby.
_NOT_NEAR = re.compile(r"not\s+(\S+)(?:\s+(\S.*))?", re.IGNORECASE | re.DOTALL)
_WITHOUT = (*_table((r"[wn]/(\d+)", "NEAR/{}")), *_OPERATORS[4:])
_EARLY = re.compile(r"(.*)/f(\d+)/", re.IGNORECASE | re.DOTALL)
# A word before a group or a word, and ours; {x} is what it stands before, {g} the same in parentheses.
_PREFIXES = _table(
    (r"atl(?:east)?/?(\d+)", "ATLEAST/{n}{g}"),
    (r"first/?(\d+)", "FIRST/{n}{g}"),
    (r"case|caps|allcaps|nocaps", "CASE{g}"),
    (r"plural", "the plural behind =, as in =tariffs"),
    (r"singular", "={x}"),
)
MOST_PARTS = 200  # a hint has 400 characters
HEAD_OR_LEAD = "(title:{x} OR lead:{x})"
_FIELDS: Mapping[str, str] = {
    **dict.fromkeys(("title", "hd", "hl", "headline"), "title:{x}"),
    **dict.fromkeys(("hlp", "hlead"), HEAD_OR_LEAD),
    **dict.fromkeys(("lead", "lp"), "lead:{x}"),
    **dict.fromkeys(("body", "td"), "body:{x}"),
    **dict.fromkeys(("la", "lang", "language"), "lang:{x}"),
    **dict.fromkeys(("by", "byline", "author"), "author:{x}"),
    **dict.fromkeys(("sc", "sn", "rst", "source", "publication"), "source:{x}"),
}
_CODES = ("co", "in", "ns", "re", "pe", "company", "subject", "industry", "person", "geographic")
_MEASURES = ("wc", "pd", "date", "length")
FIELD_NAMES = "fields are title: lead: body: source: lang: author: about:"
NO_MEASURE = "no length, date or number can be asked for: take it away"
_FIELD = re.compile(r"([A-Za-z]+)=(\w*)")
_COMMA = re.compile(r"[;、。]|(?<!\d),|,(?!\d)")
# Operators that stand alone, each with no word or name that is written so.
_LONE = re.compile(r"(?:pre|near|onear|adj)?/\d+|(?:pre|near|onear|adj)\d+|/[nf]\d+/|[wn]?/[sp]", re.IGNORECASE)
# Words that hold an operator, with message and hint; {0} is the word, {1} its first part.
_INSIDE: Sequence[tuple[re.Pattern[str], str, str]] = tuple(
    (re.compile(pattern, re.IGNORECASE), message, hint)
    for pattern, message, hint in (
        (r"(.+)/f(\d+)/", "/F{2}/ is no operator here", "write FIRST/{2}({1})"),
        (r"(.+)/n(\d+)/(.+)", "/N{2}/ is no operator here", "write {1} NEAR/{2} {3}"),
        (r"([^\W\d_]{3,})\$\d+", "{0!r} ends with a number of letters", 'write {1}* for every ending, or "{0}"'),
        (r".*\w\+\w.*", "{0!r} holds a +", 'write {both}, or "{phrase}" for the phrase'),
        (r".*[<>].*", "{0!r} compares", NO_MEASURE),
        (r"(\w+)~[\d.]*", "{0!r} asks for words like it", "write each spelling: ({1} OR ...)"),
        (r"(\w+)\^[\d.]+", "{0!r} asks for weight", "write {1}: a rule ranks nothing"),
    )
)


def plain_syntax(text: str) -> str:
    """Return a query with ASCII signs for full-width ones, " for every double quote; each stays in its place.

    Characters of no width are blanks at the edge of a word; inside of one the tokeniser leaves them out.
    """
    return text if text.isascii() else _UNSEEN_EDGE.sub(" ", text.translate(_SYNTAX))


def foreign_operator(parts: Sequence[str]) -> tuple[int, Wrong] | None:
    """Return which of the parts without an operator between them is another system's, and what is wrong with it.

    The hint is the whole of the parts as it would be written here.
    """
    for at, part in enumerate(parts):
        if part in {"ATLEAST", "FIRST", "NEAR", "PRE", "CASE"} and not _prefix(parts, at):
            return at, (f"{part} by itself", "write NEAR/5, PRE/5, ATLEAST/3(a), FIRST/50(a), CASE(a), title:a as one")
        if part == ":":
            return at, (": by itself", "write title:a as one")
        if (what := _said_of(parts, at)) is not None:
            phrase = f', or "{" ".join(parts)}" for the phrase' if part == "same" else ""
            return at, (what, f"write {' '.join(_ours(parts))}{phrase}")
    return None


def _said_of(parts: Sequence[str], at: int) -> str | None:
    """Return what is wrong with a part as an operator or a prefix, or None if it is neither."""
    part = parts[at]
    if _prefix(parts, at):
        return f"{part} is no prefix here"
    apart = _NOT_NEAR.fullmatch(part)
    if at > 0 and (_EARLY.fullmatch(part) or (apart and _translated(_WITHOUT, apart[1]))):
        return f"{' '.join(part.split(maxsplit=2)[:2])} is no operator here"
    ours = _translated(_OPERATORS, part)
    if not ours or (at == 0 and ours != "NOT"):
        return None
    if ours == "NOT" and at > 0:
        return f"{part} is written AND NOT"
    return f"{part} is written in capitals" if ours.lower() == part else f"{part} is no operator here"


def _ours(parts: Sequence[str]) -> list[str]:
    """Return the parts in our own words, as far as there are some."""
    said: list[str] = []
    left = list(parts[:MOST_PARTS])
    while left:
        part = left.pop(0)
        if (prefix := _prefix([part, *left], 0)) and left:
            said.append(prefix.format(**_operand(left.pop(0))))
        elif said and (early := _EARLY.fullmatch(part)):
            said[-1] = f"FIRST/{early[2]}{_operand(said[-1])['g']}"
        elif said and (apart := _apart(" ".join([part, *left]), said[-1])):
            said += ["AND NOT", apart]
            left.clear()
        else:
            ours = _translated(_OPERATORS, part)
            if ours == "NOT" and said and said[-1] not in {"AND", "OR"}:
                ours = "AND NOT"
            said.append(ours if ours and (said or ours == "NOT") else part)
    return said


def _apart(rest: str, before: str) -> str:
    """Return what may not stand of `not w/5 b` behind `before`, or nothing if the rest is something else."""
    found = _NOT_NEAR.fullmatch(rest)
    near = _translated(_WITHOUT, found[1]) if found and found[2] else ""
    return f"({before} {near} {found[2]})" if found and near else ""


def _operand(part: str) -> Mapping[str, str]:
    return {"x": part, "g": part if part.startswith("(") else f"({part})"}


def _prefix(parts: Sequence[str], at: int) -> str:
    """Return our form of a prefix of another system, or nothing; everyday words count as such before a group."""
    part = parts[at]
    if at + 1 == len(parts):
        return ""
    if (field := _FIELDS.get(part.removesuffix("=").lower())) and (part[-1] == "=" or parts[at + 1][0] == "("):
        return field
    for pattern, ours in _PREFIXES:
        found = pattern.fullmatch(part)
        if found and (found.groups() or part == "CASE" or parts[at + 1][0] == "("):
            return ours.replace("{n}", found[1]) if found.groups() else ours
    return ""


def _translated(table: Table, part: str) -> str:
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
        (text == "*:*", "everything can't be asked for", "name something that has to be there"),
    )
    found = next(((message, hint) for wrong, message, hint in checks if wrong), None)
    return found or _operator_inside(text)


def _operator_inside(text: str) -> Wrong | None:
    """Return what is wrong with a bare word that holds, or is, an operator of another system."""
    if _LONE.fullmatch(text):
        early = _EARLY.fullmatch(text)
        ours = f"FIRST/{early[2]}(a)" if early else f"a {_translated(_OPERATORS, text)} b"
        return (f"{text!r} by itself", f'write {ours}, or "{text}" for the words')
    both, phrase = text.replace("+", " AND "), text.replace("+", " ")
    for pattern, message, hint in _INSIDE:
        if (found := pattern.fullmatch(text)) is not None:
            parts = (text, *found.groups())
            return message.format(*parts), hint.format(*parts, both=both, phrase=phrase)
    return None


def _field_hint(text: str) -> str:
    found = _FIELD.match(text)
    name, value = found.groups() if found else ("", "")
    if name.lower() in _CODES:
        return "codes are entities here: write @nvidia, a name of entities.yaml"
    if name.lower() in _MEASURES:
        return NO_MEASURE
    ours = _FIELDS.get(name.lower())
    return f"write {ours.format(x=value or 'x')}" if ours else FIELD_NAMES
