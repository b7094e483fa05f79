"""Write docs/schemas/NAME.vN.json, one JSON Schema for each record of the topic catalogue, and for a digest.

`python -m docs.schemas 0.2.0` also keeps them in docs/schemas/released/0.2.0: later ones must stay compatible with it.
"""

import json
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic.json_schema import JsonSchemaValue

from streams.record import Record
from streams.routing.digest import Digest
from streams.topics import CATALOGUE, desk_topic

FOLDER = Path(__file__).parent / "schemas"
FIELDS = Path(__file__).parent / "fields.txt"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
RECORDS: tuple[type[Record], ...] = tuple(
    dict.fromkeys(
        [*(record for topic in (*CATALOGUE, desk_topic("desk")) for record in topic.records), Digest]  # a webhook's
    )
)


def schema_of(record: type[Record]) -> JsonSchemaValue:
    """Return the schema of the record as it is written, dialect 2020-12. `$id` is absolute, and names no host."""
    schema = record.model_json_schema(mode="serialization")
    parts = schema.pop("$defs", {})
    told = {name: described(name, part) for name, part in sorted(parts.items())}
    return {
        "$schema": DIALECT,
        "$id": f"urn:tocsin:{record.schema_name}:v{record.schema_version}",
        **described(record.__name__, schema),
        **({"$defs": told} if told else {}),
    }


def described(name: str, schema: JsonSchemaValue) -> JsonSchemaValue:
    """Return the schema of one class with a sentence for each field, in place of pydantic's titles."""
    fields = {field: described_field(name, field, value) for field, value in schema.get("properties", {}).items()}
    plain = {**schema, "title": name, "description": " ".join(schema.get("description", "").split())}
    return plain | ({"properties": fields} if fields else {})


def described_field(owner: str, field: str, schema: JsonSchemaValue) -> JsonSchemaValue:
    """Return a field's schema; a field that docs/fields.txt does not know has no description, and a test says so."""
    told = meaning(owner, field)
    kept = {key: value for key, value in schema.items() if key not in {"title", "description"}}
    return kept if told is None else kept | {"description": told}


def meaning(owner: str, field: str) -> str | None:
    """Return what a field of a class means, or None when nobody wrote it down."""
    told = meanings()
    return told.get(f"{owner}.{field}") or told.get(field)


@cache
def meanings() -> Mapping[str, str]:
    """Return the sentences of docs/fields.txt by `field` and `Class.field`."""
    lines = FIELDS.read_text(encoding="utf-8").splitlines()
    return dict(line.split(": ", 1) for line in lines if not line.startswith("#"))


def file_name(record: type[Record]) -> str:
    """Return the name of a record's schema file."""
    return f"{record.schema_name}.v{record.schema_version}.json"


def release(version: str, folder: Path = FOLDER) -> None:
    """Keep today's schemas as those of a release. Raises: FileExistsError, for what was released is never changed."""
    kept = folder / "released" / version
    kept.mkdir(parents=True)
    write(kept)


def write(folder: Path = FOLDER) -> None:
    """Write every schema."""
    folder.mkdir(parents=True, exist_ok=True)
    for record in RECORDS:
        text = json.dumps(schema_of(record), indent=2, ensure_ascii=False, sort_keys=True)
        (folder / file_name(record)).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
    for each in sys.argv[1:]:
        release(each)
