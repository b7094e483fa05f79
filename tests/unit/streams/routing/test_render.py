from datetime import timedelta

import pytest

from streams.alerts.alert import AlertSource, NewToken, Relation
from streams.latency import Hop, Ledger
from streams.matching.rule import Urgency
from streams.routing.render import notice, span_of, took_line, urgency_of
from tests.support.notices import AT, alert, head, ledger
from tests.support.racing import source


def test_a_notice_says_who_was_first_and_how_far_behind_the_others_were() -> None:
    said = notice(alert(), ledger())
    assert said.sources == "2 sources, first Sample Wire, Example Post +12.4 s"


def test_a_story_without_known_sources_names_the_publisher() -> None:
    assert notice(alert(sources=()), ledger()).sources == "first Sample Wire"


def test_one_source_is_counted_in_the_singular_and_many_are_cut_with_their_number() -> None:
    sources = tuple(AlertSource(publisher=f"P{n}", permission="public", lag_s=n) for n in range(7))
    assert notice(alert(sources=sources[:1]), ledger()).sources == "1 source, first P0"
    assert notice(alert(sources=sources), ledger()).sources.endswith("P3 +3000 ms, 3 more")


def test_sources_that_were_seen_at_once_share_the_first_place() -> None:
    sources = tuple(AlertSource(publisher=f"P{n}", permission="public", lag_s=lag) for n, lag in enumerate((0, 0, 42)))
    assert notice(alert(sources=sources), ledger()).sources == "3 sources, first P0, P1 at once, P2 +42.0 s"


def test_nobody_is_called_first_where_a_source_was_there_before_the_first_look() -> None:
    early = source("BBC", 3, looked_s=None)
    said = notice(alert(sources=(source("Reuters"), early)), ledger()).sources
    assert said == "2 sources, first unknown: Reuters, BBC; BBC had it before the first look at its feed"
    assert notice(alert(sources=(early,)), ledger()).sources == "1 source, first BBC"


def test_every_rule_is_shown_with_the_words_that_fired_it_and_their_entity() -> None:
    assert notice(alert(), ledger()).why == (
        'rare-earths: "gallium", "exports", "germanium"',
        'treasury: "贝森特" = @scott-bessent',
    )


def test_a_rule_without_words_and_rules_beyond_five_are_still_told() -> None:
    rule = alert().rules[0].model_copy(update={"spans": (99,)})
    why = notice(alert(rules=(rule,) * 7), ledger()).why
    assert why[0] == "rare-earths: no words of this text"
    assert why[-1] == "and 2 more rules"


def test_a_rule_with_many_words_and_a_later_revision_says_so() -> None:
    spans = tuple(alert().spans[0].model_copy(update={"surface": f"word{n}"}) for n in range(8))
    rule = alert().rules[0].model_copy(update={"spans": tuple(range(8)), "revision": 3})
    [reason] = notice(alert(spans=spans, rules=(rule,)), ledger()).why
    assert reason.startswith('rare-earths (revision 3): "word0"')
    assert reason.endswith("2 more")


@pytest.mark.parametrize(
    ("given", "badges"),
    [
        pytest.param({}, (), id="nothing special"),
        pytest.param({"sample": True}, ("SAMPLE",), id="a sample alert"),
        pytest.param({"head": head(sample=True)}, ("SAMPLE",), id="a sample article"),
        pytest.param({"late_by_s": 840.0}, ("LATE 14 min",), id="late news with its age"),
        pytest.param({"firm": False}, ("MAY BE ANOTHER EVENT",), id="a loose confirmation"),
    ],
)
def test_a_notice_is_marked(given: dict[str, object], badges: tuple[str, ...]) -> None:
    assert notice(alert(**given), ledger()).badges == badges


def test_the_tag_names_urgency_relation_and_marks() -> None:
    assert notice(alert(Relation.CORRECTION, sample=True), ledger()).tag == "FLASH CORRECTION SAMPLE"


def test_an_alert_without_rules_is_routine() -> None:
    assert urgency_of(alert(rules=())) is Urgency.ROUTINE


def test_what_is_new_is_listed_up_to_eight() -> None:
    news = tuple(NewToken(value=f"{n} %", kind="percentage") for n in range(10))
    assert notice(alert(whats_new=news), ledger()).news.endswith("7 %, 2 more")


def test_the_latency_is_told_hop_by_hop() -> None:
    assert took_line(ledger(delivered=True)) == (
        "total 184 ms (fetch 60 ms, queue 3.1 ms, match 2.1 ms, alert 4.7 ms, route 4.1 ms, deliver 170 ms); "
        "publisher to first sight 2820 ms"
    )


def test_an_undelivered_alert_counts_to_the_routing() -> None:
    assert took_line(ledger()).startswith("total 14 ms (fetch 60 ms, queue 3.1 ms,")
    assert "deliver" not in took_line(ledger())


def test_an_unknown_time_is_called_unknown_and_never_zero() -> None:
    text = took_line(Ledger({Hop.FETCHED: AT, Hop.PUBLISHED: None}))
    assert text.startswith("total unknown (fetch unknown,")
    assert "deliver unknown" in text
    assert " 0" not in text


def test_a_negative_difference_across_clocks_is_shown_as_such() -> None:
    skewed = Ledger({Hop.FETCHED: AT, Hop.DELIVERED: AT - timedelta(milliseconds=5)})
    assert took_line(skewed).startswith("total -5.0 ms")


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        pytest.param(0.84, "0.8 ms", id="below ten"),
        pytest.param(9_999, "9999 ms", id="milliseconds up to ten seconds"),
        pytest.param(12_400, "12.4 s", id="seconds"),
        pytest.param(840_000, "14 min", id="minutes"),
        pytest.param(9_000_000, "2.5 h", id="hours"),
        pytest.param(None, "unknown", id="unknown"),
    ],
)
def test_a_duration_is_written_for_people(milliseconds: float | None, text: str) -> None:
    assert span_of(milliseconds) == text


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        pytest.param("https://a.test/x?y=1&z=2", True, id="https"),
        pytest.param("http://a.test/", True, id="http"),
        pytest.param("javascript:alert(1)", False, id="a script"),
        pytest.param("https://a.test/|<!channel>", False, id="markup inside"),
        pytest.param("https://a.test/\r\nx", False, id="a line break inside"),
        pytest.param("https://a.test/" + "x" * 2_000, False, id="too long for a button"),
    ],
)
def test_only_a_plain_web_address_becomes_a_link(url: str, shown: bool) -> None:
    assert (notice(alert(head=head(url=url)), ledger()).link == url) is shown
