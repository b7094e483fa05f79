from collections.abc import Callable
from enum import StrEnum

import pytest

from config.node import Node
from config.yaml_source import parse


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


def node(text: str) -> Node:
    return parse(text, name="x.yaml")


@pytest.mark.parametrize(
    ("value", "read", "expected"),
    [
        pytest.param("abc", lambda n: n.text(""), "abc", id="text"),
        pytest.param("[a, b]", lambda n: n.texts(), ("a", "b"), id="texts"),
        pytest.param("a-b_9", lambda n: n.ident(), "a-b_9", id="an id"),
        pytest.param("green", lambda n: n.choice(Colour, Colour.RED), Colour.GREEN, id="a choice"),
        pytest.param("true", lambda n: n.truth(default=False), True, id="true"),
        pytest.param("false", lambda n: n.truth(default=True), False, id="false"),
        pytest.param("1.5", lambda n: n.number(0, least=0), 1.5, id="a number"),
        pytest.param("7", lambda n: n.whole(0, least=0, most=9), 7, id="a whole number"),
        pytest.param("1h30m", lambda n: n.duration_s(None), 5400.0, id="a duration"),
        pytest.param("{a: [1, 2.5, true], b: ~}", lambda n: n.data(), {"a": [1, 2.5, True], "b": None}, id="data"),
        pytest.param("['3', \"true\"]", lambda n: n.data(), ["3", "true"], id="data in quotes"),
        pytest.param("1e999", lambda n: n.data(), "1e999", id="a number that JSON has not"),
    ],
)
def test_a_right_value_is_read_without_a_problem(value: str, read: Callable[[Node], object], expected: object) -> None:
    root = node(f"key: {value}")
    assert read(root.at("key")) == expected
    assert root.source.report() == []


@pytest.mark.parametrize(
    ("value", "read", "problem"),
    [
        pytest.param("[a]", lambda n: n.text(""), "needs text, has a list", id="a list for text"),
        pytest.param("{a: b}", lambda n: n.text(""), "needs text, has keys with values", id="a mapping for text"),
        pytest.param("", lambda n: n.text(""), "needs text, has nothing", id="nothing for text"),
        pytest.param(
            " #semis",
            lambda n: n.text(""),
            "needs text, has nothing: # starts a comment, so",
            id="a comment by mistake",
        ),
        pytest.param("abc", lambda n: n.items(), "needs a list ([a, b] or lines that begin", id="text"),
        pytest.param(
            "10m",
            lambda n: n.fields(("every",), required=("every",)),
            'needs keys with values, such as {every: ...}, has "10m"',
            id="a value for a mapping",
        ),
        pytest.param("[a]", lambda n: n.pairs(), "needs keys with values, has a list", id="a list for a mapping"),
        pytest.param("Ab c", lambda n: n.ident(), '"Ab c" is no id: lower-case letters, digits', id="no id"),
        pytest.param("gren", lambda n: n.choice(Colour, Colour.RED), '"gren" is none of red, green', id="no choice"),
        pytest.param("yes", lambda n: n.truth(default=False), '"yes" is none of true, false', id="yes for true"),
        pytest.param("nan", lambda n: n.number(0, least=0), '"nan" is no number of 0 or more', id="not a number"),
        pytest.param("inf", lambda n: n.number(0, least=0), '"inf" is no number of 0 or more', id="infinity"),
        pytest.param("12", lambda n: n.number(0, least=0, most=9), '"12" is no number from 0 to 9', id="too much"),
        pytest.param("x", lambda n: n.number(0, least=0), '"x" is no number of 0 or more', id="text for a number"),
        pytest.param("1.5", lambda n: n.whole(0, least=0, most=9), '"1.5" is no whole number', id="a fraction"),
        pytest.param("15", lambda n: n.duration_s(None), '"15" is no duration: write 15s for seconds', id="no unit"),
        pytest.param("1 day", lambda n: n.duration_s(None), '"1 day" is no duration: write 250ms, 15s', id="words"),
    ],
)
def test_a_wrong_value_is_a_problem_with_its_cure(value: str, read: Callable[[Node], object], problem: str) -> None:
    root = node(f"key: {value}\n")
    read(root.at("key").named("thing"))
    (line,) = root.source.report()
    assert line.startswith("x.yaml:1:")
    assert f" thing: {problem}" in line


def test_a_key_that_is_absent_gives_the_default_and_no_problem() -> None:
    fields = node("a: 1").fields(("a", "b"))
    absent = fields["b"]
    read = (absent.text(None), absent.number(2, least=0), absent.whole(3, least=0, most=9), absent.duration_s(4.0))
    assert read == (None, 2, 3, 4.0)
    assert (absent.items(), absent.pairs(), absent.truth(default=True)) == ((), (), True)
    assert "b" not in fields
    assert list(fields) == ["a"]
    assert absent.source.report() == []


def test_unknown_and_missing_keys_are_all_named_at_once() -> None:
    root = node("rules:\n  - id: x\n    qery: a\n    urgncy: flash\n")
    root.at("rules").items()[0].entry("rule", ("id", "query", "urgency"), required=("id", "query"))
    assert root.source.report() == [
        'x.yaml:2:5 rule "x": needs "query"',
        'x.yaml:3:5 rule "x": unknown key "qery" (did you mean query?)',
        'x.yaml:4:5 rule "x": unknown key "urgncy" (did you mean urgency?)',
    ]


def test_what_a_broken_file_leaves_out_is_not_reported_as_missing() -> None:
    root = node("rules:\n  - id: x\n    a: }\n")
    root.at("rules").items()[0].entry("rule", ("id", "query"), required=("query",))
    (line,) = root.source.report()
    assert line.startswith("x.yaml:3:8 not YAML")


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        pytest.param("q: one two WRONG\n", 1, 12, id="plain"),
        pytest.param("q: 'it''s two WRONG'\n", 1, 15, id="single quotes with an escape"),
        pytest.param('q: "a \\"b\\" \\u00e9 WRONG"\n', 1, 20, id="double quotes with escapes"),
        pytest.param('q: "a\\n\\tWRONG"\n', 1, 10, id="escaped blanks"),
        pytest.param("q: |\n  one\n    WRONG\n", 3, 5, id="a literal block"),
        pytest.param("q: >-\n  one\n\n  two WRONG\n", 4, 7, id="a folded block"),
        pytest.param("q: one\n  two\n   WRONG\n", 3, 4, id="plain over lines"),
        pytest.param("a: 1\nq: 'one\n  WRONG'\n", 3, 3, id="single quotes over lines"),
    ],
)
def test_a_place_in_a_value_is_found_in_the_file(text: str, line: int, column: int) -> None:
    root = node(text)
    value = root.at("q").text("")
    before = value[: value.index("WRONG")]
    root.at("q").refuse_within("here", line=before.count("\n") + 1, column=len(before.rpartition("\n")[2]) + 1)
    assert root.source.report() == [f"x.yaml:{line}:{column} here"]


def test_a_place_behind_the_value_is_its_end() -> None:
    assert node("q: 'abc'\n").at("q").place(1, 99) == (1, 8)
