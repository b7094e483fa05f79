import json

from pydantic import JsonValue

from agents.cli.rulebook.history import history
from config.rules import read_all
from config.yaml_source import parse
from tests.support.matching import change

RULE: dict[str, JsonValue] = {
    "id": "a",
    "query": "x",
    "urgency": "routine",
    "labels": {},
    "examples": {"match": ["y"], "no_match": ["z"], "match_articles": [{"title": "t", "source": "s"}]},
}


def test_a_version_is_shown_as_the_entry_that_makes_it_again() -> None:
    (version,) = history([(0, change("rule", "a", RULE))], ("rule", "a"))
    entry = version.row()["body"]
    assert isinstance(entry, dict)
    assert entry["examples"] == {"match": ["y", {"title": "t", "source": "s"}], "no_match": ["z"]}
    root = parse(f"version: 1\nrules: [{json.dumps(entry)}]\n", name="rules.yaml")
    (again,) = read_all(parse("version: 1\n", name="entities.yaml"), root)
    assert root.source.report() == []
    assert again.body == RULE
