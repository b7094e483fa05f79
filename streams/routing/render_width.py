"""Text as a terminal counts it: in columns, of which a Chinese, Japanese or Korean character takes two."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from unicodedata import combining, east_asian_width

from streams.routing.render_text import ELLIPSIS, Piece

Marked = tuple[str, bool]  # a character, and whether it is marked


def columns(text: str) -> int:
    """Return how many columns of a terminal the text takes; it holds no control characters."""
    return sum(map(_columns_of, text))


def cut(text: str, most: int) -> str:
    """Return the text, cut to `most` columns of which the last is an ellipsis if anything was lost."""
    if columns(text) <= most:
        return text
    kept = _fitting(text, max(most - 1, 0))
    return text[:kept].rstrip() + ELLIPSIS


def rows(text: Iterable[Piece], *, first: int, others: int, most: int) -> tuple[tuple[Piece, ...], ...]:
    """Return the text in rows: the first of `first` columns, the others of `others`, and `most` rows at most.

    A row ends at a space if there is one in its second half, else where it is full. Cost: O(text).
    """
    left: Sequence[Marked] = [(char, piece.marked) for piece in text for char in piece.text]
    found: list[tuple[Piece, ...]] = []
    while left:
        room = others if found else first
        end = len(left) if len(found) + 1 == most else _row_end(left, room)
        found.append(tuple(_pieces(_ended(left[:end], room))))
        left = _without_spaces(left[end:])
    return tuple(found)


def _ended(row: Sequence[Marked], room: int) -> Sequence[Marked]:
    text = "".join(char for char, _ in row).rstrip()
    shown = cut(text, room)
    return row[: len(shown)] if shown == text else [*row[: len(shown) - 1], (ELLIPSIS, False)]


def _row_end(left: Sequence[Marked], room: int) -> int:
    text = "".join(char for char, _ in left)
    end = _fitting(text, room)
    if end == len(text) or text[end] == " ":
        return max(end, 1)
    space = text.rfind(" ", end // 2, end)
    return space if space > 0 else max(end, 1)


def _fitting(text: str, room: int) -> int:
    """Return how many characters of the text fit into the columns."""
    for number, char in enumerate(text):
        room -= _columns_of(char)
        if room < 0:
            return number
    return len(text)


def _columns_of(char: str) -> int:
    if combining(char):
        return 0
    return 2 if east_asian_width(char) in "WF" else 1


def _without_spaces(row: Sequence[Marked]) -> Sequence[Marked]:
    start = next((number for number, (char, _) in enumerate(row) if char != " "), len(row))
    return row[start:]


def _pieces(row: Sequence[Marked]) -> Iterator[Piece]:
    for marked, chars in groupby(row, key=lambda one: one[1]):
        yield Piece("".join(char for char, _ in chars), marked=marked)
