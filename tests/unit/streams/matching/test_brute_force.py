import pytest

from streams.matching import brute_force
from streams.matching.slow_text import fits_pattern
from streams.matching.rule import Entity, Rule, WordList
from streams.matching.tree import ListRef, Mention, Words
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
