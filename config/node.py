"""A value of a YAML file with its place, and the readers that turn it into a checked value.

Every scalar is text until a reader asks for something else, so that `no`, `1.10` and `2025-01-28` stay as written.
A reader that refuses a value adds a problem and returns its default: one pass collects every problem of a file.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal, TypeVar

from pydantic import JsonValue

from config.durations import duration_s
from config.problems import Source, did_you_mean

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_ESCAPE = re.compile(r"\\(?:x..|u.{4}|U.{8}|.)")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,15})(?:\.\d{1,15})?")
_BLANKS = re.compile(r"[ \n\t]*")
_ESCAPED_BLANKS = re.compile(r"(?:[ \n\t]|\\[nt \n])*")
_WITHOUT_BLANKS = str.maketrans("", "", " \n\t")


@dataclass(frozen=True, slots=True)
class Node:
    """A scalar (text, or None when it has no value), a sequence, or a mapping of key nodes to nodes.

    `line` and `column` count from 1. `style` is the quote or block mark of a scalar, empty for a plain one.
    `absent` marks a key that the file doesn't hold: its readers give their defaults and no problem.
    """

    source: Source
    line: int
    column: int
    kind: Literal["scalar", "sequence", "mapping"] = "scalar"
    content: str | None = None
    members: "tuple[Node, ...]" = ()
    entries: "tuple[tuple[Node, Node], ...]" = ()
    style: str = ""
    about: str = ""
    absent: bool = False
    cut: bool = False

    def refuse(self, text: str) -> None:
        """Add a problem at this place."""
        self.source.refuse(text, line=self.line, column=self.column, about=self.about)

    def refuse_within(self, text: str, *, line: int, column: int) -> None:
        """Add a problem at a place inside this scalar's value, which may be quoted, folded or indented."""
        at_line, at_column = self.place(line, column)
        self.source.refuse(text, line=at_line, column=at_column, about=self.about)

    def place(self, line: int, column: int) -> tuple[int, int]:
        """Return the file's line and column of a line and column (from 1) of this scalar's value."""
        value = self.content or ""
        earlier = value.split("\n")[: line - 1]
        offset = min(sum(len(text) + 1 for text in earlier) + column - 1, len(value))
        return _line_and_column(self.source.text, _raw_offset(self, value[:offset]))

    def named(self, about: str) -> "Node":
        """Return the node with the entry's name, which then stands in each of its problems."""
        return replace(self, about=about)

    def items(self) -> tuple["Node", ...]:
        """Return the members of a sequence; nothing, with a problem, for anything else."""
        if self.kind == "sequence" or self.absent:
            return tuple(item.named(self.about) for item in self.members)
        self.refuse(f"needs a list ([a, b] or lines that begin with -), has {self._what()}")
        return ()

    def pairs(self, *, example: str = "") -> tuple[tuple["Node", "Node"], ...]:
        """Return the keys and values of a mapping; nothing, with a problem, for anything else."""
        if self.kind == "mapping" or self.absent:
            return tuple((key.named(self.about), value.named(self.about)) for key, value in self.entries)
        such_as = f", such as {{{example}: ...}}" if example else ""
        self.refuse(f"needs keys with values{such_as}, has {self._what()}")
        return ()

    def fields(self, known: Collection[str], *, required: Collection[str] = ()) -> "Fields":
        """Return a mapping's values by key; every unknown key and every missing one that is required is a problem."""
        pairs = self.pairs(example=next(iter(required), ""))
        found = {key.text(""): value for key, value in pairs}
        for key, _ in pairs:
            if (name := key.text("")) not in known:
                key.refuse(f'unknown key "{name}"{did_you_mean(name, known)}')
        incomplete = self.cut or self.kind != "mapping"
        for name in required:
            if name not in found and not incomplete:
                self.refuse(f'needs "{name}"')
        return Fields(self, found)

    def at(self, name: str) -> "Node":
        """Return the value of a mapping's key under this node's name, or this node where there is no such key."""
        found = next((value for key, value in self.entries if key.content == name), self)
        return found.named(self.about)

    def entry(self, kind: str, known: Collection[str], *, required: Collection[str] = ()) -> "Fields":
        """Return the fields of a list's entry, which then stands in its problems as `rule "x"`."""
        return self.named(f'{kind} "{self.peek("id")}"').fields(known, required=required)

    def text(self, default: T) -> str | T:
        """Return the text of a scalar that has a value."""
        if self.absent:
            return default
        if self.content is not None:
            return self.content
        self.refuse(f"needs text, has {self._what()}")
        return default

    def texts(self) -> tuple[str, ...]:
        """Return the texts of a sequence, in order."""
        return tuple(text for item in self.items() if (text := item.text("")))

    def ident(self, default: str = "") -> str:
        """Return an id: lower-case letters, digits, - and _, 64 at most."""
        found = self.text(default)
        if found != default and not _ID.fullmatch(found):
            self.refuse(f'"{found}" is no id: lower-case letters, digits, - and _, 64 at most')
        return found

    def one_of(self, choices: Sequence[str], default: str) -> str:
        """Return the text, which must be one of the choices."""
        found = self.text(default)
        if found in choices or found == default:
            return found
        self.refuse(f'"{found}" is none of {", ".join(choices)}{did_you_mean(found, choices)}')
        return default

    def choice(self, kind: type[E], default: E) -> E:
        """Return the member of an enum that the text names."""
        return kind(self.one_of([member.value for member in kind], default.value))

    def truth(self, *, default: bool) -> bool:
        """Return true or false, which are written so."""
        return self.one_of(("true", "false"), str(default).lower()) == "true"

    def number(self, default: float, *, least: float, most: float = float("inf")) -> float:
        """Return a number within its bounds, both included."""
        found = self.text(None)
        if found is None:
            return default
        try:
            value = float(found)
        except ValueError:
            value = float("nan")
        if least <= value <= most and value != float("inf"):
            return value
        bounds = f"of {least:g} or more" if most == float("inf") else f"from {least:g} to {most:g}"
        self.refuse(f'"{found}" is no number {bounds}')
        return default

    def whole(self, default: int, *, least: int, most: int) -> int:
        """Return a whole number within its bounds, both included."""
        found = self.text(None)
        if found is None:
            return default
        if found.isascii() and found.isdigit() and least <= int(found) <= most:
            return int(found)
        self.refuse(f'"{found}" is no whole number from {least} to {most}')
        return default

    def duration_s(self, default: T) -> float | T:
        """Return the seconds of a duration such as 250ms, 15s, 15m, 24h, 7d or 1h30m."""
        found = self.text(None)
        if found is None:
            return default
        try:
            return duration_s(found)
        except ValueError as err:
            self.refuse(str(err))
            return default

    def data(self) -> JsonValue:
        """Return the value as JSON has it; true, false and numbers count as such where they have no quotes."""
        if self.kind == "sequence":
            return [item.data() for item in self.members]
        if self.kind == "mapping":
            return {key.content or "": value.data() for key, value in self.entries}
        if self.style or self.content is None:
            return self.content
        return _typed(self.content)

    def peek(self, name: str) -> str:
        """Return the text of a mapping's key, or `?`: for the name of an entry in its problems."""
        return next((value.content or "?" for key, value in self.entries if key.content == name), "?")

    def _what(self) -> str:
        if self.kind != "scalar":
            return {"sequence": "a list", "mapping": "keys with values"}[self.kind]
        if self.content is not None:
            return f'"{self.content}"'
        line = self.source.text.split("\n")[self.line - 1]
        return "nothing: # starts a comment, so put the value into quotes" if " #" in line else "nothing"


class Fields:
    """The values of a mapping by key; a key that the file doesn't hold gives an absent node."""

    def __init__(self, owner: Node, found: dict[str, Node]) -> None:
        self._owner = owner
        self._found = found

    def __getitem__(self, name: str) -> Node:
        owner = self._owner
        return self._found.get(name) or Node(owner.source, owner.line, owner.column, about=owner.about, absent=True)

    def __contains__(self, name: str) -> bool:
        return name in self._found

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)


def _line_and_column(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def _typed(text: str) -> JsonValue:
    if text in ("true", "false"):
        return text == "true"
    if not _NUMBER.fullmatch(text):
        return text
    return float(text) if "." in text else int(text)


def _offset(text: str, line: int, column: int) -> int:
    start = 0
    for _ in range(line - 1):
        start = text.index("\n", start) + 1
    return start + column - 1


def _raw_offset(node: Node, value: str) -> int:
    """Return the offset in the file of what follows `value`, the first part of the node's value.

    Blanks may be folded or indented in the file, so only the other characters are followed.
    """
    raw, style = node.source.text, node.style
    at = _offset(raw, node.line, node.column)
    if style in ("|", ">"):
        at = raw.index("\n", at)
    at += style in ("'", '"')
    for _ in value.translate(_WITHOUT_BLANKS):
        at = _one_further(raw, _after_blanks(raw, at, style), style)
    return _after_blanks(raw, at, style)


def _one_further(raw: str, at: int, style: str) -> int:
    """Return where the character that stands at `at` ends: it may be written as an escape."""
    if style == "'" and raw.startswith("''", at):
        return at + 2
    escape = _ESCAPE.match(raw, at) if style == '"' else None
    return escape.end() if escape else at + 1


def _after_blanks(raw: str, at: int, style: str) -> int:
    blanks = (_ESCAPED_BLANKS if style == '"' else _BLANKS).match(raw, at)
    return blanks.end() if blanks else at
