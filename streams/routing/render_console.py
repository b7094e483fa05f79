"""A notification as a terminal shows it: the headline with its marks, what is new, why, who was first, how fast."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import MappingProxyType

from streams.alerts.alert import DeskAlert
from streams.latency import Hop, Ledger
from streams.matching.rule import Urgency
from streams.routing.notification import UnlessAcked
from streams.routing.render import Notice, notice
from streams.routing.render_brief import news, reasons, times
from streams.routing.render_text import Piece
from streams.routing.render_width import columns, cut, rows

RESET, MARK, DIM = "\x1b[0m", "\x1b[1;4m", "\x1b[2m"
COLOURS = MappingProxyType({Urgency.FLASH: "\x1b[1;31m", Urgency.URGENT: "\x1b[1;33m", Urgency.ROUTINE: "\x1b[1m"})
INDENT, LABEL = " " * 9, 8
MOST_HEADLINE_ROWS, MOST_LEAD_ROWS = 4, 2
LEAST_WIDTH = 40  # narrower, a cut would leave nothing to read: the terminal wraps by itself


def console_lines(
    alert: DeskAlert,
    ledger: Ledger,
    *,
    styled: bool,
    width: int | None = None,
    unless_acked: UnlessAcked | None = None,
) -> tuple[str, ...]:
    """Return the lines of one notification; marks are bold and underlined if `styled`, else in brackets.

    `width` is a terminal's, in columns: the headline takes four rows at most, the lead two, all else but the link one,
    and an empty line ends the notification. Without it nothing is cut. All times of day are UTC. What comes from
    outside holds no control characters, so it can't steer a terminal.
    """
    said = notice(alert, ledger, unless_acked)
    shown_at = ledger.at(Hop.DELIVERED) or ledger.at(Hop.ROUTED) or alert.head.fetched_at
    screen = Screen(styled, width - 1 if width is not None and width >= LEAST_WIDTH else None)
    lines = [*screen.headline(f"{shown_at:%H:%M:%S} ", said)]
    if said.lead:
        lines += screen.lead(said.lead)
    lines += [screen.fact(name, text) for name, text in _facts(said, alert, ledger)]
    return (*lines, *([] if width is None else [""]))


def _facts(said: Notice, alert: DeskAlert, ledger: Ledger) -> Iterable[tuple[str, str]]:
    if said.step_up:
        yield "step up", said.step_up
    if new := news(alert):
        yield "new", new
    for reason in reasons(alert):
        yield "why", reason
    yield "sources", said.sources
    yield "took", times(ledger)
    if said.link:
        yield "link", said.link


@dataclass(frozen=True, slots=True)
class Screen:
    """How lines are shown: with styles or plain, within `room` columns or whole."""

    styled: bool
    room: int | None

    def headline(self, clock: str, said: Notice) -> Iterator[str]:
        """Yield the headline behind time, tag and publisher, in four rows at most."""
        tag = f"{COLOURS[said.urgency]}{said.tag}{RESET}" if self.styled else said.tag
        publisher = said.publisher if self.room is None else cut(said.publisher, self.room // 3)
        before = columns(f"{clock}{said.tag} {publisher}: ")
        first, *others = self._rows(said.title, before=before, indent=len(INDENT), most=MOST_HEADLINE_ROWS)
        yield f"{clock}{tag} {publisher}: {first}"
        yield from (INDENT + row for row in others)

    def lead(self, text: Iterable[Piece]) -> Iterator[str]:
        """Yield the lead in two rows."""
        first, *others = self._rows(text, before=len(INDENT) + LABEL, indent=len(INDENT) + LABEL, most=MOST_LEAD_ROWS)
        yield f"{INDENT}{self._label('lead')}{first}"
        yield from (f"{INDENT}{' ' * LABEL}{row}" for row in others)

    def fact(self, name: str, text: str) -> str:
        """Return a line with its name; a link is never cut, as it would lead nowhere."""
        whole = self.room is None or name == "link"
        shown = text if self.room is None or whole else cut(text, self.room - len(INDENT) - LABEL)
        return f"{INDENT}{self._label(name)}{shown}"

    def _rows(self, text: Iterable[Piece], *, before: int, indent: int, most: int) -> list[str]:
        bracketed = [Piece(f"[{one.text}]", marked=True) if one.marked and not self.styled else one for one in text]
        if self.room is None:
            return [self._joined(bracketed)]
        others = self.room - indent
        first = max(self.room - before, others // 4)  # many badges leave a quarter of a row
        return [self._joined(row) for row in rows(bracketed, first=first, others=others, most=most)]

    def _joined(self, row: Iterable[Piece]) -> str:
        return "".join(f"{MARK}{one.text}{RESET}" if one.marked and self.styled else one.text for one in row)

    def _label(self, name: str) -> str:
        return f"{DIM}{name:<{LABEL}}{RESET}" if self.styled else f"{name:<{LABEL}}"
