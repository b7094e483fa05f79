"""What a command prints: tables for people, JSON lines for programs; colours on a terminal without NO_COLOR."""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from shutil import get_terminal_size

from pydantic import BaseModel

from agents.cli.table import table

STYLES = {"good": "32", "bad": "31", "weak": "2", "strong": "1"}
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
    heads, room = list(found[0]), get_terminal_size().columns if sys.stdout.isatty() else None
    cells = [[_cell(row[head], brief=room is not None) for head in heads] for row in found]
    for number, lines in enumerate(table(heads, cells, room=room)):
        for line in lines:
            print(line if number else styled(line, "strong"))


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


def _cell(value: object, *, brief: bool = False) -> str:
    """Return the value as a person reads it; times of a table on a terminal are `brief`, to the second."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds" if brief else "milliseconds").replace("+00:00", "Z")
    if isinstance(value, bool):
        return "yes" if value else "no"
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
