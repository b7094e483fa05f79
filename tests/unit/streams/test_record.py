from datetime import UTC, datetime, timedelta, timezone
from typing import ClassVar

import pytest

from streams.errors import NewerSchemaError, PoisonError, Reason
from streams.record import Record, Utc


class Sighting(Record):
    schema_name: ClassVar[str] = "sighting"
    schema_version: ClassVar[int] = 2

    place: str
    seen_at: Utc


NOON = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)


def test_a_record_comes_back_from_its_own_json() -> None:
    sighting = Sighting(place="Kuala Lumpur 吉隆坡", seen_at=NOON)
    assert Sighting.from_json(sighting.to_json()) == sighting


def test_times_are_held_in_utc() -> None:
    local = NOON.astimezone(timezone(timedelta(hours=8)))
    sighting = Sighting(place="x", seen_at=local)
    assert sighting.seen_at.utcoffset() == timedelta(0)
    assert b'"2026-03-01T12:00:00.250000Z"' in sighting.to_json()


def test_unknown_fields_are_ignored_so_that_older_programs_read_newer_records() -> None:
    value = b'{"place": "x", "seen_at": "2026-03-01T12:00:00Z", "mood": "calm"}'
    assert Sighting.from_json(value).place == "x"


@pytest.mark.parametrize(
    ("value", "reason", "says"),
    [
        pytest.param(b"<html>", Reason.NOT_JSON, "not JSON", id="html"),
        pytest.param(b'{"place": 1, "seen_at": "2026-03-01T12:00:00Z"}', Reason.NOT_VALID, "place", id="wrong type"),
        pytest.param(b'{"place": "x", "seen_at": "2026-03-01T12:00:00"}', Reason.NOT_VALID, "seen_at", id="no zone"),
        pytest.param(b"\xff\xfe", Reason.NOT_JSON, "not JSON", id="not text"),
        pytest.param(None, Reason.NOT_VALID, "without a value", id="tombstone"),
    ],
)
def test_what_is_no_record_is_poison_with_its_place(value: bytes | None, reason: Reason, says: str) -> None:
    with pytest.raises(PoisonError, match=says) as caught:
        Sighting.from_json(value)
    assert caught.value.reason is reason


def test_the_error_never_repeats_the_input() -> None:
    with pytest.raises(PoisonError) as caught:
        Sighting.from_json(b'{"place": ["hunter2"], "seen_at": "hunter2"}')
    assert "hunter2" not in str(caught.value)


def test_a_newer_major_version_stops_the_reader_before_it_looks_at_the_bytes() -> None:
    with pytest.raises(NewerSchemaError, match=r"sighting/3.*up to version 2.*upgrade") as caught:
        Sighting.from_json(b"not even json", schema="sighting/3")
    assert caught.value.exit_code == 75


@pytest.mark.parametrize("schema", [None, "", "sighting", "sighting/1", "sighting/2", "sighting/²", "sighting/x"])
def test_known_and_unreadable_versions_are_read(schema: str | None) -> None:
    value = Sighting(place="x", seen_at=NOON).to_json()
    assert Sighting.from_json(value, schema=schema).place == "x"


def test_the_names_on_the_wire_carry_the_version() -> None:
    assert (Sighting.schema_id(), Sighting.ce_type()) == ("sighting/2", "tocsin.sighting.v2")
