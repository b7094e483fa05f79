import json
from pathlib import Path

import pytest

from config.entities import Entry
from config.examples import as_written
from config.rules import load_rules, read_all
from config.yaml_source import parse
from streams.errors import ConfigurationError
from streams.record import Part

ENTITIES = (
    "version: 1\nentities: [{id: rare_earths, type: thing, names: {en: [rare earths]}}]\nlists: {semis: [ASML, $TSM]}\n"
)


class EarlierExamples(Part):
    """The examples of a rule as 0.1.0 knew them."""

    match: tuple[str, ...] = ()
    no_match: tuple[str, ...] = ()


def read(rules: str, *, entities: str = ENTITIES, desks: set[str] | None = None) -> tuple[list[Entry], list[str]]:
    names, root = parse(entities, name="entities.yaml"), parse(rules, name="rules.yaml")
    found = read_all(names, root, desks=desks)
    return found, [*names.source.report(), *root.source.report()]


def rule(text: str) -> str:
    return f"version: 1\nrules:\n  - {text}\n"


def test_a_rule_becomes_data_as_the_topic_takes_it() -> None:
    entries, problems = read(
        rule("{id: a, query: '@rare_earths AND #semis', urgency: flash, labels: {topic: trade, year: 2025}, owner: fx,")
        + "     description: D, examples: {match: [m], no_match: [n]}}\n",
        desks={"fx"},
    )
    assert problems == []
    assert [(entry.kind, entry.id) for entry in entries] == [
        ("entity", "rare_earths"),
        ("list", "semis"),
        ("rule", "a"),
    ]
    assert entries[2].body == {
        "id": "a",
        "query": "@rare_earths AND #semis",
        "urgency": "flash",
        "labels": {"topic": "trade", "year": "2025"},
        "owner": "fx",
        "description": "D",
        "examples": {"match": ["m"], "no_match": ["n"]},
    }


STATED = "{match: [m, {title: t, source: s, language: zh-Hant, author: a, date: 2025-01-28}, n], no_match: [{body: b}]}"


def test_an_example_that_states_more_than_a_headline_stands_apart() -> None:
    entries, problems = read(rule(f"{{id: a, query: x, examples: {STATED}}}"))
    assert problems == []
    assert entries[0].kind == "entity"
    body = entries[-1].body
    assert body["examples"] == {
        "match": ["m", "n"],
        "match_articles": [{"title": "t", "source": "s", "language": "zh-Hant", "author": "a", "date": "2025-01-28"}],
        "no_match": [],
        "no_match_articles": [{"body": "b"}],
    }
    again, problems = read(rule(json.dumps(as_written(body))))
    assert problems == []
    assert again[-1].body == body


def test_a_program_that_knows_headlines_only_reads_a_rule_with_other_examples() -> None:
    entries, _ = read(rule(f"{{id: a, query: x, examples: {STATED}}}"))
    assert EarlierExamples.model_validate(entries[-1].body["examples"]).match == ("m", "n")


def test_a_body_without_examples_is_written_as_it_is() -> None:
    assert as_written({"id": "a", "query": "x"}) == {"id": "a", "query": "x"}
    assert as_written({"examples": {"match": ["y"]}}) == {"examples": {"match": ["y"], "no_match": []}}


def test_a_rule_without_more_is_routine() -> None:
    entries, _ = read(rule("{id: a, query: x}"))
    assert entries[2].body == {"id": "a", "query": "x", "urgency": "routine", "labels": {}}


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        pytest.param(
            "{id: a, query: '@rare_earth AND x'}", "3:21", "@rare_earth (did you mean @rare_earths?)", id="entity"
        ),
        pytest.param("{id: a, query: 'x AND #semi'}", "3:27", "unknown list #semi (did you mean #semis?)", id="list"),
        pytest.param("{id: a, query: 'ATLEAST/2(@x)'}", "3:31", "unknown entity @x", id="an entity inside"),
        pytest.param("{id: a, query: 'a AND b OR c'}", "3:29", "AND and OR mixed without parentheses", id="mixed"),
        pytest.param("{id: a, query: 'a W/5 b'}", "3:23", "NEAR/5", id="W/n"),
        pytest.param("{id: a, query: ''}", "3:21", "an empty query", id="empty"),
        pytest.param("{id: a, query: }", "3:20", "needs text, has nothing", id="nothing"),
        pytest.param(
            "{id: a, query: x, owner: fx-dsk}", "3:30", 'unknown desk "fx-dsk" (did you mean fx-desk?)', id="owner"
        ),
        pytest.param("{id: a, query: x, labels: {rule: y}}", "3:32", "a label that tocsin sets itself", id="reserved"),
        pytest.param("{id: a, query: x, labels: {a-b: y}}", "3:32", "is no label", id="no label"),
        pytest.param("{id: a, query: x, urgency: flsh}", "3:32", "(did you mean flash?)", id="urgency"),
        pytest.param("{id: a, query: x, examples: {matches: [y]}}", "3:34", "did you mean match?", id="examples"),
        pytest.param(
            "{id: a, query: x, examples: {match: [{titel: y, lead: z}]}}",
            "3:43",
            "did you mean title?",
            id="a key of one",
        ),
        pytest.param(
            "{id: a, query: x, examples: {match: [y, {source: z}]}}",
            "3:45",
            "give it title, lead or body",
            id="no text",
        ),
        pytest.param(
            "{id: a, query: x, examples: {no_match: [{title: y, language: English}]}}",
            "3:66",
            '"English" is no language code: write en, ja or zh-Hant',
            id="a language that is none",
        ),
        pytest.param(
            "{id: a, query: x, examples: {match: [{title: y, date: noon}]}}",
            "3:59",
            '"noon" is no day: write 2025-01-28',
            id="a day that is none",
        ),
        pytest.param(
            "{id: a, query: x, examples: {match: [{title: y, source: [z]}]}}",
            "3:61",
            "needs text, has a list",
            id="two sources",
        ),
        pytest.param(
            "{id: a, query: x, examples: {match: [[y]]}}", "3:42", "needs text, has a list", id="a list in it"
        ),
    ],
)
def test_a_wrong_rule_is_named_with_place_and_cure(text: str, place: str, problem: str) -> None:
    _, (line,) = read(rule(text), desks={"fx-desk"})
    assert line.startswith(f'rules.yaml:{place} rule "a": ')
    assert problem in line


def test_every_problem_of_one_query_is_shown() -> None:
    _, problems = read(rule("id: a\n    query: |\n      @x AND\n        @y\n"))
    assert problems == [
        'rules.yaml:5:7 rule "a": unknown entity @x',
        'rules.yaml:6:9 rule "a": unknown entity @y',
    ]


def test_two_rules_of_one_id_are_refused() -> None:
    _, problems = read(rule("{id: a, query: x}") + "  - {id: a, query: y}\n")
    assert problems == ['rules.yaml:4:5 rule "a": another rule has this id: give each its own']


def test_what_a_broken_entity_file_leaves_out_is_not_called_unknown() -> None:
    _, problems = read(rule("{id: a, query: '@x AND #y'}"), entities="version: 1\nentities: }\n")
    assert len(problems) == 1
    assert "entities.yaml:2:11 not YAML" in problems[0]


def test_a_name_without_end_is_refused_where_it_stands() -> None:
    name = " ".join(["word"] * 40)
    _, problems = read(
        rule("{id: a, query: x}"), entities=f"version: 1\nentities: [{{id: a, type: t, names: {{en: [{name}]}}}}]\n"
    )
    assert len(problems) == 1
    assert problems[0].startswith('entities.yaml:2:42 entity "a": ')
    assert "a name is 1 to 32 plain words" in problems[0]


def test_the_matchers_own_reader_has_the_last_word() -> None:
    _, problems = read(
        rule("{id: a, query: x}"), entities=f"version: 1\nlists: {{goods: [{', '.join(['x'] * 10_001)}]}}\n"
    )
    assert len(problems) == 1
    assert problems[0].startswith('entities.yaml:2:16 list "goods": ')
    assert "more than 10,000 members; split it" in problems[0]


def test_the_problems_of_both_files_are_shown_at_once(tmp_path: Path) -> None:
    (tmp_path / "entities.yaml").write_text("version: 1\nentities: [{id: A, type: t, names: {en: [x]}}]\n")
    (tmp_path / "rules.yaml").write_text(
        "version: 1\nrules:\n  - {id: a, query: 'x y', urgency: no}\n  - {id: b, qery: x}\n  - {id: c, query: '@z'}\n"
    )
    with pytest.raises(ConfigurationError) as caught:
        load_rules(tmp_path)
    assert [line.split(" ")[0] for line in caught.value.problems] == [
        "entities.yaml:2:17", "rules.yaml:3:21", "rules.yaml:3:36", "rules.yaml:4:5", "rules.yaml:4:13",
        "rules.yaml:5:21",
    ]  # fmt: skip


def test_files_without_a_problem_are_loaded(tmp_path: Path) -> None:
    (tmp_path / "entities.yaml").write_text(ENTITIES)
    (tmp_path / "rules.yaml").write_text(rule("{id: a, query: '@rare_earths'}"))
    assert [entry.id for entry in load_rules(tmp_path)] == ["rare_earths", "semis", "a"]
