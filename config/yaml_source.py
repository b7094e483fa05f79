"""YAML that keeps file, line and column for every node, and refuses what YAML allows but people don't mean.

Refused: text that is not UTF-8, tabs in the indentation, a key that stands twice, anchors and aliases (they make
bombs), tags, a second document, nesting over 32. A syntax error is one problem among the others: what stands before
it is read all the same.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Protocol, TypeAlias

import yaml

from config.node import Node
from config.problems import Source, did_you_mean

FILES = ("feeds.yaml", "entities.yaml", "rules.yaml", "routes.yaml")
MOST_DEPTH = 32
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml, where the wheel has it, is ten times faster
_TAB = re.compile(r"^ *\t", re.MULTILINE)
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOTHING = ("", "~", "null")
_CURES = {
    "cannot start any token": "a value that begins with @, ` or % needs single quotes around the whole of it",
    "mapping values are not allowed": "a value that holds a colon and a space needs single quotes around it",
    "did not find expected key": "indent it like its neighbours; a value with quotes inside needs quotes around it all",
    "end of stream": "a quote is not closed",
}
Events: TypeAlias = Iterator[yaml.Event]


def load(path: Path) -> Node:
    """Return the tree of a file; what is wrong with it, that it can't be read included, is in `.source`."""
    try:
        return parse(path.read_bytes(), name=path.name)
    except OSError as err:
        source = Source(path.name, cut=True)
        source.refuse(f"can't be read: {err.strerror}", line=1, column=1)
        return Node(source, 1, 1, absent=True)


def load_file(folder: Path, name: str) -> Node:
    """Return the tree of a file in the folder, or of the shipped one where the folder holds none."""
    path = folder / name
    if path.exists():
        return load(path)
    return parse(files("config.defaults").joinpath(name).read_bytes(), name=f"defaults/{name}")


def unread_files(folder: Path) -> list[str]:
    """Return a line for each YAML file in the folder that nobody reads: most likely a slip in its name."""
    found = sorted(path.name for path in folder.glob("*.y*ml") if path.name not in FILES)
    return [f"{name} is not read{did_you_mean(name, FILES)}" for name in found]


def parse(raw: bytes | str, *, name: str) -> Node:
    """Return the tree of a text; everything wrong with it is in the node's `source`."""
    source = Source(name)
    text = raw if isinstance(raw, str) else _decode(raw, source)
    source.text = _UNPRINTABLE.sub("\ufffd", text)
    _refuse_characters(text, source)
    nothing = Node(source, 1, 1, absent=True)
    if source.cut:
        return nothing
    return _Builder(source).build() or nothing


def _decode(raw: bytes, source: Source) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        before = raw[: err.start]
        line, column = before.count(b"\n") + 1, len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        problem = f"not UTF-8 (byte 0x{raw[err.start]:02x}): save the file as UTF-8"
        source.refuse(problem, line=line, column=column)
        source.cut = b"\x00" in raw
        text = raw.decode("utf-8", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _refuse_characters(text: str, source: Source) -> None:
    for found in _UNPRINTABLE.finditer(text):
        line, column = _place(text, found.start())
        source.refuse(f"the character U+{ord(found[0]):04X} is not allowed: take it out", line=line, column=column)
    tabs = [_place(text, found.end() - 1) for found in _TAB.finditer(text)]
    if tabs:
        line, column = tabs[0]
        more = f" (and {len(tabs) - 1} more lines)" if tabs[1:] else ""
        source.refuse(f"a tab indents this line{more}: indent with spaces", line=line, column=column)
        source.cut = True


def _place(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset]
    return before.count("\n") + 1, offset - before.rfind("\n")


class _Builder:
    """Makes nodes of the parser's events; where the text breaks, it closes what is open and marks it cut."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.events: Events = yaml.parse(source.text, Loader=_LOADER)

    def build(self) -> Node | None:
        """Return the root, or None for an empty text."""
        root = None
        while (event := self._next()) is not None:
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                self._refuse(event, "a second document: one file holds one, so take out the ---")
                break
            if isinstance(event, yaml.NodeEvent):
                root = self._node(event, 0)
        return root

    def _next(self) -> yaml.Event | None:
        try:
            return next(self.events, None)
        except yaml.MarkedYAMLError as err:
            self.source.cut = True
            line, column = _mark(err.problem_mark or err.context_mark)
            self.source.refuse(_syntax(err), line=line, column=column)
            return None

    def _node(self, event: yaml.NodeEvent, depth: int) -> Node:
        if event.anchor is not None:
            self._refuse(event, "anchors and aliases (& and *) are not allowed: write the value out")
        if (tag := getattr(event, "tag", None)) not in (None, "!"):
            self._refuse(event, f"the tag {tag} is not allowed: take it out")
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(event, depth + 1)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, depth + 1)
        return self._scalar(event)

    def _scalar(self, event: yaml.NodeEvent) -> Node:
        if not isinstance(event, yaml.ScalarEvent):
            return replace(self._at(event), absent=True)
        value = None if not event.style and event.value in _NOTHING else event.value
        return replace(self._at(event), content=value, style=event.style or "")

    def _sequence(self, event: yaml.NodeEvent, depth: int) -> Node:
        members: list[Node] = []
        while (inner := self._inner(depth, event)) is not None:
            members.append(self._node(inner, depth))
        return replace(self._at(event), kind="sequence", members=tuple(members), cut=self.source.cut)

    def _mapping(self, event: yaml.NodeEvent, depth: int) -> Node:
        entries: dict[str, tuple[Node, Node]] = {}
        while (inner := self._inner(depth, event)) is not None:
            key = self._node(inner, depth)
            if (after := self._inner(depth, event)) is not None:
                self._put(entries, key, self._node(after, depth))
        return replace(self._at(event), kind="mapping", entries=tuple(entries.values()), cut=self.source.cut)

    def _put(self, entries: dict[str, tuple[Node, Node]], key: Node, value: Node) -> None:
        if key.content is None:
            key.refuse("a key is a word, not a list or nothing")
        elif key.content in entries:
            key.refuse(f'key "{key.content}" stands twice (first on line {entries[key.content][0].line})')
        else:
            entries[key.content] = key, value

    def _inner(self, depth: int, owner: yaml.NodeEvent) -> yaml.NodeEvent | None:
        """Return the event of the next node inside a collection, or None at its end."""
        if depth > MOST_DEPTH and not self.source.cut:
            self._refuse(owner, f"nested deeper than {MOST_DEPTH}")
            self.source.cut = True
            self.events = iter(())
        event = self._next()
        return event if isinstance(event, yaml.NodeEvent) else None

    def _at(self, event: yaml.Event) -> Node:
        return Node(self.source, *_mark(event.start_mark))

    def _refuse(self, event: yaml.Event, text: str) -> None:
        line, column = _mark(event.start_mark)
        self.source.refuse(text, line=line, column=column)


class Place(Protocol):
    """A parser's mark: line and column from 0."""

    line: int
    column: int


def _mark(mark: Place | None) -> tuple[int, int]:
    """Return line and column from 1; both parsers always give a mark, though their types don't say so."""
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _syntax(err: yaml.MarkedYAMLError) -> str:
    problem = err.problem or "broken"
    cure = next((cure for part, cure in _CURES.items() if part in f"{problem} {err.context}"), "")
    context = f" {err.context}" if err.context else ""
    return f"not YAML: {problem}{context}" + (f": {cure}" if cure else "")
