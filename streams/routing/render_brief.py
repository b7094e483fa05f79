"""The facts of a notification for a reader in a hurry: the most telling rules and words first, nothing twice."""

from collections.abc import Iterable, Sequence
from types import MappingProxyType

from streams.alerts.alert import AlertedRule, DeskAlert
from streams.latency import Hop, Ledger
from streams.matching.match import Span
from streams.routing.render import STEPS, span_of
from streams.routing.render_news import news_words
from streams.routing.render_text import plain, shortened

MOST_RULES, MOST_WORDS, MOST_NEWS, MOST_CHARS = 3, 4, 6, 60
PLACES = MappingProxyType({"title": 0, "lead": 1})  # where a reader sees a word; anywhere else comes after


def reasons(alert: DeskAlert) -> tuple[str, ...]:
    """Return a line for each of the three most telling rules, and one that names the others.

    The urgent come first, then those with words in the headline; of a rule, the words that the headline shows.
    """
    ordered = sorted(alert.rules, key=lambda rule: (-rule.urgency.rank, _nearest(_spans(rule, alert))))
    shown = [f"{_name(rule.rule_id)}: {_words(_spans(rule, alert))}" for rule in ordered[:MOST_RULES]]
    others = ", ".join(_name(rule.rule_id) for rule in ordered[MOST_RULES:])
    return (*shown, *([f"and {others}"] if others else []))


def news(alert: DeskAlert) -> str:
    """Return what the story had not told before, each once, as the text writes it: entities with their mark."""
    return news_words(alert, MOST_NEWS)


def times(ledger: Ledger) -> str:
    """Return the time in all and hop by hop, as far as the alert has come; `unknown` where a time is missing."""
    reached = [number for number, (_, _, end) in enumerate(STEPS) if ledger.at(end)]
    steps = STEPS[: reached[-1] + 1] if reached else STEPS
    hops = ", ".join(f"{name} {span_of(ledger.lag_ms(start, end))}" for name, start, end in steps)
    source = ledger.lag_ms(Hop.PUBLISHED, Hop.FIRST_SEEN)
    after = "; publication unknown" if source is None else f"; seen {span_of(source)} after it was published"
    return f"total {span_of(ledger.lag_ms(Hop.FETCHED, steps[-1][2]))} ({hops}){after}"


def _spans(rule: AlertedRule, alert: DeskAlert) -> list[Span]:
    """Return the rule's spans, the headline's first."""
    own = [alert.spans[index] for index in rule.spans if index < len(alert.spans)]
    return sorted(own, key=lambda span: PLACES.get(span.field, len(PLACES)))


def _nearest(spans: Sequence[Span]) -> int:
    return min((PLACES.get(span.field, len(PLACES)) for span in spans), default=len(PLACES) + 1)


def _words(spans: Iterable[Span]) -> str:
    """Return the words, an entity once however it is written; a word that is an entity's too counts as that."""
    spans = list(spans)
    named = {span.surface.casefold() for span in spans if span.entity_id}
    found: dict[str, str] = {}
    for span in spans:
        if span.entity_id or span.surface.casefold() not in named:
            found.setdefault(span.entity_id or span.surface.casefold(), _word(span))
    more = len(found) - MOST_WORDS
    words = [*list(found.values())[:MOST_WORDS], *([f"{more} more"] if more > 0 else [])]
    return ", ".join(words) or "no words of this text"


def _word(span: Span) -> str:
    surface = f'"{_name(span.surface)}"'
    return f"{surface} = @{_name(span.entity_id)}" if span.entity_id else surface


def _name(text: str) -> str:
    return shortened(plain(text[: 4 * MOST_CHARS]), MOST_CHARS)
