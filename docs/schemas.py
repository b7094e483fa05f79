"""Write docs/schemas/NAME.vN.json, one JSON Schema for each record of the topic catalogue."""

import json
from pathlib import Path

from pydantic.json_schema import JsonSchemaValue

from streams.record import Record
from streams.topics import CATALOGUE, desk_topic

FOLDER = Path(__file__).parent / "schemas"
RECORDS: tuple[type[Record], ...] = tuple(
    dict.fromkeys(record for topic in (*CATALOGUE, desk_topic("desk")) for record in topic.records)
)


def schema_of(record: type[Record]) -> JsonSchemaValue:
    """Return the schema of the record as it is written, dialect 2020-12."""
    schema = record.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": record.ce_type(), **schema}


def write() -> None:
    """Write every schema."""
    FOLDER.mkdir(exist_ok=True)
    for record in RECORDS:
        text = json.dumps(schema_of(record), indent=2, ensure_ascii=False, sort_keys=True)
        (FOLDER / f"{record.schema_name}.v{record.schema_version}.json").write_text(text + "\n")


if __name__ == "__main__":
    write()
