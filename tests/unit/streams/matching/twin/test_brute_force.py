import pytest

from streams.ids import RuleId
from streams.matching.rule import Entity, NamesInContext, Rule, WordList
from streams.matching.tree import ListRef, Mention, Words
from streams.matching.twin import brute_force
from streams.matching.twin.slow_text import fits_pattern
from tests.support.matching import article

XI = Entity(entity_id="xi", type="person", names={"en": ("Xi",)})


def test_one_tree_is_evaluated_by_itself() -> None:
    held, spans = brute_force.evaluate(Mention("xi"), article("Xi"), [XI])
    assert (held, [(span.field, span.surface, span.entity_id) for span in spans]) == (True, [("title", "Xi", "xi")])
    assert brute_force.evaluate(Words(("tariff",)), article("Xi"), [XI]) == (False, ())
    assert brute_force.evaluate(ListRef("x"), article("Xi"), [XI]) == (False, ())


def test_rules_that_do_not_compile_are_left_out() -> None:
    rules = [
        Rule(rule_id=name, query=query) for name, query in {"a": "#l", "b": "x y", "c": "@nobody", "d": "no"}.items()
    ]
    found = brute_force.matches(rules, [XI], [WordList(list_id="l", members=("@xi",))], article("Xi"))
    assert {name: [span.surface for span in spans] for name, spans in found.items()} == {"a": ["Xi"]}


@pytest.mark.parametrize(
    ("pattern", "word", "fits"),
    [
        ("tarif*", "tarif", True),
        ("tarif*", "tariffs", True),
        ("tarif*", "taric", False),
        ("wom?n", "women", True),
        ("wom?n", "womn", False),
        ("abc*x*yz", "abcxxyzyz", True),
        ("abc*x*yz", "abcxyzy", False),
        ("abc****", "abc", True),
        ("abc?*", "abc", False),
    ],
)
def test_the_twin_reads_truncated_words_letter_by_letter(pattern: str, word: str, fits: bool) -> None:
    assert fits_pattern(pattern, word) is fits


@pytest.mark.parametrize(
    ("query", "title", "body", "proof"),
    [
        pytest.param("tariff", "Tariffs", "tariff", ["Tariffs", "tariff"], id="a word in every form"),
        pytest.param("=tariff", "Tariffs", "tariff", ["tariff"], id="an exact word"),
        pytest.param("CASE(US)", "x", "us US", ["US"], id="a word as written"),
        pytest.param("CASE(US)", "TELL THEM: CHINA TAXES US", "US", ["US"], id="capitals say nothing in capitals"),
        pytest.param("tarif*", "x", "taric tarifs", ["tarifs"], id="truncation"),
        pytest.param("CASE(Tar*)", "x", "tariff Tariff", ["Tariff"], id="truncation as written"),
        pytest.param("$nvda", "x", "NVDA $NVDA", ["$NVDA"], id="a ticker"),
        pytest.param("a AND b", "a", "b", ["a", "b"], id="all"),
        pytest.param("a AND b", "a", "c", None, id="not all"),
        pytest.param("a OR b", "x", "b", ["b"], id="any"),
        pytest.param("a OR b", "x", "x", None, id="none"),
        pytest.param("a AND NOT b", "a", "x", ["a"], id="not"),
        pytest.param("a AND NOT b", "a", "b", None, id="not, and it is there"),
        pytest.param("a NEAR/2 b", "x", "b x a x x b", ["b", "a"], id="near"),
        pytest.param("a NEAR/9 b", "a", "b", None, id="near in another field"),
        pytest.param("a PRE/1 b", "x", "b a b", ["a", "b"], id="in order"),
        pytest.param("(a OR title:c) PRE/1 b", "c b", "a b", ["c", "b", "a", "b"], id="a group in order"),
        pytest.param("aa SENT bb", "x", "aa. aa bb", ["aa", "bb"], id="in a sentence"),
        pytest.param("aa PARA bb", "aa", "aa\nbb. aa", ["bb", "aa"], id="in a paragraph"),
        pytest.param("ATLEAST/2(a)", "a", "a", ["a", "a"], id="at least twice"),
        pytest.param("ATLEAST/3(a)", "a", "a", None, id="too few"),
        pytest.param("FIRST/2(a)", "x a", "a", ["a"], id="among the first words"),
        pytest.param("a NEAR/3 FIRST/3(b)", "b", "a b a b", ["a", "b", "a"], id="near one of the first words"),
        pytest.param("body:a", "a", "a", ["a"], id="in a field"),
        pytest.param("@xi", "x", "Xi", ["Xi"], id="an entity"),
        pytest.param("about:@xi", "x", "Xi", None, id="not what it is about"),
        pytest.param("about:@xi", "x", "Xi Xi Xi", ["Xi", "Xi", "Xi"], id="what it is about"),
        pytest.param("@xi AND x", "x", "Xi went to Xi Town", ["x", "Xi"], id="a name inside a longer one"),
        pytest.param("@bo", "x", "Bo of China. Bo of the bank of China. Bo", ["Bo"], id="its context"),
        pytest.param('source:"the wire" AND lang:en AND author:lee', "x", "x", [], id="of the article itself"),
        pytest.param("@nvda", "x", "$NVDA nvda NVDA Nvda", ["$NVDA", "NVDA"], id="tickers, and a name as written"),
        pytest.param("source:ap", "x", "x", None, id="another source"),
    ],
)
def test_the_twin_reads_every_operator(query: str, title: str, body: str, proof: list[str] | None) -> None:
    town = Entity(entity_id="town", type="place", names={"en": ("Xi Town",)})
    context = NamesInContext(names={"en": ("Bo",)}, require_any=("China",), exclude_any=("bank",), within=3)
    bo = Entity(entity_id="bo", type="person", names_in_context=context)
    rules = [Rule(rule_id=RuleId("r"), query=query)]
    nvda = Entity(entity_id="nvda", type="company", case=("NVDA",), tickers=("NVDA",))
    found = brute_force.matches(rules, [XI, town, bo, nvda], [], article(title, body=body, authors=("Kim Lee",)))
    assert found.keys() == (set() if proof is None else {"r"})
    assert [span.surface for spans in found.values() for span in spans] == (proof or [])
