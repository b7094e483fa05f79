"""A schema is to be read by people who have nothing else."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from docs.schemas import FOLDER, RECORDS, file_name, meanings, release, schema_of, write
from streams.record import Record
from tests.support.golden_records import fields_of
from tests.support.schema_judges import broken_schema


@pytest.fixture(params=RECORDS, ids=lambda record: record.schema_name)
def record(request: pytest.FixtureRequest) -> type[Record]:
    """Return each record in turn."""
    given: type[Record] = request.param
    return given


def classes(schema: Any) -> dict[str, Any]:  # noqa: ANN401 - a JSON schema
    return {schema["title"]: schema, **schema.get("$defs", {})}


def test_a_schema_is_one_of_its_dialect(record: type[Record]) -> None:
    assert broken_schema(schema_of(record)) == []


def test_a_schema_has_an_absolute_name_without_a_host(record: type[Record]) -> None:
    assert schema_of(record)["$id"] == f"urn:tocsin:{record.schema_name}:v1"


def test_every_class_and_every_field_is_explained(record: type[Record]) -> None:
    for name, part in classes(schema_of(record)).items():
        assert part.get("description") or name == "JsonValue", f"{name} has no docstring"
        silent = [field for field, schema in part.get("properties", {}).items() if "description" not in schema]
        assert not silent, f"docs/fields.txt does not say what {silent} of {name} mean"


def test_times_have_their_format_and_words_of_a_set_are_listed(record: type[Record]) -> None:
    text = json.dumps(schema_of(record))
    for part in classes(schema_of(record)).values():
        for name, schema in part.get("properties", {}).items():
            if name.endswith("_at") or name in {"at", "since", "hour"}:
                assert "date-time" in json.dumps(schema), name
    assert 'additionalProperties": false' not in text


def test_no_sentence_is_left_over() -> None:
    whole = set().union(*map(fields_of, RECORDS))
    names = {field.partition(".")[2] for field in whole}
    assert not [told for told in meanings() if told not in (whole if "." in told else names)]


def test_a_sentence_is_one_line_that_names_no_other_thing() -> None:
    for name, sentence in meanings().items():
        assert re.fullmatch(r"([A-Z]\w+\.)?[a-z_0-9]+", name)
        assert sentence == sentence.strip()
        assert not sentence.endswith(".")


def test_every_schema_is_written(tmp_path: Path) -> None:
    write(tmp_path / "new")
    written = {path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()}
    assert set(written) == {file_name(record) for record in RECORDS}
    for name, content in written.items():
        assert (FOLDER / name).read_bytes() == content, f"docs/schemas/{name} is old: make docs"


def test_what_was_released_is_not_written_over(tmp_path: Path) -> None:
    release("1.0.0", tmp_path)
    assert {path.name for path in (tmp_path / "released" / "1.0.0").iterdir()} == set(map(file_name, RECORDS))
    with pytest.raises(FileExistsError):
        release("1.0.0", tmp_path)
