"""Golden records: tests/data/records/NAME/vN/, one JSON file for each form in which a record was ever written.

A file's name ends with the hash of its bytes, for a golden record never changes. For each record with a field that no
golden record shows, `python -m tests.support.golden_records` adds the next file; it touches none that is there.
"""

import json
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from zlib import crc32

from docs.schemas import RECORDS, schema_of
from streams.record import Record
from tests.support.golden import DATA

FOLDER = DATA / "records"
HASH_CHARS = 8
DEEPEST = 12  # a tree of routes ends there


def folder_of(record: type[Record], under: Path = FOLDER) -> Path:
    """Return where the golden records of a class are."""
    return under / record.schema_name / f"v{record.schema_version}"


def files_of(record: type[Record], under: Path = FOLDER) -> list[Path]:
    """Return the golden records of a class, oldest first."""
    return sorted(folder_of(record, under).glob("*.json"), key=lambda path: int(path.stem.partition("-")[0]))


def name_of(number: int, content: bytes) -> str:
    """Return the name of the golden record with this content."""
    return f"{number}-{sha256(content).hexdigest()[:HASH_CHARS]}.json"


def example(record: type[Record], *, full: bool) -> Record:
    """Return a record whose texts name their field; `full` fills every field, else only what is required stands."""
    schema = _schema(record)
    return record.model_validate(_value(schema, schema, record.schema_name, full=full))


def bytes_of(record: Record) -> bytes:
    """Return the record as it stands on the wire, on lines of its own for people."""
    return (json.dumps(json.loads(record.to_json()), ensure_ascii=False, indent=1) + "\n").encode()


def fields_of(record: type[Record]) -> set[str]:
    """Return every field that the record can hold, as `Class.field`."""
    schema = _schema(record)
    classes = [schema, *schema.get("$defs", {}).values()]
    return {f"{each['title']}.{field}" for each in classes for field in each.get("properties", {})}


def shown(record: type[Record], value: Any) -> set[str]:  # noqa: ANN401 - JSON
    """Return the fields that this JSON value of the record fills."""
    schema = _schema(record)
    return set(_shown(schema, schema, value))


def with_unknown_fields(record: type[Record], value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return the record's JSON as a newer program might write it: a field more in each object."""
    schema = _schema(record)
    return _grown(schema, schema, value)


def write(under: Path = FOLDER) -> None:
    """Add the golden records that are missing."""
    for record in RECORDS:
        files = files_of(record, under)
        known = set().union(*(shown(record, json.loads(path.read_bytes())) for path in files))
        forms = [example(record, full=True)] if fields_of(record) - known else []
        forms += [] if files else [example(record, full=False)]
        folder_of(record, under).mkdir(parents=True, exist_ok=True)
        for number, form in enumerate(forms, len(files) + 1):
            content = bytes_of(form)
            (folder_of(record, under) / name_of(number, content)).write_bytes(content)


@cache
def _schema(record: type[Record]) -> Any:  # noqa: ANN401 - a JSON schema
    return schema_of(record)


def _of(schema: Any, root: Any) -> Any:  # noqa: ANN401 - a JSON schema
    """Return the schema without references, and of several alternatives the one that is not null."""
    if "$ref" in schema:
        return _of(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    if "anyOf" in schema:
        return _of(next(each for each in schema["anyOf"] if each.get("type") != "null"), root)
    return schema


def _value(schema: Any, root: Any, path: str, *, full: bool) -> Any:  # noqa: ANN401, PLR0911 - one line a JSON type
    schema = _of(schema, root)
    if "enum" in schema or "const" in schema:
        return schema.get("enum", [schema.get("const")])[-1]
    match schema.get("type"):
        case "object":
            return _object(schema, root, path, full=full)
        case "array":
            return _array(schema, root, path, full=full)
        case "string":
            return _moment(path) if schema.get("format") == "date-time" else path.rpartition(".")[2] + "-1"
        case "boolean":
            return True
        case "integer":
            return len(path)
        case "number":
            return len(path) + 0.5
    return {"any": path}


def _moment(path: str) -> str:
    """Return a time that no other field has, so that a value in the wrong field shows."""
    second = crc32(path.encode())
    return f"2026-03-02T09:{second // 60 % 60:02}:{second % 60:02}.{second % 999_983:06}Z"


def _object(schema: Any, root: Any, path: str, *, full: bool) -> Any:  # noqa: ANN401 - JSON
    if "properties" not in schema:
        key = _value(schema.get("propertyNames", {"type": "string"}), root, path, full=full)
        return {key: _value(schema.get("additionalProperties", {}), root, f"{path}.value", full=full)} if full else {}
    wanted = schema["properties"] if full else schema.get("required", ())
    deep = path.count(".") > DEEPEST
    return {name: _value(schema["properties"][name], root, f"{path}.{name}", full=full and not deep) for name in wanted}


def _array(schema: Any, root: Any, path: str, *, full: bool) -> Any:  # noqa: ANN401 - JSON
    if "prefixItems" in schema:
        return [_value(each, root, f"{path}.{number}", full=full) for number, each in enumerate(schema["prefixItems"])]
    return [_value(schema["items"], root, path, full=full)] if full else []


def _shown(schema: Any, root: Any, value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    schema = _of(schema, root)
    if isinstance(value, list):
        for each in value:
            yield from _shown(schema.get("items", {}), root, each)
    if not isinstance(value, dict):
        return
    for name, each in value.items():
        field = schema.get("properties", {}).get(name)
        if field is not None and each not in (None, "", [], {}):
            yield f"{schema['title']}.{name}"
        inner = field if field is not None else schema.get("additionalProperties")
        yield from _shown(inner or {}, root, each)


def _grown(schema: Any, root: Any, value: Any) -> Any:  # noqa: ANN401 - JSON
    schema = _of(schema, root)
    if isinstance(value, list):
        return [_grown(schema.get("items", {}), root, each) for each in value]
    if not isinstance(value, dict):
        return value
    fields, inner = schema.get("properties", {}), schema.get("additionalProperties") or {}
    more = {"a_field_of_tomorrow": {"of": ["any", "kind"]}} if fields else {}
    return {name: _grown(fields.get(name, inner), root, each) for name, each in value.items()} | more


if __name__ == "__main__":
    write()
