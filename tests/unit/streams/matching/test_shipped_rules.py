"""The shipped rules against their own examples, and against the golden page."""

import os
from pathlib import Path

import pytest

from config.rules import load_rules
from streams.ids import RuleId
from streams.matching.matcher import Matcher
from streams.matching.rule import ExampleArticle, Examples
from streams.text.boilerplate import cut
from tests.support.matching import article, change, spans_by_rule

SHIPPED = load_rules(Path("no-folder-of-this-name"))
RULES = {entry.id: entry for entry in SHIPPED if entry.kind == "rule"}


def examples(kind: str) -> list[object]:
    given = {name: Examples.model_validate(entry.body.get("examples", {})) for name, entry in RULES.items()}
    return [
        pytest.param(name, text, id=f"{name}: {text}")
        for name, all_of in given.items()
        for text in getattr(all_of, kind)
    ]


@pytest.fixture(scope="module")
def shipped() -> Matcher:
    return Matcher.empty().apply(list(enumerate(change(entry.kind, entry.id, entry.body) for entry in SHIPPED)))


def found(made: Matcher, title: str, body: str = "") -> set[str]:
    return {hit.rule_id for hit in made.match(article(title, body=body)).rules}


def found_in(made: Matcher, one: ExampleArticle) -> set[str]:
    known = {"publisher": one.source, "language": one.language}
    return {hit.rule_id for hit in made.match(article(one.title, one.lead, one.body, **known)).rules}


def stated(kind: str) -> list[object]:
    given = {name: Examples.model_validate(entry.body.get("examples", {})) for name, entry in RULES.items()}
    return [
        pytest.param(name, one, id=f"{name}: {one.title} of {one.source}")
        for name, all_of in given.items()
        for one in getattr(all_of, f"{kind}_articles")
    ]


@pytest.mark.parametrize(("rule", "one"), stated("match"))
def test_a_shipped_rule_matches_the_articles_that_it_states(shipped: Matcher, rule: str, one: ExampleArticle) -> None:
    assert rule in found_in(shipped, one)


@pytest.mark.parametrize(("rule", "one"), stated("no_match"))
def test_a_shipped_rule_does_not_match_others(shipped: Matcher, rule: str, one: ExampleArticle) -> None:
    assert rule not in found_in(shipped, one)


def test_every_shipped_rule_entity_and_list_compiles(shipped: Matcher) -> None:
    assert shipped.rejected == {}
    assert set(shipped.rules) == {
        "tariffs", "rare-earths", "trump-xi-summit", "export-controls", "bessent-he-talks", "tocsin-health",
    }  # fmt: skip


@pytest.mark.parametrize(("rule", "text"), examples("match"))
def test_a_shipped_rule_matches_its_examples_as_title_and_as_body(shipped: Matcher, rule: str, text: str) -> None:
    assert rule in found(shipped, text)
    assert rule in found(shipped, "News", text)


@pytest.mark.parametrize(("rule", "text"), examples("no_match"))
def test_a_shipped_rule_does_not_match_its_counter_examples(shipped: Matcher, rule: str, text: str) -> None:
    assert rule not in found(shipped, text)
    assert rule not in found(shipped, "News", text)


@pytest.mark.parametrize(
    "text",
    [
        "He said he would meet her, and Li went with him to Xi'an.",
        "Central bank holds rates; inflation slows to 2.1%",
        "Striker signs a five-year deal after talks with his club",
        "Earthquake shakes rare temple in Nepal",
        "世界杯决赛今晚举行",
        "新しいスマートフォンが発売",
        "Der Zug hatte Verspätung",
    ],
)
def test_other_news_raises_nothing(shipped: Matcher, text: str) -> None:
    assert found(shipped, text) == set()


def test_what_tocsin_says_of_its_feeds_is_matched(shipped: Matcher) -> None:
    note = article("Feed silent", publisher="tocsin", feed_id="tocsin")
    assert [hit.rule_id for hit in shipped.match(note).rules] == ["tocsin-health"]


def test_a_bare_he_is_nobody(shipped: Matcher) -> None:
    match = shipped.match(article("He and Bessent talk", body="He said trade talks go on. HE AND XI."))
    assert "he_lifeng" not in {hit.entity_id for hit in match.entities}


@pytest.mark.corpus
def test_the_golden_page_raises_its_alerts_with_the_words_that_prove_them(shipped: Matcher) -> None:
    given = Path(os.environ.get("TOCSIN_SHARED_DATA", "../shared/data")) / "seed" / "kuala-lumpur-2025-10-26.txt"
    title = "What’s at stake as US and China trade negotiators meet ahead of Trump-Xi summit"
    match = shipped.match(article(title, body=cut(given.read_text("utf-8"), title=title)))
    proof = {rule: {span.surface.lower() for span in spans} for rule, spans in spans_by_rule(match).items()}
    assert proof[RuleId("tariffs")] >= {"tariffs"}
    assert proof[RuleId("rare-earths")] >= {"rare earth", "china"}
    assert proof[RuleId("trump-xi-summit")] >= {"trump", "xi", "summit"}
    assert proof[RuleId("bessent-he-talks")] >= {"scott bessent", "he lifeng"}
    assert "recent comments" not in match.model_dump_json().lower()
