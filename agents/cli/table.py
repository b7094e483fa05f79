"""Rows under their heads, as wide as there is room: texts give way first, then what is empty, then rows take lines."""

from collections.abc import Iterator, Mapping, Sequence

from streams.routing.render_width import columns, cut

GAP, NARROW, INDENT = "  ", " ", "  "  # between columns; where that alone makes a row fit; before a row's further lines
NOTHING = "-"
BEGINNINGS = ("delivery",)  # hashes: a beginning is as good as the whole
LEAST: Mapping[str, int] = {  # columns that may be cut on a terminal, and what must be left of them
    "title": 20, "reason": 20, "why": 20, "url": 20, "path": 20, "outcome": 12, "comment": 12, "rules": 12, "source": 8,
    "publisher": 8, "value": 12, "delivery": 12,
}  # fmt: skip
READABLE = 2  # a text gets so many times its least where a row takes several lines anyway
Column = tuple[str, Sequence[str]]  # a head, and what stands under it


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, room: int | None) -> Iterator[list[str]]:
    """Yield the lines of the heads, then those of each row; without `room` one line each, all of it."""
    held = [(head, [row[number] for row in rows]) for number, head in enumerate(heads)]
    gap, parts = (GAP, [held]) if room is None else split(held, room)
    shares = [_shares(part, None if room is None else room - len(INDENT) * (part is not parts[0])) for part in parts]
    for number in range(-1, len(rows)):
        lines = [
            _line(part, share, number, gap, first=part is parts[0]) for part, share in zip(parts, shares, strict=True)
        ]
        yield [line for line in lines if line]


def split(held: Sequence[Column], room: int) -> tuple[str, list[Sequence[Column]]]:
    """Return the gap, and the columns of each line of a row: all that hold something in one, if they fit when cut.

    Else as many in each line as can be read there; what no line has room for stands alone.
    """
    if _taken(_shares(held, room)) <= room:
        return GAP, [held]
    full = [column for column in held if any(cell != NOTHING for cell in column[1])] or held
    if _taken(_shares(full, room)) <= room:
        return GAP, [full]
    if _taken(_shares(full, room + len(full) - 1), NARROW) <= room:
        return NARROW, [full]
    parts: list[list[Column]] = [[]]
    for column in full:
        wanted = _taken(
            [min(width, READABLE * LEAST.get(head, width)) for head, width in _widths([*parts[-1], column])]
        )
        if parts[-1] and wanted > room - len(INDENT) * (len(parts) > 1):
            parts.append([])
        parts[-1].append(column)
    return GAP, [*parts]


def fitted(heads: Sequence[str], widths: Sequence[int], room: int) -> list[int]:
    """Return the widths that make a line fit into `room` columns, if the columns of text can give that much.

    Hashes give first, as their beginning is enough, then the text that has most. Names, ids and numbers stay whole.
    """
    found = list(widths)
    for _ in range(_taken(widths) - room):
        give = [(head in BEGINNINGS, width - LEAST.get(head, width)) for head, width in zip(heads, found, strict=True)]
        most = max((one for one in give if one[1] > 0), default=None)
        if most is None:
            break
        found[give.index(most)] -= 1
    return found


def _taken(widths: Sequence[int], gap: str = GAP) -> int:
    return sum(widths) + len(gap) * (len(widths) - 1)


def _widths(part: Sequence[Column]) -> list[tuple[str, int]]:
    return [(head, max(map(columns, (head, *cells)))) for head, cells in part]


def _shares(part: Sequence[Column], room: int | None) -> list[int]:
    heads, widths = [head for head, _ in part], [width for _, width in _widths(part)]
    return widths if room is None else fitted(heads, widths, room)


def _line(part: Sequence[Column], share: Sequence[int], number: int, gap: str, *, first: bool) -> str:
    """Return a line of a row, or of the heads (-1); a further line on which nothing stands is empty."""
    cells = [cells[number] if number >= 0 else head for head, cells in part]
    if not first and all(cell == NOTHING for cell in cells):
        return ""
    shown = gap.join(_padded(head, cell, width) for (head, _), cell, width in zip(part, cells, share, strict=True))
    return (shown if first else INDENT + shown).rstrip()


def _padded(head: str, cell: str, width: int) -> str:
    # The beginning of a hash is as good as the hash, but only without an ellipsis behind it.
    shown = cell[:width] if head in BEGINNINGS else cut(cell, width)
    return shown + " " * (width - columns(shown))
