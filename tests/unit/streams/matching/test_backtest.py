from collections.abc import Iterable, Mapping
from datetime import timedelta

import pytest
from pydantic import JsonValue

from streams.articles.article import Article
from streams.ids import ArticleId, RuleId
from streams.matching import backtest as testing
from streams.matching.backtest import SAMPLED, Backtest, Taken, Tally, backtest, compared, samples
from streams.matching.matcher import Matcher
from tests.support.matching import NOON, article, change, matcher

CHINA: Mapping[str, JsonValue] = {"names": {"en": ["China"]}}
SOUTH_SEA: Mapping[str, JsonValue] = {"names": {"en": ["South China Sea"]}}


def told(number: int, title: str, *, revision: int = 1, **fields: object) -> Article:
    given = {"article_id": f"a{number}", "revision": f"{revision}-x", "fetched_at": NOON + timedelta(minutes=number)}
    return article(title, **{**given, **fields})


def counted(before: Mapping[str, str], after: Mapping[str, str], articles: Iterable[Article]) -> Backtest:
    return backtest(articles, matcher(before), matcher(after))


def figures(tally: Tally) -> tuple[int, int, int, int]:
    return (tally.live, tally.proposed, tally.gained, tally.lost)


def test_a_rule_counts_what_it_gains_and_what_it_loses() -> None:
    found = counted({"a": "tin"}, {"a": "zinc"}, [told(1, "tin"), told(2, "zinc"), told(3, "tin, zinc"), told(4, "x")])
    assert figures(found.rules[RuleId("a")]) == (2, 2, 1, 1)
    assert (found.articles, found.revisions) == (4, 4)


def test_new_and_deleted_rules_are_compared_with_nothing() -> None:
    found = counted({"old": "tin"}, {"new": "tin"}, [told(1, "tin")])
    assert figures(found.rules[RuleId("old")]) == (1, 0, 0, 1)
    assert figures(found.rules[RuleId("new")]) == (0, 1, 1, 0)


def test_rules_that_are_the_same_are_not_asked() -> None:
    found = counted({"a": "tin", "b": "zinc"}, {"a": "tin", "b": "zinc"}, [told(1, "tin")])
    assert (found.rules, found.articles) == ({}, 1)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param({"query": "tin", "urgency": "flash"}, {"a"}, id="another urgency"),
        pytest.param({"query": "tin", "labels": {"topic": "metal"}}, {"a"}, id="other labels"),
        pytest.param({"query": "tin", "owner": "fx"}, {"a"}, id="another owner"),
        pytest.param({"query": "tin", "description": "the metal"}, set(), id="another description"),
        pytest.param({"query": "TIN"}, set(), id="the same query, written otherwise"),
    ],
)
def test_what_a_reader_would_notice_is_compared(body: Mapping[str, JsonValue], expected: set[str]) -> None:
    live = matcher({"a": "tin"})
    assert compared(live, live.apply([(9, change("rule", "a", body, base="a-1", number=2))])) == expected


def test_a_list_counts_by_its_members() -> None:
    live = matcher({"a": "#metals", "b": "x"}, lists={"metals": ["tin"]})
    wider = live.apply([(9, change("list", "metals", {"members": ["tin", "zinc"]}, base="metals-1", number=2))])
    found = backtest([told(1, "zinc"), told(2, "tin")], live, wider)
    assert {name: figures(tally) for name, tally in found.rules.items()} == {"a": (1, 2, 1, 0)}


def test_a_new_entity_with_a_longer_name_takes_articles_from_a_rule_that_does_not_name_it() -> None:
    live = matcher({"a": "@china", "b": "tin"}, entities={"china": CHINA})
    wider = live.apply([(9, change("entity", "south_sea", {"type": "place", **SOUTH_SEA}))])
    found = backtest([told(1, "Ships in the South China Sea"), told(2, "China")], live, wider)
    assert {name: figures(tally) for name, tally in found.rules.items()} == {"a": (2, 1, 0, 1)}


def test_an_entity_that_is_gone_is_a_change() -> None:
    live = matcher({"a": "@china"}, entities={"china": CHINA, "south_sea": SOUTH_SEA})
    narrower = live.apply([(9, change("entity", "south_sea", base="south_sea-1", number=2))])
    found = backtest([told(1, "The South China Sea")], live, narrower)
    assert figures(found.rules[RuleId("a")]) == (0, 1, 1, 0)


def test_names_are_found_where_only_one_side_asks_for_them() -> None:
    live = matcher({"a": "tin", "china": "tin"}, entities={"china": CHINA})
    after = live.apply([(9, change("rule", "china", {"query": "@china"}, base="china-1", number=2))])
    found = backtest([told(1, "China"), told(2, "tin")], live, after)
    assert {name: figures(tally) for name, tally in found.rules.items()} == {"china": (1, 1, 1, 1)}


def test_of_an_article_only_the_newest_revision_counts() -> None:
    both = ({"a": "tin"}, {"a": "zinc"})
    found = counted(*both, [told(1, "zinc"), told(1, "tin", revision=2), told(1, "zinc", revision=1)])
    assert figures(found.rules[RuleId("a")]) == (1, 0, 0, 1)
    assert (found.articles, found.revisions) == (1, 2)
    assert not found.rules[RuleId("a")].gained_samples
    assert [one.revision for one in samples(found.rules[RuleId("a")].lost_samples)] == ["2-x"]


def test_a_revision_that_matches_no_more_takes_the_article_back() -> None:
    found = counted({}, {"a": "tin"}, [told(1, "tin"), told(1, "nothing", revision=2)])
    assert figures(found.rules[RuleId("a")]) == (0, 0, 0, 0)
    assert samples(found.rules[RuleId("a")].gained_samples) == []


def test_a_heartbeat_is_no_article() -> None:
    assert counted({}, {"a": "tin"}, [told(1, "tin", kind="heartbeat")]).articles == 0


def test_articles_are_remembered_over_two_generations_and_then_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(testing, "REMEMBERED", 2)
    near = [told(1, "tin"), told(2, "x"), told(1, "zinc", revision=2)]
    assert figures(counted({}, {"a": "tin"}, near).rules[RuleId("a")])[1] == 0
    far = [*(told(number, "tin") for number in range(1, 6)), told(1, "zinc", revision=2)]
    assert figures(counted({}, {"a": "tin"}, far).rules[RuleId("a")])[1] == 5


def test_the_matches_of_an_article_come_from_each_side() -> None:
    found = Backtest(matcher({"a": "tin"}), matcher({"a": "zinc"}))
    assert found.take(told(1, "lead"), at=NOON) == Taken()
    live, proposed = found.take(told(2, "tin"), at=NOON)
    assert (live is not None and [hit.rule_id for hit in live.rules], proposed) == (["a"], None)


def test_where_both_sides_hold_alike_they_share_one_match() -> None:
    found = Backtest(matcher({"a": "tin"}), matcher({"a": "tin OR zinc"}))
    live, proposed = found.take(told(1, "tin"), at=NOON)
    assert live is not None
    assert live is proposed


def test_samples_do_not_depend_on_the_order_of_the_articles() -> None:
    articles = [told(number, "tin") for number in range(60)]
    one, other = (counted({}, {"a": "tin"}, given) for given in (articles, articles[::-1]))
    shown = samples(one.rules[RuleId("a")].gained_samples)
    assert shown == samples(other.rules[RuleId("a")].gained_samples)
    assert len(shown) == SAMPLED
    assert shown == sorted(shown, key=lambda sample: sample.at)


def test_a_sample_shows_the_places_that_proved_the_rule() -> None:
    long = "words before. " * 20 + "Then tin fell." + " Words after." * 20
    found = counted({}, {"a": "tin AND zinc"}, [told(1, "zinc", lead="no metal", body=long)])
    (sample,) = samples(found.rules[RuleId("a")].gained_samples)
    shown = [(one.field, [one.text[span.start : span.end] for span in one.spans]) for one in sample.passages]
    assert shown == [("title", ["zinc"]), ("body", ["tin"])]
    assert len(sample.passages[1].text) < 200


def test_a_rule_that_needs_no_word_is_gained_without_a_passage() -> None:
    found = counted({}, {"a": "source:wire"}, [told(1, "tin")])
    (sample,) = samples(found.rules[RuleId("a")].gained_samples)
    assert (sample.title, sample.passages) == ("tin", ())


def test_a_lost_article_shows_what_the_live_rule_found_beside_another_rule_that_gains_it() -> None:
    found = counted({"a": "tin"}, {"b": "fell"}, [told(1, "tin fell")])
    (sample,) = samples(found.rules[RuleId("a")].lost_samples)
    assert [span.surface for passage in sample.passages for span in passage.spans] == ["tin"]


def test_a_rule_that_does_not_compile_runs_in_its_version_before_on_both_sides() -> None:
    live = matcher({"a": "tin"})
    after = live.apply([(9, change("rule", "a", {"query": "@nobody"}, base="a-1", number=2))])
    assert after.rejected
    assert compared(live, after) == set()


def test_only_named_rules_are_asked_if_they_are_named() -> None:
    found = Backtest(Matcher.empty(), matcher({"a": "tin", "b": "tin"}), [RuleId("b")])
    found.take(told(1, "tin"), at=NOON)
    assert list(found.rules) == ["b"]
    assert ArticleId("a1") in found.rules[RuleId("b")].gained_samples
