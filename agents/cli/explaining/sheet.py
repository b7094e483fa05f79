"""Lines with a label before them, wrapped to the terminal, words marked: what `tocsin explain` writes on."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from shutil import get_terminal_size

from agents.cli.output import coloured
from streams.matching.match import Field, Span
from streams.routing.render_text import ELLIPSIS, Piece, pieces, plain
from streams.routing.render_width import rows

LABEL = 10
LEAST_WIDTH = 40
HANGING = 2
WHOLE = 240  # characters of a text that is shown whole
AROUND = 40  # characters of a longer one on either side of a mark
MOST_PLACES = 3
MOST_ROWS = 1_000
MARK, BOLD, DIM, RESET = "\x1b[1;4m", "\x1b[1m", "\x1b[2m", "\x1b[0m"


def width() -> int | None:
    """Return the columns that a line may take, or None where nothing is to be wrapped: in a pipe or a file."""
    found = get_terminal_size().columns if sys.stdout.isatty() else 0
    return found - 1 if found >= LEAST_WIDTH else None


def lines(label: str, text: str | Iterable[Piece], *, room: int | None, styled: bool) -> Iterator[str]:
    """Yield a labelled text, wrapped to `room` columns; spaces before a text move all of its lines to the right.

    Marks are bold and underlined if `styled`, else in brackets.
    """
    given = [Piece(plain(text.lstrip()))] if isinstance(text, str) else list(text)
    deep = len(text) - len(text.lstrip()) if isinstance(text, str) else 0
    shown = [Piece(f"[{one.text}]", marked=True) if one.marked and not styled else one for one in given]
    room_left = None if room is None else max(room - LABEL - deep, LEAST_WIDTH // 2)
    wrapped: Sequence[Sequence[Piece]] = [shown]
    if room_left is not None:
        wrapped = rows(shown, first=room_left, others=room_left - HANGING, most=MOST_ROWS) or [shown]
    for number, row in enumerate(wrapped):
        head = label.ljust(LABEL) if number == 0 else " " * (LABEL + HANGING)
        before = (f"{DIM}{head}{RESET}" if styled and label and number == 0 else head) + " " * deep
        yield (
            before + "".join(f"{MARK}{one.text}{RESET}" if one.marked and styled else one.text for one in row)
        ).rstrip()


def heading(text: str) -> str:
    """Return a line that begins a section."""
    return f"{BOLD}{plain(text)}{RESET}" if coloured() else plain(text)


def marked(text: str, spans: Iterable[Span], field: Field) -> Iterator[tuple[Piece, ...]]:
    """Yield a short text whole, of a long one the places where a marked word stands first; three at most."""
    own = sorted((span for span in spans if span.field == field), key=lambda span: span.start)
    anchors = list({span.surface.casefold(): span for span in reversed(own)}.values())[::-1]
    if own and len(text) <= WHOLE:
        yield pieces(text, own, field, WHOLE)
        return
    places: list[tuple[int, int]] = []
    for span in anchors:
        start, end = max(0, span.start - AROUND), min(len(text), span.end + AROUND)
        if places and start <= places[-1][1]:
            places[-1] = (places[-1][0], max(places[-1][1], end))
        else:
            places.append((start, end))
    yield from (_place(text, own, field, start, end) for start, end in places[:MOST_PLACES])
    if len(places) > MOST_PLACES:
        yield (Piece(f"and {len(places) - MOST_PLACES} more places"),)


def _place(text: str, spans: Iterable[Span], field: Field, start: int, end: int) -> tuple[Piece, ...]:
    """Return what stands between two places, with an ellipsis where the text goes on."""
    here = [
        span.model_copy(update={"start": span.start - start, "end": span.end - start})
        for span in spans
        if start <= span.start and span.end <= end
    ]
    before, after = [Piece(ELLIPSIS)] * (start > 0), [Piece(ELLIPSIS)] * (end < len(text))
    return (*before, *pieces(text[start:end], here, field, end - start), *after)
