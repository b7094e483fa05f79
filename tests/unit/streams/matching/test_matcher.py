import pytest

from streams.matching.matcher import Matcher
from streams.matching.rule import Urgency
from tests.support.matching import article, change, matched, matcher, spans_by_rule, surfaces


def test_an_empty_matcher_matches_nothing_and_says_so() -> None:
    made = Matcher.empty()
    match = made.match(article("Tariffs"))
    assert (made.version, made.rules_loaded, dict(made.rejected), dict(made.rules)) == (-1, 0, {}, {})
    assert (match.rules, match.entities, match.spans, match.ruleset_version) == ((), (), (), -1)


def test_a_match_carries_head_rules_entities_and_what_the_text_states() -> None:
    rule = change("rule", "r", {"query": "tariff", "urgency": "flash", "labels": {"topic": "trade"}, "owner": "fx"})
    made = Matcher.empty().apply(
        [(7, change("entity", "usa", {"type": "country", "names": {"en": ["America"]}})), (9, rule)]
    )
    text = article("UPDATE 2-America's 25% tariffs", body="Tariffs.")
    match = made.match(text)
    hit, entity = match.rules[0], match.entities[0]
    assert match.head == text.head()
    assert match.ruleset_version == made.version == 9
    assert (hit.rule_id, hit.change_id, hit.urgency, hit.labels, hit.owner) == (
        "r",
        "r-1",
        Urgency.FLASH,
        {"topic": "trade"},
        "fx",
    )
    assert (entity.entity_id, entity.about, entity.count) == ("usa", True, 1)
    assert (match.facts.percentages, match.markers.update, len(match.sketch)) == (("25",), 2, 2)
    assert [(span.field, span.surface, span.entity_id) for span in match.spans] == [
        ("title", "America", "usa"),
        ("title", "tariffs", None),
        ("body", "Tariffs", None),
    ]
    assert type(match).from_json(match.to_json()) == match


def test_rules_share_one_span_table() -> None:
    match = matcher({"a": "x AND y", "b": "y"}).match(article("x y"))
    assert [span.surface for span in match.spans] == ["x", "y"]
    assert [hit.spans for hit in match.rules] == [(0, 1), (1,)]


def test_an_entity_named_twice_in_the_body_is_not_what_it_is_about() -> None:
    made = matcher({}, entities={"xi": {"names": {"en": ["Xi"]}}})
    assert [made.match(article("", body="Xi " * count)).entities[0].about for count in (2, 3)] == [False, True]
    assert made.match(article("", lead="Xi")).entities[0].about


def test_the_matcher_that_was_stays_as_it_was() -> None:
    old = matcher({"a": "x"})
    new = old.apply(
        [(5, change("rule", "a", {"query": "y"}, base="a-1", number=2)), (6, change("rule", "b", {"query": "x"}))]
    )
    assert [hit.rule_id for hit in old.match(article("x y")).rules] == ["a"]
    assert surfaces(old.match(article("x y")), "a") == ["x"]
    assert surfaces(new.match(article("x y")), "a") == ["y"]
    assert [hit.change_id for hit in new.match(article("x y")).rules] == ["a-2", "b-1"]
    assert (old.version, new.version) == (0, 6)


def test_a_deleted_rule_is_gone_and_can_come_again() -> None:
    made = matcher({"a": "x"}).apply([(1, change("rule", "a", base="a-1", number=2))])
    assert (made.rules_loaded, made.match(article("x")).rules) == (0, ())
    again = made.apply([(2, change("rule", "a", {"query": "x"}, base="a-2", number=3))])
    assert [hit.change_id for hit in again.match(article("x")).rules] == ["a-3"]


def test_one_bad_rule_is_rejected_and_the_others_stay() -> None:
    made = matcher({"good": "x", "bad": "x y", "lost": "@nobody"})
    assert [hit.rule_id for hit in made.match(article("x y")).rules] == ["good"]
    assert {key: why.split(";")[0] for key, why in made.rejected.items()} == {
        "rule/bad@bad-1": "1:1 words without an operator between them",
        "rule/lost@lost-1": "1:1 unknown entity @nobody",
    }


def test_a_malformed_change_is_rejected_until_a_good_one_follows_and_never_a_head() -> None:
    made = matcher({"b": "x"}).apply([(1, change("rule", "a", {"urgency": "now"}))])
    assert made.rejected["rule/a@a-1"].startswith("not a rule record")
    mended = made.apply([(2, change("rule", "a", {"query": "x"}, number=2))])
    assert [hit.change_id for hit in mended.match(article("x")).rules] == ["a-2", "b-1"]
    assert mended.rejected == {}


def test_a_version_that_does_not_compile_leaves_the_one_before_it_running() -> None:
    made = matcher({"a": "x"}).apply([(1, change("rule", "a", {"query": "x y"}, base="a-1", number=2))])
    assert [hit.change_id for hit in made.match(article("x")).rules] == ["a-1"]
    assert list(made.rejected) == ["rule/a@a-2"]
    assert made.heads.base("rule", "a") == "a-2"
    mended = made.apply([(2, change("rule", "a", {"query": "y"}, base="a-2", number=3))])
    assert [hit.change_id for hit in mended.match(article("y")).rules] == ["a-3"]
    assert mended.rejected == {}


def test_a_rule_is_tried_again_when_its_entity_or_list_comes() -> None:
    made = matcher({"a": "@xi AND #goods"})
    assert (made.rules_loaded, len(made.rejected)) == (0, 1)
    made = made.apply([(1, change("entity", "xi", {"type": "person", "names": {"en": ["Xi"]}}))])
    assert made.rules_loaded == 0
    made = made.apply([(2, change("list", "goods", {"members": ["soy"]}))])
    assert (made.rejected, matched_ids(made, "Xi buys soy")) == ({}, ["a"])
    made = made.apply([(3, change("list", "goods", {"members": ["corn"]}, base="goods-1", number=2))])
    assert (matched_ids(made, "Xi buys soy"), matched_ids(made, "Xi buys corn")) == ([], ["a"])
    made = made.apply(
        [(4, change("entity", "xi", {"type": "person", "names": {"en": ["Jinping"]}}, base="xi-1", number=2))]
    )
    assert (matched_ids(made, "Xi buys corn"), matched_ids(made, "Jinping buys corn")) == ([], ["a"])
    made = made.apply([(5, change("entity", "xi", base="xi-2", number=3))])
    assert (made.rules_loaded, "unknown entity @xi" in made.rejected["rule/a@a-1"]) == (0, True)


def test_a_list_that_does_not_compile_leaves_the_one_before_it_running() -> None:
    made = matcher({"a": "#goods"}, lists={"goods": ["soy"]})
    made = made.apply([(5, change("list", "goods", {"members": ["soy", "…"]}, base="goods-1", number=2))])
    assert (matched_ids(made, "soy"), list(made.rejected)) == (["a"], ["list/goods@goods-2"])
    made = made.apply([(6, change("list", "goods", base="goods-2", number=3))])
    assert matched_ids(made, "soy") == []
    assert "unknown list #goods" in made.rejected["rule/a@a-1"]


def test_a_list_that_never_compiled_is_unknown() -> None:
    made = matcher({"a": "#goods"}, lists={"goods": ["@nobody"]})
    assert sorted(made.rejected) == ["list/goods@goods-1", "rule/a@a-1"]


def test_a_change_sent_twice_changes_nothing() -> None:
    first = change("rule", "a", {"query": "x"})
    made = Matcher.empty().apply([(0, first), (1, first)])
    assert (made.version, made.rules_loaded, made.rejected) == (1, 1, {})


def matched_ids(made: Matcher, title: str) -> list[str]:
    return [hit.rule_id for hit in made.match(article(title)).rules]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("\u0301" * 50_000, id="only combining marks"),
        pytest.param("\ud800" * 1_000, id="only unpaired surrogates"),
        pytest.param("… – 🙂" * 1_000, id="no words"),
        pytest.param("a" * 200_000, id="one word"),
        pytest.param("tariff " * 30_000, id="one word again and again"),
        pytest.param("税" * 100_000, id="one character again and again"),
        pytest.param("Greer trade " * 10_000, id="names in context without end"),
    ],
)  # fmt: skip
def test_no_text_stops_the_matcher(text: str) -> None:
    entities = {
        "greer": {"names_in_context": {"names": {"en": ["Greer"]}, "require_any": ["trade deal"], "within": 50}}
    }
    made = matcher({"a": "tariff NEAR/9 tariff", "b": "税 NEAR/5 税", "c": "aaa*"}, entities=entities)
    match = made.match(article("x", body=text))
    assert all(len(span.surface) <= 255 for span in match.spans)
    assert len(match.spans) <= 100


def test_of_an_article_of_ten_megabytes_the_beginning_is_read() -> None:
    made = matcher({"early": "first", "late": "last"})
    match = made.match(article("x", body="first " + "税 tariff " * 1_200_000 + " last"))
    assert [hit.rule_id for hit in match.rules] == ["early"]


def test_rules_are_found_by_every_kind_of_feature() -> None:
    rules = {
        "word": "tariff", "chinese": "稀土", "mixed": "rare OR 稀土", "prefix": "tarif*", "case": "CASE(Tariffs)",
        "ticker": "$NVDA", "source": "source:wire", "lang": "lang:en", "phrase": '"the tariffs"',
    }  # fmt: skip
    assert matched(rules, article("the Tariffs 稀土 $NVDA")) == sorted(rules)
    assert matched(rules, article("nothing", publisher="x", feed_id="y", language="de")) == []


def test_spans_of_a_rule_are_in_the_order_of_the_text() -> None:
    match = matcher({"r": "b AND a AND title:c"}).match(article("c a", body="b a"))
    assert [(span.field, span.start) for span in spans_by_rule(match)["r"]] == [
        ("title", 0),
        ("title", 2),
        ("body", 0),
        ("body", 2),
    ]
