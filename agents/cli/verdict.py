"""The verdict on one page: which rules alerted, whether their spans are what they say, and what boilerplate matched."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

from agents.cli.page import Page, squeezed
from streams.alerts.alert import AlertedRule, DeskAlert
from streams.articles.article import Article
from streams.ids import RuleId
from streams.matching.match import Span

Twin = Mapping[RuleId, Sequence[Span]]


class Shown(TypedDict):
    """One rule that alerted."""

    rule_id: str
    urgency: str
    relation: str
    event_id: str
    title: str
    spans: list[dict[str, str | int | None]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `tocsin verify` answers, in the order in which it is printed."""

    alerts: Sequence[Shown]
    spans_ok: bool
    boilerplate_matches: int
    missing: Sequence[str]

    @property
    def good(self) -> bool:
        """Return whether nothing is wrong."""
        return self.spans_ok and not self.boilerplate_matches and not self.missing


def judge(page: Page, article: Article, alerts: Sequence[DeskAlert], expected: Iterable[str], twin: Twin) -> Verdict:
    """Return the verdict. `twin` is what the brute-force evaluation finds in the same article."""
    hits = [(alert, rule) for alert in alerts for rule in alert.rules]
    told = {rule.rule_id for _, rule in hits}
    spans = {span for alert, rule in hits for span in _spans(alert, rule)}
    return Verdict(
        alerts=[_shown(alert, rule) for alert, rule in hits],
        spans_ok=all(_is_there(article, span) for span in spans) and _agrees(hits, twin),
        boilerplate_matches=sum(_in_boilerplate(page, article, spans)),
        missing=[name for name in expected if name not in told],
    )


def _shown(alert: DeskAlert, rule: AlertedRule) -> Shown:
    return {
        "rule_id": rule.rule_id,
        "urgency": rule.urgency,
        "relation": alert.told_as,
        "event_id": alert.event_id,
        "title": alert.head.title,
        "spans": [span.model_dump(mode="json") for span in _spans(alert, rule)],
    }


def _spans(alert: DeskAlert, rule: AlertedRule) -> list[Span]:
    return [alert.spans[number] for number in rule.spans]


def _text(article: Article, span: Span) -> str:
    return {"title": article.title, "lead": article.lead, "body": article.body}[span.field]


def _is_there(article: Article, span: Span) -> bool:
    return bool(span.surface) and _text(article, span)[span.start : span.end] == span.surface


def _agrees(hits: Sequence[tuple[DeskAlert, AlertedRule]], twin: Twin) -> bool:
    """Return whether the twin finds the same rules with the same spans."""
    found = {rule.rule_id: frozenset(_spans(alert, rule)) for alert, rule in hits}
    return found == {name: frozenset(spans) for name, spans in twin.items()}


def _in_boilerplate(page: Page, article: Article, spans: Iterable[Span]) -> Iterator[bool]:
    """Yield, for each span in lead or body, whether its line is the page's boilerplate, or no line of the page."""
    lines = [*article.lead.split("\n"), *article.body.split("\n")]
    places = list(page.place(lines))
    leads = article.lead.count("\n") + 1
    for span in spans:
        if span.field != "title":
            text = _text(article, span)
            place = places[text.count("\n", 0, span.start) + (leads if span.field == "body" else 0)]
            before = text[text.rfind("\n", 0, span.start) + 1 : span.start]
            yield place is None or page.is_boilerplate(page.line_at(place + len(squeezed(before))))
