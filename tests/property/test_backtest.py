"""A backtest against its twin: both rule sets, whole, asked of every article by brute force."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.articles.article import Article
from streams.matching import backtest as testing
from streams.matching.backtest import backtest
from streams.matching.matcher import Matcher
from streams.matching.rule import Entity, Rule, RuleChange, WordList
from streams.matching.ruleset import read_entity, read_list, read_rule
from streams.matching.twin.brute_force import matches
from tests.support.matching import article, change

WORDS = ["tin", "zinc", "China", "Sea", "South", "稀土", "関税"]
QUERIES = [
    "tin", "title:tin", "tin AND zinc", "tin AND NOT zinc", "@china", "@sea", "@china NEAR/2 tin", "#metals",
    "ATLEAST/2(tin)", "(稀土 OR zinc) AND #metals", "about:@china", "lang:en AND sea",
]  # fmt: skip
NAMES = [["China"], ["China Sea"], ["South China Sea"], ["South"], ["稀土"]]
MEMBERS = [["tin"], ["tin", "zinc"], ["@china"], ["稀土", "@sea"]]
texts = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)


@st.composite
def rule_sets(draw: st.DrawFn) -> list[RuleChange]:
    """Return two entities, a list, and a few rules."""
    entities = {name: {"type": "x", "names": {"en": draw(st.sampled_from(NAMES))}} for name in ("china", "sea")}
    rules = draw(st.dictionaries(st.sampled_from("abc"), st.sampled_from(QUERIES), min_size=1))
    return [
        *(change("entity", name, body) for name, body in entities.items()),
        change("list", "metals", {"members": draw(st.sampled_from(MEMBERS))}),
        *(change("rule", name, {"query": query}) for name, query in rules.items()),
    ]


@st.composite
def streams(draw: st.DrawFn) -> list[Article]:
    """Return articles in any order of their revisions, some of them twice."""
    found = draw(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3), texts, texts), max_size=8))
    once = {(number, revision): (title, body) for number, revision, title, body in found}
    again = [(key, *once[key]) for number, revision, _, _ in found for key in [(number, revision)]]
    return [article(title, body=body, article_id=f"a{key[0]}", revision=f"{key[1]}-x") for key, title, body in again]


def newest(articles: list[Article]) -> list[Article]:
    """Return the highest revision of each article."""
    found: dict[str, Article] = {}
    for one in articles:
        if one.article_id not in found or one.ordinal > found[one.article_id].ordinal:
            found[one.article_id] = one
    return list(found.values())


def twin(changes: list[RuleChange], articles: list[Article]) -> dict[str, set[str]]:
    """Return the articles of each rule, by brute force."""
    rules: list[Rule] = [read_rule(one) for one in changes if one.kind == "rule"]
    entities: list[Entity] = [read_entity(one) for one in changes if one.kind == "entity"]
    lists: list[WordList] = [read_list(one) for one in changes if one.kind == "list"]
    pairs = [(rule, one.article_id) for one in articles for rule in matches(rules, entities, lists, one)]
    return {rule: {name for own, name in pairs if own == rule} for rule in {rule for rule, _ in pairs}}


@settings(max_examples=150, deadline=None)
@given(rule_sets(), rule_sets(), streams())
def test_a_backtest_counts_what_brute_force_counts(
    before: list[RuleChange], after: list[RuleChange], articles: list[Article]
) -> None:
    check_agreement(before, after, articles)


ONE_RULE = [
    change("entity", "china", {"type": "x", "names": {"en": ["China"]}}),
    change("rule", "a", {"query": "@china"}),
]
LONGER = [*ONE_RULE, change("entity", "sea", {"type": "x", "names": {"en": ["China Sea"]}})]
TWICE = [article("tin", article_id="a1", revision=f"{number}-x") for number in (1, 2)]


@pytest.mark.parametrize(
    ("name", "value", "before", "after", "articles"),
    [
        pytest.param(
            "changed_entities", lambda *_: frozenset(), ONE_RULE, LONGER, [article("China Sea")], id="entities"
        ),
        pytest.param("mentions", lambda _: False, ONE_RULE, LONGER, [article("China Sea")], id="who names them"),
        pytest.param("REMEMBERED", 0, [], [change("rule", "b", {"query": "tin"})], [*TWICE, *TWICE], id="revisions"),
    ],
)
def test_a_part_that_is_left_out_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: object,
    before: list[RuleChange],
    after: list[RuleChange],
    articles: list[Article],
) -> None:
    check_agreement(before, after, articles)
    monkeypatch.setattr(testing, name, value)
    with pytest.raises(AssertionError):
        check_agreement(before, after, [*articles, article("x", article_id="a2"), *articles])


def check_agreement(before: list[RuleChange], after: list[RuleChange], articles: list[Article]) -> None:
    """Assert that the backtest says of each rule what brute force says."""
    sides = [Matcher.empty().apply(list(enumerate(changes))) for changes in (before, after)]
    found = backtest(articles, *sides)
    live, proposed = (twin(changes, newest(articles)) for changes in (before, after))

    assert found.articles == len(newest(articles))
    expected = Counter[str]()
    for rule in live.keys() | proposed.keys():
        was, now = live.get(rule, set()), proposed.get(rule, set())
        tally = found.rules.get(rule)  # type: ignore[call-overload]  # a rule id is a str
        if tally is None:
            assert was == now, f"{rule} was not asked"
            continue
        expected[rule] += 1
        assert (tally.live, tally.proposed, tally.gained, tally.lost) == (
            len(was),
            len(now),
            len(now - was),
            len(was - now),
        )
        assert set(tally.gained_samples) == now - was
        assert set(tally.lost_samples) == was - now
    others = [tally for rule, tally in found.rules.items() if rule not in expected]
    assert not any(tally.live or tally.proposed for tally in others)
