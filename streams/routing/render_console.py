"""A notification as a terminal shows it: the headline with its marks, why, who was first, how fast."""

from collections.abc import Iterable
from types import MappingProxyType

from streams.alerts.alert import DeskAlert
from streams.latency import Hop, Ledger
from streams.matching.rule import Urgency
from streams.routing.render import Notice, notice
from streams.routing.render_text import Piece

RESET, MARK, DIM = "\x1b[0m", "\x1b[1;4m", "\x1b[2m"
COLOURS = MappingProxyType({Urgency.FLASH: "\x1b[1;31m", Urgency.URGENT: "\x1b[1;33m", Urgency.ROUTINE: "\x1b[1m"})
INDENT = " " * 9


def console_lines(alert: DeskAlert, ledger: Ledger, *, styled: bool) -> tuple[str, ...]:
    """Return the lines of one notification; marks are bold and underlined if `styled`, else in brackets.

    All times of day are UTC. What comes from outside holds no control characters, so it can't steer a terminal.
    """
    said = notice(alert, ledger)
    shown_at = ledger.at(Hop.DELIVERED) or ledger.at(Hop.ROUTED) or alert.head.fetched_at
    first = f"{shown_at:%H:%M:%S} {_tag(said, styled=styled)} {said.publisher}: {_marked(said.title, styled=styled)}"
    return (first, *(_under(name, text, styled=styled) for name, text in _details(said, styled=styled)))


def _details(said: Notice, *, styled: bool) -> Iterable[tuple[str, str]]:
    if said.lead:
        yield "lead", _marked(said.lead, styled=styled)
    for reason in said.why:
        yield "why", reason
    if said.news:
        yield "new", said.news
    yield "sources", said.sources
    yield "took", said.took
    if said.link:
        yield "link", said.link


def _under(name: str, text: str, *, styled: bool) -> str:
    label = f"{name:<8}"
    return f"{INDENT}{DIM}{label}{RESET}{text}" if styled else f"{INDENT}{label}{text}"


def _tag(said: Notice, *, styled: bool) -> str:
    return f"{COLOURS[said.urgency]}{said.tag}{RESET}" if styled else said.tag


def _marked(text: Iterable[Piece], *, styled: bool) -> str:
    before, after = (MARK, RESET) if styled else ("[", "]")
    return "".join(f"{before}{piece.text}{after}" if piece.marked else piece.text for piece in text)
