from datetime import UTC, datetime

import pytest

from agents.cli.page import Page, read_page
from agents.cli.verdict import judge
from streams.alerts.alert import AlertedRule, DeskAlert, Relation
from streams.articles.article import Article, ArticleKind
from streams.ids import AlertId, ArticleId, ChangeId, DeskId, EventId, FeedId, RevisionKey, RuleId, StoryId
from streams.matching.match import Span
from streams.matching.rule import Urgency

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TITLE, LEAD = "Talks begin", "Talks on tariffs began."
TEXT = f"Sunday\nTariffs, ahead of...\n\n{TITLE}\n\n{LEAD}\n\nRELATED ARTICLES\n\nMore tariffs\n"
GOOD = Span(field="lead", start=9, end=16, surface="tariffs")


@pytest.fixture
def page() -> Page:
    return read_page(TEXT.encode(), name="page")


def article(body: str = "") -> Article:
    return Article(
        article_id=ArticleId("a" * 16), revision=RevisionKey("1-00000000"), kind=ArticleKind.NEW,
        feed_id=FeedId("page"), publisher="Page", tier=1, permission="public", language="en", url="http://page.test/",
        title=TITLE, lead=LEAD,
        body=body, first_seen_at=NOON, fetched_at=NOON,
    )  # fmt: skip


def alert(*spans: Span) -> DeskAlert:
    rule = AlertedRule(
        rule_id=RuleId("tariffs"), change_id=ChangeId("c"), alert_id=AlertId("i"), revision=1, urgency=Urgency.URGENT,
        spans=tuple(range(len(spans))),
    )  # fmt: skip
    return DeskAlert(
        event_id=EventId("e"), story_id=StoryId("s"), relation=Relation.FIRST, told_as=Relation.FIRST, spans=spans,
        head=article().head(), rules=(rule,), desk=DeskId("verify"), routes_version="v",
    )  # fmt: skip


def test_a_right_alert_is_good(page: Page) -> None:
    verdict = judge(page, article(), [alert(GOOD)], ["tariffs"], {RuleId("tariffs"): [GOOD]})
    assert verdict.good
    assert verdict.alerts[0]["rule_id"] == "tariffs"
    assert verdict.alerts[0]["spans"][0]["surface"] == "tariffs"


def test_an_expected_rule_that_did_not_alert_is_missing(page: Page) -> None:
    verdict = judge(page, article(), [], ["tariffs", "rare-earths"], {})
    assert verdict.missing == ["tariffs", "rare-earths"]
    assert not verdict.good


@pytest.mark.parametrize(
    ("span", "twin"),
    [
        pytest.param(GOOD.model_copy(update={"start": 8}), None, id="an offset that is off by one"),
        pytest.param(GOOD.model_copy(update={"start": 9, "end": 9, "surface": ""}), None, id="an empty span"),
        pytest.param(GOOD, {}, id="a rule that the twin doesn't find"),
        pytest.param(GOOD, {RuleId("tariffs"): []}, id="a span that the twin doesn't find"),
        pytest.param(GOOD, {RuleId("tariffs"): [GOOD], RuleId("x"): []}, id="a rule that only the twin finds"),
    ],
)
def test_a_span_that_is_not_what_it_says_is_not_ok(
    page: Page, span: Span, twin: dict[RuleId, list[Span]] | None
) -> None:
    given = {RuleId("tariffs"): [span]} if twin is None else twin
    assert not judge(page, article(), [alert(span)], [], given).spans_ok


@pytest.mark.parametrize("line", ["Tariffs, ahead of...", "More tariffs", "Tariffs, invented"])
def test_a_match_in_boilerplate_counts_whether_above_below_or_from_nowhere(page: Page, line: str) -> None:
    start = line.lower().index("tariffs")
    span = Span(field="body", start=start, end=start + 7, surface=line[start : start + 7])
    verdict = judge(page, article(body=line), [alert(GOOD, span)], [], {RuleId("tariffs"): [GOOD, span]})
    assert (verdict.spans_ok, verdict.boilerplate_matches, verdict.good) == (True, 1, False)


def test_a_match_in_the_title_is_never_boilerplate(page: Page) -> None:
    span = Span(field="title", start=0, end=5, surface="Talks")
    assert judge(page, article(), [alert(span)], [], {RuleId("tariffs"): [span]}).good
