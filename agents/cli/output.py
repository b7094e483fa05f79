"""What a command prints: tables for people, JSON lines for programs; colours on a terminal without NO_COLOR."""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from shutil import get_terminal_size

from pydantic import BaseModel

from streams.routing.render_width import columns, cut

STYLES = {"good": "32", "bad": "31", "weak": "2", "strong": "1"}
GAP = "  "
IDS = ("event", "delivery")
LEAST = {  # columns of a table that may be cut on a terminal, and what must be left of them
    "title": 20, "reason": 20, "why": 20, "url": 20, "path": 20, "outcome": 12, "comment": 12, "rules": 12, "source": 8,
    "publisher": 8, "value": 12, "event": 25, "delivery": 12,
}  # fmt: skip
Row = Mapping[str, object]


def coloured() -> bool:
    """Return whether stdout takes colours."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def styled(text: str, style: str) -> str:
    """Return the text in a style of `STYLES`, where stdout takes colours."""
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if coloured() else text


def print_rows(rows: Iterable[Row], *, as_json: bool, empty: str = "none") -> None:
    """Print rows as a table that fits its terminal, or as a JSON object a line; `empty` says that there are none."""
    found = list(rows)
    if as_json:
        for row in found:
            print_json(row)
        return
    if not found:
        print(empty)
        return
    heads = list(found[0])
    cells = [heads, *[[_cell(row[head]) for head in heads] for row in found]]
    widths = [max(columns(line[number]) for line in cells) for number in range(len(heads))]
    if sys.stdout.isatty():
        widths = fitted(heads, widths, get_terminal_size().columns)
    for number, line in enumerate(cells):
        text = GAP.join(map(_padded, heads, line, widths)).rstrip()
        print(text if number else styled(text, "strong"))


def fitted(heads: Sequence[str], widths: Sequence[int], room: int) -> list[int]:
    """Return the widths that make a row fit into `room` columns, if the columns of text can give that much.

    Ids give first, as their beginning is enough, then the text that has most. Names and numbers stay whole.
    """
    found = list(widths)
    for _ in range(sum(widths) + len(GAP) * (len(widths) - 1) - room):
        give = [(head in IDS, width - LEAST.get(head, width)) for head, width in zip(heads, found, strict=True)]
        most = max((one for one in give if one[1] > 0), default=None)
        if most is None:
            break
        found[give.index(most)] -= 1
    return found


def _padded(head: str, cell: str, width: int) -> str:
    # The beginning of an id is as good as the id, but only without an ellipsis behind it.
    shown = cell[:width] if head in IDS else cut(cell, width)
    return shown + " " * (width - columns(shown))


def print_json(value: object) -> None:
    """Print one JSON object on a line."""
    print(json.dumps(value, default=_plain, ensure_ascii=False))


def print_fields(fields: Row, *, as_json: bool) -> None:
    """Print names with values, one a line, or one JSON object."""
    if as_json:
        print_json(fields)
        return
    width = max(len(name) for name in fields)
    for name, value in fields.items():
        print(f"{name.ljust(width)}  {_cell(value)}")


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, str):
        return printable(value) or "-"
    if isinstance(value, Sequence):
        return ", ".join(_cell(item) for item in value) or "-"
    return "-" if value is None else str(value)


def printable(text: str) -> str:
    """Return the text without characters that could steer a terminal: control, bidirectional and line characters."""
    return "".join(char if char.isprintable() else " " for char in text)


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return _cell(value)
