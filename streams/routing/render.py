"""What a notification says, whatever the receiver: the headline with its marks, why, who was first, how fast."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from streams import latency
from streams.alerts.alert import AlertedRule, AlertSource, DeskAlert, Relation
from streams.latency import Hop, Ledger
from streams.matching.match import Span
from streams.matching.rule import Urgency
from streams.routing.notification import UnlessAcked
from streams.routing.render_news import news_words
from streams.routing.render_text import Piece, pieces, plain, shortened

TITLE_CHARS, LEAD_CHARS, SURFACE_CHARS = 300, 400, 60
MOST_RULES, MOST_SURFACES, MOST_NEWS, MOST_SOURCES = 5, 6, 8, 4
LINK_CHARS = 2_000
UNACKNOWLEDGED = "UNACKNOWLEDGED"
KINDS = MappingProxyType(
    {
        Relation.FIRST: "NEW",
        Relation.UPDATE: "UPDATE",
        Relation.CORRECTION: "CORRECTION",
        Relation.RETRACT: "WITHDRAWN",
        Relation.CONFIRMATION: "CONFIRMED",
        Relation.COPY: "COPY",
    }
)
STEPS = tuple((name, start, end) for name, (start, end) in latency.STEPS.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notification in words; each text is plain, on one line, and without markup of any receiver.

    `step_up` says why it comes to whoever is told as nobody acknowledged it; it is empty for whoever is told at once.
    """

    kind: str
    urgency: Urgency
    badges: tuple[str, ...]
    publisher: str
    title: tuple[Piece, ...]
    lead: tuple[Piece, ...]
    why: tuple[str, ...]
    news: str
    sources: str
    took: str
    link: str | None
    step_up: str = ""

    @property
    def headline(self) -> str:
        """Return the title as one text."""
        return "".join(piece.text for piece in self.title)

    @property
    def tag(self) -> str:
        """Return what stands before the headline, such as `FLASH UPDATE SAMPLE`."""
        return " ".join((self.urgency.upper(), self.kind, *self.badges))


def notice(alert: DeskAlert, ledger: Ledger, unless_acked: UnlessAcked | None = None) -> Notice:
    """Return what is said of an alert; times that are unknown are called so. `unless_acked`: of a step up."""
    return Notice(
        kind=KINDS[alert.told_as],
        urgency=urgency_of(alert),
        badges=(*([UNACKNOWLEDGED] if unless_acked else []), *_badges(alert)),
        publisher=shortened(plain(alert.head.publisher), SURFACE_CHARS),
        title=pieces(alert.head.title, alert.spans, "title", TITLE_CHARS) or (Piece("(no headline)"),),
        lead=pieces(alert.head.lead, alert.spans, "lead", LEAD_CHARS),
        why=_why(alert),
        news=news_words(alert, MOST_NEWS),
        sources=sources_line(alert),
        took=took_line(ledger),
        link=_link(alert.head.url),
        step_up=step_up_line(unless_acked) if unless_acked else "",
    )


def step_up_line(unless_acked: UnlessAcked) -> str:
    """Return at which desk nobody acknowledged a story, and how long it had."""
    within_s = unless_acked.within_s
    limit = "in time" if within_s is None else f"within {within_s:g} s"
    return f"Nobody at {_name(unless_acked.desk)} acknowledged this {limit}"


def urgency_of(alert: DeskAlert) -> Urgency:
    """Return the highest urgency among the alert's rules."""
    return max((rule.urgency for rule in alert.rules), key=lambda urgency: urgency.rank, default=Urgency.ROUTINE)


def sources_line(alert: DeskAlert) -> str:
    """Return who was first and how far behind the others were, from what the desk may see.

    Where a source stood in its feed before we first looked, nobody knows who was first, and the line says so.
    """
    ordered = sorted(alert.sources, key=lambda source: source.lag_s)
    if not ordered:
        return f"first {_name(alert.head.publisher)}"
    before = next((source for source in ordered if source.first_seen_at and source.absent_at is None), None)
    if before is not None and len(ordered) > 1:
        why = f"{_name(before.publisher)} had it before the first look at its feed"
        return f"{_count(ordered)}, first unknown: {_listed([_name(source.publisher) for source in ordered])}; {why}"
    leaders = [source for source in ordered if source.lag_s == ordered[0].lag_s]
    later = [f"{_name(source.publisher)} +{span_of(source.lag_s * 1000)}" for source in ordered[len(leaders) :]]
    first = _name(leaders[0].publisher)
    if len(leaders) > 1:
        first = f"{_listed([_name(source.publisher) for source in leaders])} at once"
    return f"{_count(ordered)}, first {_listed([first, *later])}"


def _listed(names: Sequence[str]) -> str:
    """Return the first four, and how many more there are."""
    more = len(names) - MOST_SOURCES
    return ", ".join([*names[:MOST_SOURCES], *([f"{more} more"] if more > 0 else [])])


def took_line(ledger: Ledger) -> str:
    """Return the journey's time in all and hop by hop; `unknown` where a time is missing, never 0."""
    last = Hop.ROUTED if ledger.at(Hop.DELIVERED) is None and ledger.at(Hop.ROUTED) else Hop.DELIVERED
    shown = STEPS[:-1] if last is Hop.ROUTED else STEPS
    hops = ", ".join(f"{name} {span_of(ledger.lag_ms(start, end))}" for name, start, end in shown)
    source = span_of(ledger.lag_ms(Hop.PUBLISHED, Hop.FIRST_SEEN))
    return f"total {span_of(ledger.lag_ms(Hop.FETCHED, last))} ({hops}); publisher to first sight {source}"


def span_of(milliseconds: float | None) -> str:
    """Return a duration for people: `0.8 ms`, `184 ms`, `12.4 s`, `14 min`, or `unknown`."""
    if milliseconds is None:
        return "unknown"
    size = abs(milliseconds)
    for limit, unit, places, name in ((9.95, 1, 1, "ms"), (9_999.5, 1, 0, "ms"), (99_950, 1_000, 1, "s")):
        if size < limit:
            return f"{milliseconds / unit:.{places}f} {name}"
    return f"{milliseconds / 60_000:.0f} min" if size < 7_200_000 else f"{milliseconds / 3_600_000:.1f} h"  # noqa: PLR2004 - two hours


def _badges(alert: DeskAlert) -> Iterable[str]:
    if alert.sample or alert.head.sample:
        yield "SAMPLE"
    if alert.late_by_s is not None:
        yield f"LATE {span_of(alert.late_by_s * 1000)}"
    if not alert.firm:
        yield "MAY BE ANOTHER EVENT"


def _why(alert: DeskAlert) -> tuple[str, ...]:
    shown = [_reason(rule, alert.spans) for rule in alert.rules[:MOST_RULES]]
    more = len(alert.rules) - MOST_RULES
    return (*shown, *([f"and {more} more rules"] if more > 0 else []))


def _reason(rule: AlertedRule, spans: Sequence[Span]) -> str:
    own = [spans[index] for index in rule.spans if index < len(spans)]
    surfaces = list(dict.fromkeys(_surface(span) for span in own))
    more = len(surfaces) - MOST_SURFACES
    listed = ", ".join([*surfaces[:MOST_SURFACES], *([f"{more} more"] if more > 0 else [])])
    revision = f" (revision {rule.revision})" if rule.revision > 1 else ""
    return f"{_name(rule.rule_id)}{revision}: {listed or 'no words of this text'}"


def _surface(span: Span) -> str:
    surface = f'"{shortened(plain(span.surface[:TITLE_CHARS]), SURFACE_CHARS)}"'
    return f"{surface} = @{_name(span.entity_id)}" if span.entity_id else surface


def _name(text: str) -> str:
    return shortened(plain(text[:TITLE_CHARS]), SURFACE_CHARS)


def _count(sources: Sequence[AlertSource]) -> str:
    return "1 source" if len(sources) == 1 else f"{len(sources)} sources"


def _link(url: str) -> str | None:
    fine = url.startswith(("https://", "http://")) and len(url) <= LINK_CHARS and url == plain(url)
    return url if fine and not set(url) & set(' <>|"\\') else None
