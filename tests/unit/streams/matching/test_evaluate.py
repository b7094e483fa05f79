import pytest

from streams.matching.document import Document
from streams.matching.evaluate import Reading, find_leaf, pattern
from streams.matching.tree import ListRef
from tests.support.matching import article, matcher, surfaces

ENTITIES = {"trump": {"names": {"en": ["Trump", "Donald Trump"]}}, "xi": {"names": {"en": ["Xi"], "zh": ["习近平"]}}}


@pytest.mark.parametrize(
    ("query", "body", "proof"),
    [
        pytest.param("tariff", "Tariffs and a tariff", ["Tariffs", "tariff"], id="every form of a word"),
        pytest.param("=tariff", "Tariffs and a tariff", ["tariff"], id="an exact word only"),
        pytest.param("CASE(US)", "us and US", ["US"], id="a word as written"),
        pytest.param('"rare earth"', "rare earths, not rare. Earth too", ["rare earths", "rare. Earth"], id="a phrase"),
        pytest.param("稀土", "扩大稀土出口", ["稀土"], id="a Chinese word"),
        pytest.param("U.S.", "the U.S., the u s and US", ["U.S", "u s"], id="an abbreviation"),
        pytest.param("tarif*", "Tariffs, TARIFE, taric", ["Tariffs", "TARIFE"], id="truncation"),
        pytest.param("wom?n", "woman, women, womaan", ["woman", "women"], id="one letter"),
        pytest.param("CASE(Tar*f)", "Tariff tariff", ["Tariff"], id="truncation as written"),
        pytest.param("$nvda", "NVDA is $NVDA", ["$NVDA"], id="a ticker"),
        pytest.param("a AND b", "b a a", ["b", "a", "a"], id="all places of all sides"),
        pytest.param("a OR b OR c", "c a", ["c", "a"], id="the sides that hold"),
        pytest.param("a AND NOT b", "a c", ["a"], id="no place for what isn't there"),
        pytest.param("a AND NOT (b AND NOT c)", "a b c", ["a"], id="an exception from an exception"),
        pytest.param("a NEAR/2 b", "a x b x x a", ["a", "b"], id="near, and not the one too far off"),
        pytest.param("a NEAR/1 b", "b a x b", ["b", "a"], id="adjacent in any order"),
        pytest.param("a PRE/1 b", "b a b", ["a", "b"], id="adjacent in this order"),
        pytest.param("a NEAR/5 a", "a x a", ["a", "a"], id="near another of its own"),
        pytest.param('"a b" NEAR/1 "b c"', "a b b c", ["a b", "b c"], id="phrases are near by their ends"),
        pytest.param("a NEAR/1 (b OR title:b)", "a b", ["a", "b"], id="near one of a group"),
        pytest.param("aa SENT bb", "aa xx. aa bb. bb", ["aa", "bb"], id="in one sentence"),
        pytest.param("a PARA b", "a\na. b\nb", ["a", "b"], id="in one paragraph"),
        pytest.param("ATLEAST/2(a OR b)", "a b", ["a", "b"], id="counted together"),
        pytest.param("FIRST/3(a)", "a x a a", ["a", "a"], id="among the first words"),
        pytest.param("FIRST/2(a OR (b AND NOT c))", "b x c", ["b"], id="a negation among the first words"),
        pytest.param("@trump NEAR/3 @xi", "Donald Trump met Xi", ["Donald Trump", "Xi"], id="entities are near"),
        pytest.param("@xi", "习近平 and Xi", ["习近平", "Xi"], id="an entity in every language"),
        pytest.param("about:@xi", "Xi Xi. Xi", ["Xi", "Xi", "Xi"], id="named three times"),
        pytest.param("#both", "Trump and rare earths", ["Trump", "rare earths"], id="a list"),
        pytest.param("source:wire", "x", [], id="a source needs no word"),
        pytest.param('source:"The Wire" AND x', "x", ["x"], id="a source of two words"),
        pytest.param("x AND NOT source:reuters", "x", ["x"], id="not this source"),
        pytest.param("lang:en AND author:lee", "x", [], id="a language and an author"),
    ],
)  # fmt: skip
def test_a_rule_that_holds_shows_the_words_that_prove_it(query: str, body: str, proof: list[str]) -> None:
    made = matcher({"r": query}, entities=ENTITIES, lists={"both": ["@trump", "rare earth"]})
    assert made.rejected == {}
    assert surfaces(made.match(article(body=body, authors=("Kim Lee",))), "r") == proof


@pytest.mark.parametrize(
    ("query", "title", "body"),
    [
        pytest.param("a AND b", "a", "c", id="one side is missing"),
        pytest.param("a OR b", "c", "d", id="both sides are missing"),
        pytest.param("a AND NOT b", "a", "b", id="what must not be there is"),
        pytest.param('"a b"', "a", "b", id="a phrase across a field's border"),
        pytest.param("a NEAR/9 b", "a", "b", id="proximity across a field's border"),
        pytest.param("a SENT b", "a", "b", id="a sentence across a field's border"),
        pytest.param("a PARA b", "a", "b", id="a paragraph across a field's border"),
        pytest.param("a NEAR/2 b", "", "a x x b", id="too far"),
        pytest.param("a PRE/9 b", "", "b a", id="in the other order"),
        pytest.param("a NEAR/9 a", "", "a", id="near itself"),
        pytest.param("body:a", "a", "b", id="in another field"),
        pytest.param("title:(a AND b)", "a", "b", id="one side in another field"),
        pytest.param("ATLEAST/3(a)", "a", "a", id="too few"),
        pytest.param("FIRST/2(a)", "x x", "a", id="too late"),
        pytest.param("about:@xi", "x", "Xi met Xi", id="not what it is about"),
        pytest.param("about:@xi AND x", "x", "y", id="not named at all"),
        pytest.param("title:about:@xi", "", "Xi Xi Xi", id="about it, but not there"),
        pytest.param("source:reuters", "x", "reuters", id="another source"),
        pytest.param("lang:e", "x", "x", id="half of a language"),
        pytest.param("$a", "a", "a", id="a word that is no ticker"),
    ],
)
def test_a_rule_does_not_hold(query: str, title: str, body: str) -> None:
    made = matcher({"r": query}, entities=ENTITIES)
    assert made.rejected == {}
    assert made.match(article(title, body=body)).rules == ()


@pytest.mark.parametrize(
    ("count", "proof"), [(1, ["a"]), (2, ["a", "a"]), (3, ["a", "a", "a"]), (4, ["a", "a", "a", "a"])]
)
def test_the_first_words_are_counted_through_title_lead_and_body(count: int, proof: list[str]) -> None:
    text = article("a", "a a", "a")
    assert surfaces(matcher({"r": f"FIRST/{count}(a)"}).match(text), "r") == proof


def test_capitals_say_nothing_in_a_headline_of_capitals() -> None:
    made = matcher({"us": "CASE(US)", "tax": "CASE(TAX*)"}, entities={"usa": {"case": ["US"]}})
    shouted = made.match(article("TELL US MORE ABOUT CHINA TAXES TODAY", body="The US says"))
    assert surfaces(shouted, "us") == ["US"]
    assert [hit.count for hit in shouted.entities] == [1]
    assert [hit.rule_id for hit in shouted.rules] == ["us"]
    assert surfaces(made.match(article("China tells US more")), "us") == ["US"]


def test_a_word_full_of_stars_is_answered_at_once() -> None:
    assert pattern("abc" + "*a" * 40 + "b").fullmatch("abc" + "a" * 200) is None
    assert pattern("abc*x*yz").fullmatch("abcxxyzyz") is not None


def test_a_list_that_nobody_put_in_is_nowhere() -> None:
    assert find_leaf(ListRef("x"), Reading(Document(article("x"), ""), {})) == []
