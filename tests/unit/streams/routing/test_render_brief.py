from datetime import timedelta

import pytest

from streams.alerts.alert import AlertedRule, NewToken
from streams.ids import AlertId, ChangeId, RuleId
from streams.latency import Hop, Ledger
from streams.matching.match import Span
from streams.matching.rule import Urgency
from streams.routing.render_brief import news, reasons, times
from tests.support.notices import AT, alert, ledger


def rule(name: str, urgency: Urgency, *spans: int) -> AlertedRule:
    return AlertedRule(
        rule_id=RuleId(name), change_id=ChangeId("c"), alert_id=AlertId(name), revision=2, urgency=urgency, spans=spans
    )


def word(field: str, surface: str, entity: str | None = None) -> Span:
    return Span.model_validate({"field": field, "start": 0, "end": 1, "surface": surface, "entity_id": entity})


def token(value: str, kind: str = "number") -> NewToken:
    return NewToken(value=value, kind=kind)


def test_the_urgent_rules_come_first_then_those_that_the_headline_shows() -> None:
    spans = (word("body", "talks"), word("title", "tariffs"), word("lead", "summit"))
    rules = (
        rule("in-the-body", Urgency.URGENT, 0),
        rule("in-the-lead", Urgency.URGENT, 2),
        rule("without-words", Urgency.URGENT),
        rule("in-the-title", Urgency.URGENT, 0, 1, 99),
        rule("flash", Urgency.FLASH, 0),
    )
    assert reasons(alert(spans=spans, rules=rules)) == (
        'flash: "talks"',
        'in-the-title: "tariffs", "talks"',
        'in-the-lead: "summit"',
        "and in-the-body, without-words",
    )


@pytest.mark.parametrize(
    ("spans", "line"),
    [
        pytest.param(
            (word("body", "Scott Bessent", "sb"), word("title", "Bessent", "sb")),
            '"Bessent" = @sb',
            id="an entity once",
        ),
        pytest.param(
            (word("title", "Tariffs"), word("body", "tariffs", "tariffs")), '"tariffs" = @tariffs', id="word and entity"
        ),
        pytest.param((word("title", "Export"), word("body", "export")), '"Export"', id="a word once"),
        pytest.param((), "no words of this text", id="no words"),
        pytest.param(tuple(word("body", f"w{n}") for n in range(6)), '"w0", "w1", "w2", "w3", 2 more', id="many words"),
    ],
)
def test_a_rule_names_each_of_its_words_once(spans: tuple[Span, ...], line: str) -> None:
    (shown,) = reasons(alert(spans=spans, rules=(rule("r", Urgency.FLASH, *range(len(spans))),)))
    assert shown == f"r: {line}"


def test_what_is_new_is_told_in_six_words_at_most() -> None:
    tokens = tuple(token(str(number)) for number in range(8))
    assert news(alert(spans=(), rules=(), whats_new=tokens)) == "0, 1, 2, 3, 4, 5, 2 more"


def test_the_time_is_told_as_far_as_the_alert_has_come() -> None:
    hops = "fetch 60 ms, queue 3.1 ms, match 2.1 ms, alert 4.7 ms, route 4.1 ms"
    assert times(ledger()) == f"total 14 ms ({hops}); seen 2820 ms after it was published"
    assert times(ledger(delivered=True)).startswith(f"total 184 ms ({hops}, deliver 170 ms); ")


def test_a_time_that_is_missing_is_unknown_and_never_0() -> None:
    gap = Ledger({Hop.FETCHED: AT, Hop.DELIVERED: AT + timedelta(milliseconds=12)})
    assert times(gap).startswith("total 12 ms (fetch unknown, queue unknown, ")
    assert times(Ledger({})).startswith("total unknown (fetch unknown")
    assert "published" not in times(gap)


def test_a_publisher_that_is_ahead_and_one_that_says_nothing_are_both_told() -> None:
    ahead = ledger().stamped(published=AT + timedelta(minutes=5))
    assert times(ahead).endswith("; seen -5 min after it was published")
    assert times(ledger().stamped(published=None)).endswith("; publication unknown")


def test_a_clock_that_jumped_back_between_hops_is_shown_and_not_made_0() -> None:
    back = ledger().stamped(alerted=AT - timedelta(seconds=10))
    assert "alert -9885 ms, route 9894 ms" in times(back)
