import pytest

from streams.matching.matcher import Matcher
from tests.support.matching import article, change, matcher

QUERY = 'tariff AND title:(x OR "rare earths") AND NOT railway'


def test_an_explanation_shows_what_held_and_where() -> None:
    lines = list(matcher({"r": QUERY}).explain("r", article("Rare earths", body="Tariffs " * 7)).lines())
    assert lines[0] == "r: matches"
    assert lines[1].startswith(f"  yes {QUERY} ← title[0:11] 'Rare earths', body[0:7] 'Tariffs'")
    assert lines[1].endswith(" and 3 more")
    assert [line.partition(" ←")[0] for line in lines[2:]] == [
        "    yes tariff",
        '    yes title:(x OR "rare earths")',
        '      yes x OR "rare earths"',
        "        no  x",
        '        yes "rare earths"',
        "    yes NOT railway",
        "      no  railway",
    ]


def test_an_explanation_shows_what_did_not_hold() -> None:
    explanation = matcher({"r": QUERY}).explain("r", article("Rare earths", body="Railway"))
    assert (explanation.matched, explanation.change_id, explanation.problem) == (False, "r-1", None)
    assert list(explanation.lines())[0:3] == ["r: does not match", f"  no  {QUERY}", "    no  tariff"]


def test_a_list_is_explained_as_a_whole() -> None:
    made = matcher({"r": "#goods AND x"}, lists={"goods": ["soy", "corn"]})
    assert list(made.explain("r", article("corn x")).lines())[2:] == [
        "    yes #goods ← title[0:4] 'corn'",
        "    yes x ← title[5:6] 'x'",
    ]


def test_a_rule_that_does_not_run_says_why() -> None:
    made = matcher({"bad": "x y"})
    explanation = made.explain("bad", article("x y"))
    assert (explanation.matched, explanation.root) == (False, None)
    assert "words without an operator" in "\n".join(explanation.lines())
    assert Matcher.empty().explain("r", article("x")).problem == "no such rule"


def test_a_rule_whose_newest_version_does_not_run_is_explained_in_the_version_that_runs() -> None:
    made = matcher({"r": "x"}).apply([(1, change("rule", "r", {"query": "x y"}, base="r-1", number=2))])
    explanation = made.explain("r", article("x"))
    assert (explanation.matched, explanation.change_id) == (True, "r-1")
    assert "rejected: 1:1 words without" in "\n".join(explanation.lines())


@pytest.mark.parametrize(
    ("text", "note"),
    [
        pytest.param(
            "Greer sleeps", "title[0:5] 'Greer': none of the words that it needs stands near it", id="no context"
        ),
        pytest.param("Greer of the tariff museum", "a word near it says that something else is meant", id="excluded"),
        pytest.param("GREER speaks on tariff", "it is written in another case", id="case"),
        pytest.param("Greer Garson", "it is part of a longer name", id="inside a longer name"),
    ],
)
def test_an_explanation_says_why_a_name_that_stands_there_does_not_count(text: str, note: str) -> None:
    greer = {
        "names_in_context": {"names": {"en": ["Greer"]}, "require_any": ["tariff"], "exclude_any": ["museum"]},
        "case": ["Greer"],
    }
    given = {**greer, "names": {"en": ["Greer G"]}} if "Garson" not in text else {"names": {"en": ["Greer"]}}
    made = matcher({"r": "@greer AND x"}, entities={"greer": given, "actor": {"names": {"en": ["Greer Garson"]}}})
    lines = list(made.explain("r", article(text)).lines())
    assert lines[2] == "    no  @greer"
    assert lines[3].startswith("      not counted: title[0:5] ")
    assert note in lines[3]


def test_a_name_that_counts_where_it_stands_is_not_noted() -> None:
    made = matcher({"r": "@xi"}, entities={"xi": {"names": {"en": ["Xi", "Xi Jinping"]}}})
    assert "not counted" not in "\n".join(made.explain("r", article("Xi")).lines())
