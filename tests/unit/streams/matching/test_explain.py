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
