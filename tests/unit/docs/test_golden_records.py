"""Every form in which a record was ever written stays readable, and keeps what it said."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import create_model

from docs.schemas import RECORDS, schema_of
from streams.errors import PoisonError
from streams.people import Judgement
from streams.record import Record
from tests.support import golden_records
from tests.support.golden_records import fields_of, files_of, name_of, shown, with_unknown_fields
from tests.support.schema_judges import refused

GOLDEN = [
    pytest.param(record, path.read_bytes(), id=f"{record.schema_name}-{path.stem}")
    for record in RECORDS
    for path in files_of(record)
]


def kept(old: Any, new: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether everything that the old value says is said by the new one too."""
    if isinstance(old, dict):
        return isinstance(new, dict) and all(name in new and kept(old[name], new[name]) for name in old)
    if isinstance(old, list):
        return isinstance(new, list) and len(old) == len(new) and all(map(kept, old, new))
    return bool(old == new)


def read_back(record: type[Record], value: bytes) -> Any:  # noqa: ANN401 - JSON
    return json.loads(record.from_json(value, schema=record.schema_id()).to_json())


@pytest.mark.parametrize(("record", "value"), GOLDEN)
def test_a_record_of_then_is_read_today_with_all_that_it_said(record: type[Record], value: bytes) -> None:
    assert kept(json.loads(value), read_back(record, value))


@pytest.mark.parametrize(("record", "value"), GOLDEN)
def test_the_schema_of_today_accepts_a_record_of_then(record: type[Record], value: bytes) -> None:
    assert refused(schema_of(record), json.loads(value)) == []


@pytest.mark.parametrize(("record", "value"), GOLDEN)
def test_a_record_of_tomorrow_is_read_as_if_its_new_fields_were_not_there(record: type[Record], value: bytes) -> None:
    tomorrow = with_unknown_fields(record, json.loads(value))
    assert tomorrow != json.loads(value)
    assert refused(schema_of(record), tomorrow) == []
    assert read_back(record, json.dumps(tomorrow).encode()) == read_back(record, value)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.schema_name)
def test_every_field_stands_in_a_golden_record(record: type[Record]) -> None:
    known = set().union(*(shown(record, json.loads(path.read_bytes())) for path in files_of(record)))
    missing = fields_of(record) - known
    assert not missing, f"no golden record shows {sorted(missing)}: run `python -m tests.support.golden_records`"


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.schema_name)
def test_a_golden_record_has_the_bytes_that_its_name_tells(record: type[Record]) -> None:
    files = files_of(record)
    assert [path.name for path in files] == [name_of(number, path.read_bytes()) for number, path in enumerate(files, 1)]


def test_only_what_is_missing_is_written_and_nothing_is_written_over(tmp_path: Path) -> None:
    golden_records.write(tmp_path)
    full, least = files_of(Judgement, tmp_path)
    full.unlink()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.json")}
    golden_records.write(tmp_path)
    after = {path: path.read_bytes() for path in tmp_path.rglob("*.json")}
    assert before.items() <= after.items()
    assert len(after) - len(before) == int(fields_of(Judgement) > shown(Judgement, json.loads(least.read_bytes())))


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"old_name": "verdict", "new_name": "opinion"}, id="a field with another name"),
        pytest.param({"old_name": "at", "new_name": None}, id="a field that is gone"),
    ],
)
def test_a_field_that_is_renamed_or_gone_is_noticed(changed: dict[str, Any]) -> None:
    kept_fields: dict[str, Any] = {
        name: (field.annotation, ...) for name, field in Judgement.model_fields.items() if name != changed["old_name"]
    }
    new: dict[str, Any] = {changed["new_name"]: (str, "good")} if changed["new_name"] else {}
    mutant: Any = create_model("Judgement", **(kept_fields | new))
    value = files_of(Judgement)[0].read_bytes()
    assert not kept(json.loads(value), json.loads(mutant.model_validate_json(value).model_dump_json()))


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"verdict": "perhaps"}, id="a value outside the set"),
        pytest.param({"user": 7}, id="a number for a text"),
        pytest.param({"at": None}, id="no time"),
        pytest.param({"at": "yesterday"}, id="a text that is no time"),
        pytest.param({"at": "2026-02-30T09:00:00Z"}, id="a day that does not exist"),
    ],
)
def test_what_is_no_record_is_refused_by_schema_and_model(value: dict[str, object]) -> None:
    broken = json.loads(files_of(Judgement)[0].read_bytes()) | value
    assert len(refused(schema_of(Judgement), broken)) == 1
    with pytest.raises(PoisonError):
        Judgement.from_json(json.dumps(broken).encode())
