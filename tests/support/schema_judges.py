"""Who judges what we publish: jsonschema its schemas, the models of asyncapi3 the document; references are followed."""

import json
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, SchemaError  # type: ignore[import-untyped]  # ships no types
from pydantic import ValidationError

with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)  # two of its models have a field named schema
    from asyncapi3 import AsyncAPI3  # type: ignore[import-untyped]  # has no py.typed

FORMATS = FormatChecker(formats=())
TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")
URI_REFERENCE = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*")
EXPRESSION = re.compile(r"\{(\w+)\}")


@FORMATS.checks("date-time", raises=ValueError)  # type: ignore[untyped-decorator]  # ships no types
def is_time(value: object) -> bool:
    """Return whether a text is an RFC 3339 time. Raises: ValueError for a day or hour that does not exist."""
    if not isinstance(value, str):
        return True
    return bool(TIME.fullmatch(value)) and bool(datetime.fromisoformat(value))


@FORMATS.checks("uri-reference")  # type: ignore[untyped-decorator]  # as above
def is_uri_reference(value: object) -> bool:
    """Return whether a text has only characters that a URI reference may have."""
    return not isinstance(value, str) or URI_REFERENCE.fullmatch(value) is not None


def refused(schema: Mapping[str, Any], value: object) -> list[str]:
    """Return why the schema refuses the value, place by place; empty if it accepts it."""
    found = Draft202012Validator(schema, format_checker=FORMATS).iter_errors(value)
    return sorted(f"{error.json_path}: {error.message[:200]}" for error in found)


def broken_schema(schema: Mapping[str, Any]) -> list[str]:
    """Return why this is no JSON Schema of 2020-12; empty if it is one."""
    return list(_broken(json.dumps(schema)))


@cache
def _broken(schema: str) -> tuple[str, ...]:
    """Return the same for a schema's text: the documents that are judged share nearly all of theirs."""
    try:
        Draft202012Validator.check_schema(json.loads(schema))
    except SchemaError as err:
        return (f"{err.json_path}: {err.message}",)
    return ()


def broken_document(document: Any) -> list[str]:  # noqa: ANN401 - JSON
    """Return why this is no AsyncAPI 3 document: by its models, its schemas, its references and its addresses."""
    problems: list[str] = []
    try:
        AsyncAPI3.model_validate(document)
    except ValidationError as err:
        problems += [f"model: {error['loc']}: {error['msg']}" for error in err.errors(include_url=False)]
    problems += [f"schema {name}: {why}" for name, schema in _schemas(document) for why in broken_schema(schema)]
    problems += [f"reference {ref} leads nowhere" for ref in _references(document) if not _resolves(document, ref)]
    problems += list(_wrong_channels(document))
    return problems


def schema_in(document: Any, place: str) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return a schema that validates by itself: the one at `place`, with the document's components beside it."""
    return {"$ref": place, "components": document["components"]}


def _schemas(document: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - JSON
    components = document.get("components", {})
    yield from components.get("schemas", {}).items()
    for name, message in components.get("messages", {}).items():
        yield from ((f"{name}/{part}", message[part]) for part in ("headers", "payload") if part in message)
        bound = message.get("bindings", {}).get("kafka", {})
        yield f"{name}/key", bound.get("key", {})


def _references(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _references(each)


def _resolves(document: Any, ref: str) -> bool:  # noqa: ANN401 - JSON
    with suppress(KeyError, TypeError):
        for step in ref.removeprefix("#/").split("/"):
            document = document[step]
        return ref.startswith("#/")
    return False


def _wrong_channels(document: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    addresses: set[str] = set()
    for name, channel in document.get("channels", {}).items():
        address = channel.get("address") or name
        if address in addresses:
            yield f"channel {name}: two channels have the address {address}"
        addresses.add(address)
        if set(EXPRESSION.findall(address)) != set(channel.get("parameters", {})):
            yield f"channel {name}: the parameters are not those of the address {address}"
    for name, operation in document.get("operations", {}).items():
        if not operation.get("channel", {}).get("$ref", "").startswith("#/channels/"):
            yield f"operation {name}: it names no channel of the document"
