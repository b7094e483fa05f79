"""The wire format is a promise: docs/schemas/ holds it, and this fails when a record departs from it."""

import json
from pathlib import Path

import pytest

from docs.schemas import FOLDER, RECORDS, schema_of
from streams.record import Record

WRITTEN = {path.stem: path for path in Path(FOLDER).glob("*.json")}


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.schema_name)
def test_the_written_schema_is_the_records_own(record: type[Record]) -> None:
    path = WRITTEN[f"{record.schema_name}.v{record.schema_version}"]
    assert json.loads(path.read_text()) == schema_of(record), "run `make docs`, and read what changed"


def test_no_schema_is_left_over() -> None:
    assert set(WRITTEN) == {f"{record.schema_name}.v{record.schema_version}" for record in RECORDS}
