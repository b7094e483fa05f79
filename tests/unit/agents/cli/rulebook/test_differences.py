from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import JsonValue

from agents.apply import rule_differences
from agents.cli.rulebook.differences import Difference, FieldChange, Plan, field_changes, plan
from agents.cli.rulebook.history import history, key_of
from agents.cli.rulebook.words import field_lines, named, plan_lines
from config.entities import Entry
from config.rules import load_rules
from config.settings import Settings
from streams.ids import ChangeId
from streams.matching.matcher import Matcher
from streams.matching.rule import RuleChange
from streams.matching.ruleset import Outcome

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ANN, DESK = Settings(user="ann"), Settings(user="ben", managed_by="desk")
ENTITIES = "version: 1\nentities: [{id: china, type: place, names: {en: [China]}}]\nlists: {metals: [tin, '@china']}\n"


def files(folder: Path, *rules: str, entities: str = ENTITIES) -> list[Entry]:
    (folder / "entities.yaml").write_text(entities)
    (folder / "rules.yaml").write_text(f"version: 1\nrules: [{', '.join(rules)}]\n")
    return load_rules(folder)


def live(entries: list[Entry], settings: Settings = ANN, on: Matcher | None = None) -> Matcher:
    before = on or Matcher.empty()
    changes = rule_differences(before.heads.heads(), entries, settings=settings, now=NOW)
    return before.apply(list(enumerate(changes, before.version + 1)))


def told(found: Plan) -> list[str]:
    return list(plan_lines(found, room=None))


def test_what_apply_would_do_is_said_field_by_field(tmp_path: Path) -> None:
    before = live(
        files(tmp_path, "{id: a, query: tin, labels: {topic: x}}", "{id: old, query: x}", "{id: same, query: y}")
    )
    after = files(
        tmp_path, "{id: a, query: zinc, urgency: flash}", "{id: new, query: '#metals'}", "{id: same, query: y}"
    )
    found = plan(before, after, settings=ANN, now=NOW)
    assert told(found) == [
        "changed rule a (live since 2026-03-02 09:30 UTC, by ann)",
        "  query", "    - tin", "    + zinc",
        "  urgency", "    - routine", "    + flash",
        "  labels.topic", "    - x",
        "new rule new",
        "  query", "    + #metals",
        "  urgency", "    + routine",
        "deleted rule old (live since 2026-03-02 09:30 UTC, by ann)",
        "3 differences, 3 kept as they are",
    ]  # fmt: skip


def test_the_rules_that_name_a_changed_entity_or_list_are_named(tmp_path: Path) -> None:
    rules = ("{id: a, query: '#metals'}", "{id: b, query: '@china'}", "{id: c, query: china}")
    before = live(files(tmp_path, *rules))
    wider = ENTITIES.replace("[China]", "[China, PRC]").replace("[tin,", "[tin, zinc,")
    found = plan(before, files(tmp_path, *rules, entities=wider), settings=ANN, now=NOW)
    assert told(found)[:-1] == [
        "changed entity china (live since 2026-03-02 09:30 UTC, by ann)",
        "named by  rules a, b",
        "  names.en", "    + PRC",
        "changed list metals (live since 2026-03-02 09:30 UTC, by ann)",
        "named by  rule a",
        "  members", "    + zinc",
    ]  # fmt: skip


def test_what_another_owner_holds_is_refused_and_is_no_deletion(tmp_path: Path) -> None:
    before = live(files(tmp_path, "{id: a, query: x}", "{id: theirs, query: x}"), DESK)
    found = plan(before, files(tmp_path, "{id: a, query: y}"), settings=ANN, now=NOW)
    assert {(one.kind, one.id, one.what) for one in found.differences} == {
        ("rule", "a", "foreign"), ("entity", "china", "foreign"), ("list", "metals", "foreign"),
    }  # fmt: skip
    assert '          belongs to "desk", so apply refuses: take it out of the files, or delete it there first' in told(
        found
    )


def test_a_rule_of_another_owner_that_would_lose_its_entity_is_said_to_break(tmp_path: Path) -> None:
    shared = live(files(tmp_path, "{id: ours, query: x}"))
    both = live(
        files(tmp_path, "{id: theirs, query: '@china'}"), DESK.model_copy(update={"managed_by": "files"}), shared
    )
    theirs = RuleChange.model_validate(
        {
            "kind": "rule", "id": "desk-rule", "change_id": "d1", "body": {"query": "@china"}, "author": "ben",
            "managed_by": "desk", "made_at": NOW,
        }
    )  # fmt: skip
    before = both.apply([(both.version + 1, theirs)])
    found = plan(before, files(tmp_path, "{id: ours, query: x}", entities="version: 1\n"), settings=ANN, now=NOW)
    (broken,) = [one for one in found.differences if one.what == "broken"]
    assert (broken.kind, broken.id) == ("rule", "desk-rule")
    assert "unknown entity @china" in broken.why


def test_a_difference_as_json_has_both_sides_of_every_field(tmp_path: Path) -> None:
    before = live(files(tmp_path, "{id: a, query: tin}"))
    (one,) = plan(before, files(tmp_path, "{id: a, query: zinc}"), settings=ANN, now=NOW).differences
    assert one.row() == {
        "kind": "rule", "id": "a", "what": "change", "was": "ann", "since": NOW, "why": "",
        "fields": [{"field": "query", "old": "tin", "new": "zinc"}], "used_by": (),
    }  # fmt: skip


def test_what_is_deleted_and_comes_back_is_new(tmp_path: Path) -> None:
    first = live(files(tmp_path, "{id: a, query: tin}"))
    gone = live(files(tmp_path), on=first)
    (one,) = plan(gone, files(tmp_path, "{id: a, query: tin}"), settings=ANN, now=NOW).differences
    assert (one.what, one.before) == ("new", None)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param({"a": 1}, {"a": 1}, [], id="the same"),
        pytest.param({"a": []}, {"b": {}}, [], id="nothing, in other words"),
        pytest.param({}, {"id": "x", "a": 1}, [FieldChange(field="a", new=1)], id="new, without its id"),
        pytest.param({"n": {"en": ["x"]}}, {"n": {"en": ["y"]}},
                     [FieldChange(field="n.en", old=["x"], new=["y"])], id="inside"),
        pytest.param({}, {"n": {"en": ["y"]}}, [FieldChange(field="n.en", new=["y"])], id="a new map"),
        pytest.param({"n": {"id": 1}}, {}, [FieldChange(field="n.id", old=1)], id="a map that is gone"),
        pytest.param({"n": "x"}, {"n": {"en": 1}}, [FieldChange(field="n", old="x", new={"en": 1})], id="another kind"),
    ],
)  # fmt: skip
def test_fields_that_differ_are_named(
    old: Mapping[str, JsonValue], new: Mapping[str, JsonValue], expected: list[FieldChange]
) -> None:
    assert list(field_changes(old, new)) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(
            FieldChange(field="a", old=["x", "y"], new=["y", "z"]), ["  a", "    - x", "    + z"], id="members"
        ),
        pytest.param(FieldChange(field="a", new=["x", "y"]), ["  a", "    + x; y"], id="a new list in a row"),
        pytest.param(FieldChange(field="a", old=["x", "y"], new=["y", "x"]), ["  a: in another order"], id="order"),
        pytest.param(
            FieldChange(field="roles", new=[{"title": "Chair", "from": "2025-01-01"}]),
            ["  roles", "    + title: Chair, from: 2025-01-01"],
            id="fields of a member",
        ),
        pytest.param(FieldChange(field="a", new=[["x", "y"]]), ["  a", "    + x y"], id="a list in a list"),
        pytest.param(
            FieldChange(field="q", old="a  AND\n b", new="c"), ["  q", "    - a AND b", "    + c"], id="lines"
        ),
    ],
)
def test_a_field_is_shown_old_before_new(change: FieldChange, expected: list[str]) -> None:
    assert list(field_lines(change, room=None)) == expected


def test_a_long_query_is_wrapped_under_its_sign() -> None:
    query = " OR ".join(f"word{number}" for number in range(30))
    rows = list(field_lines(FieldChange(field="query", new=query), room=60))
    assert len(rows) > 3
    assert [row[:6] for row in rows[1:]] == ["    + ", *(["      "] * (len(rows) - 2))]
    assert all(len(row) <= 60 for row in rows)


WORDS = [f"word{number}" for number in range(30)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(WORDS, [*WORDS, "more"], ["      … word25 word26 word27 word28 word29", "    + more"], id="more"),
        pytest.param(
            WORDS, WORDS[1:], ["    - word0", "      word1 word2 word3 word4 word5 …"], id="the first is gone"
        ),
        pytest.param(
            WORDS,
            [*WORDS[:10], "x", *WORDS[11:]],
            [
                "      … word5 word6 word7 word8 word9",
                "    - word10",
                "    + x",
                "      word11 word12 word13 word14 word15 …",
            ],
            id="one in the middle",
        ),
    ],
)
def test_of_a_long_query_the_words_that_changed_are_shown(
    before: list[str], after: list[str], expected: list[str]
) -> None:
    change = FieldChange(field="query", old=" ".join(before), new=" ".join(after))
    assert list(field_lines(change, room=None))[1:] == expected


def test_of_many_rules_the_first_are_named() -> None:
    assert named(tuple(f"r{number}" for number in range(10))).endswith("r6, r7 and 2 more")


def test_a_query_that_cannot_be_read_names_nothing() -> None:
    broken = RuleChange.model_validate(
        {
            "kind": "rule", "id": "a", "change_id": "c", "body": {"query": "a b"}, "author": "x", "managed_by": "files",
            "made_at": NOW,
        }
    )  # fmt: skip
    found = plan(Matcher.empty().apply([(0, broken)]), [], settings=ANN, now=NOW)
    assert [(one.what, one.id) for one in found.differences] == [("delete", "a")]


def change(number: int, base: int | None, body: Mapping[str, JsonValue], **fields: object) -> tuple[int, RuleChange]:
    given = {
        "kind": "rule", "id": "a", "change_id": f"c{number}", "base": None if base is None else f"c{base}",
        "body": body, "author": "ann", "managed_by": "files", "made_at": NOW,
    }  # fmt: skip
    return number, RuleChange.model_validate({**given, **fields})


def test_every_version_is_there_and_what_never_counted_is_marked() -> None:
    versions = history(
        [
            change(0, None, {"query": "tin"}),
            change(1, None, {"query": "lost"}),
            change(2, 0, {"query": "zinc"}),
            change(2, 0, {"query": "zinc"}),
            change(3, None, {"query": "x"}, id="other"),
            change(4, 2, {}, deleted=True),
        ],
        ("rule", "a"),
    )
    assert [(version.number, version.outcome) for version in versions] == [
        (1, Outcome.ACCEPTED), (0, Outcome.LOST), (2, Outcome.ACCEPTED), (3, Outcome.ACCEPTED),
    ]  # fmt: skip
    assert versions[2].fields == (FieldChange(field="query", old="tin", new="zinc"),)
    assert versions[2].row()["body"] == {"query": "zinc"}
    assert versions[3].row()["deleted"] is True
    assert versions[0].change.change_id == ChangeId("c0")


def test_entities_and_lists_are_named_as_queries_name_them() -> None:
    assert [key_of(name) for name in ("a", "@a", "#a")] == [("rule", "a"), ("entity", "a"), ("list", "a")]


def test_a_refusal_is_a_difference_without_fields() -> None:
    assert Difference(kind="rule", id="a", what="foreign").row()["fields"] == []
