"""What was released is kept: today's schemas against docs/schemas/released/, and changes that must be noticed."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from docs.compatibility import CURE, Breaks, findings
from docs.schemas import FOLDER, RECORDS, file_name, schema_of
from streams.alerts.alert import Alert
from streams.routing.route import RoutesVersion

RELEASED = sorted((FOLDER / "released").glob("*/*.json"))
TODAY = {file_name(record): schema_of(record) for record in RECORDS}
OLD_RECORDS, OLD_READERS, GROWS = Breaks.OLD_RECORDS, Breaks.OLD_READERS, Breaks.NOTHING_BUT_GROWS


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_was_released_is_kept(path: Path) -> None:
    assert path.name in TODAY, f"{path.stem} is gone: its topics still hold records of it"
    found = findings(json.loads(path.read_text(encoding="utf-8")), TODAY[path.name])
    broken = [str(finding) for finding in found if finding.breaks is not GROWS]
    assert not broken, "\n".join(broken)


def test_something_was_released() -> None:
    assert len(RELEASED) >= 21


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.schema_name)
def test_a_schema_is_compatible_with_itself(record: type) -> None:
    assert findings(TODAY[file_name(record)], deepcopy(TODAY[file_name(record)])) == []


Change = Callable[[dict[str, Any]], object]


def alert() -> dict[str, Any]:
    return deepcopy(schema_of(Alert))


def head(schema: dict[str, Any]) -> Any:  # noqa: ANN401 - a JSON schema
    return schema["$defs"]["Head"]


def renamed(schema: dict[str, Any]) -> None:
    fields = schema["properties"]
    fields["same_as_before"] = fields.pop("late_by_s")


@pytest.mark.parametrize(
    ("change", "breaks", "place"),
    [
        pytest.param(lambda s: s["properties"].pop("late_by_s"), OLD_RECORDS, "Alert.late_by_s", id="removed"),
        pytest.param(renamed, OLD_RECORDS, "Alert.late_by_s", id="renamed"),
        pytest.param(
            lambda s: head(s)["properties"].pop("lead"), OLD_RECORDS, "Alert.head.lead", id="removed in a part"
        ),
        pytest.param(
            lambda s: s["required"].append("similarity"), OLD_RECORDS, "Alert.similarity", id="made required"
        ),
        pytest.param(
            lambda s: (s["properties"].update(new={"type": "string"}), s["required"].append("new")),
            OLD_RECORDS, "Alert.new", id="a new one that is required",
        ),
        pytest.param(
            lambda s: s["properties"].update(firm={"type": "string", "default": True}),
            OLD_RECORDS, "Alert.firm", id="of another type",
        ),
        pytest.param(
            lambda s: s["properties"].update(late_by_s={"type": "number", "default": None}),
            OLD_RECORDS, "Alert.late_by_s", id="null no more",
        ),
        pytest.param(
            lambda s: s["properties"]["late_by_s"]["anyOf"][0].update(type="integer"),
            OLD_RECORDS, "Alert.late_by_s", id="a number made an integer",
        ),
        pytest.param(
            lambda s: s["$defs"]["Urgency"]["enum"].remove("flash"),
            OLD_RECORDS, "Alert.rules[].urgency", id="a value less",
        ),
        pytest.param(
            lambda s: head(s)["properties"]["title"].update(enum=["a"]),
            OLD_RECORDS, "Alert.head.title", id="a fixed set for any text",
        ),
        pytest.param(
            lambda s: s["properties"]["firm"].update(default=False), OLD_RECORDS, "Alert.firm", id="another default"
        ),
        pytest.param(
            lambda s: head(s)["properties"]["title"].update(maxLength=10),
            OLD_RECORDS, "Alert.head.title", id="a bound above",
        ),
        pytest.param(
            lambda s: head(s)["properties"]["tier"].update(minimum=2), OLD_RECORDS, "Alert.head.tier", id="a bound"
        ),
        pytest.param(
            lambda s: head(s)["properties"]["url"].update(format="uri"), OLD_RECORDS, "Alert.head.url", id="a format"
        ),
        pytest.param(
            lambda s: head(s).update(additionalProperties=False),
            OLD_RECORDS, "Alert.head{}", id="closed to unknown fields",
        ),
        pytest.param(
            lambda s: s["properties"]["spans"].update(items={"type": "string"}),
            OLD_RECORDS, "Alert.spans[]", id="items of another type",
        ),
        pytest.param(
            lambda s: s["required"].remove("story_id"), OLD_READERS, "Alert.story_id", id="required no more"
        ),
        pytest.param(
            lambda s: s["properties"]["event_id"].update(type=["string", "null"]),
            OLD_READERS, "Alert.event_id", id="a type more",
        ),
        pytest.param(
            lambda s: s["properties"]["event_id"].pop("type"), OLD_READERS, "Alert.event_id", id="anything at all"
        ),
        pytest.param(
            lambda s: head(s)["properties"]["first_seen_at"].pop("format"),
            OLD_READERS, "Alert.head.first_seen_at", id="no time any more",
        ),
        pytest.param(
            lambda s: s["$defs"]["Urgency"].pop("enum"), OLD_READERS, "Alert.rules[].urgency", id="any value"
        ),
        pytest.param(
            lambda s: s["$defs"]["Relation"]["enum"].append("rumour"), GROWS, "Alert.relation", id="a value more"
        ),
    ],
)  # fmt: skip
def test_a_change_is_told_with_its_field_and_its_cure(change: Change, breaks: Breaks, place: str) -> None:
    new = alert()
    change(new)
    found = findings(alert(), new)
    assert (breaks, place) in {(finding.breaks, finding.place) for finding in found}
    told = next(str(finding) for finding in found if finding.place == place)
    assert place in told
    assert ("upgrade every reader first" if breaks is GROWS else CURE) in told


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda s: s["properties"].update(new={"type": "string", "default": ""}), id="a new field"),
        pytest.param(lambda s: head(s)["properties"].update(new={"type": "null"}), id="a new field in a part"),
        pytest.param(lambda s: s.update(title="Alarm", description="other words"), id="other words"),
        pytest.param(lambda s: s["$defs"].update(New={"type": "object"}), id="a new part"),
        pytest.param(
            lambda s: head(s)["properties"].update(new={"type": "object", "default": {"more": ""}}),
            id="a new field with a default of its own",
        ),
    ],
)
def test_a_record_may_grow(change: Change) -> None:
    new = alert()
    change(new)
    assert findings(alert(), new) == []


@pytest.mark.parametrize(
    ("default", "broken"),
    [
        pytest.param({"a": [], "b": []}, False, id="a field more"),
        pytest.param({"b": []}, True, id="a field less"),
        pytest.param({"a": ["x"]}, True, id="another value"),
        pytest.param(None, True, id="nothing"),
    ],
)
def test_a_default_that_is_an_object_may_grow(default: object, *, broken: bool) -> None:
    old = {"title": "T", "type": "object", "properties": {"facts": {"type": "object", "default": {"a": []}}}}
    new = {**old, "properties": {"facts": {"type": "object", "default": default}}}
    assert bool(findings(old, new)) is broken


@pytest.mark.parametrize(
    ("old", "new", "breaks"),
    [
        pytest.param({"const": "a"}, {"const": "b"}, {OLD_RECORDS}, id="another constant"),
        pytest.param({"const": "a"}, {"enum": ["a", "b"]}, {GROWS}, id="a constant that became a set"),
        pytest.param({"maxLength": 9}, {"maxLength": 8}, {OLD_RECORDS}, id="a lower bound above"),
        pytest.param({"minLength": 1}, {"minLength": 2}, {OLD_RECORDS}, id="a higher bound below"),
        pytest.param({"maxLength": 9}, {"maxLength": 10}, {OLD_READERS}, id="a higher bound above"),
        pytest.param({"maxLength": 9}, {"maxLength": 9}, set(), id="the same bound"),
    ],
)
def test_constants_and_bounds_are_compared(old: dict[str, Any], new: dict[str, Any], breaks: set[Breaks]) -> None:
    text = {"title": "T", "type": "string"}
    assert {finding.breaks for finding in findings({**text, **old}, {**text, **new})} == breaks


def test_a_change_deep_in_a_tree_that_holds_itself_is_found_once() -> None:
    old, new = deepcopy(schema_of(RoutesVersion)), deepcopy(schema_of(RoutesVersion))
    del new["$defs"]["RouteNode"]["properties"]["go_on"]
    assert [finding.place for finding in findings(old, new)] == ["RoutesVersion.body.route.go_on"]


def test_places_of_a_pair_are_compared() -> None:
    pair: dict[str, Any] = {"title": "T", "type": "array", "prefixItems": [{"type": "string"}, {"type": "string"}]}
    other = {**pair, "prefixItems": [{"type": "string"}, {"type": "integer"}]}
    assert OLD_RECORDS in {finding.breaks for finding in findings(pair, other)}
    assert findings(pair, {**pair, "prefixItems": []})[0].breaks is OLD_RECORDS


@pytest.mark.parametrize(
    "form",
    [
        pytest.param({"oneOf": [{"type": "string"}]}, id="a keyword it does not know"),
        pytest.param({"anyOf": [{"type": "string"}, {"type": "string"}]}, id="alternatives of one type"),
    ],
)
def test_a_form_that_the_check_does_not_know_does_not_pass(form: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"known to the compatibility check|told apart"):
        findings({"title": "T", **form}, {"title": "T", **form})
