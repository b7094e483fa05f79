"""Whether a record's schema of today still keeps what an earlier one promised. Pure: two schemas in, findings out.

Two directions. Old records must stay readable and mean the same; readers that know the old schema only must not be
surprised by new records, except that they ignore fields which they don't know. What may grow is told apart: a set of
values gets a new one only after every reader was upgraded.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Schema = Mapping[str, Any]
CURE = "give the record a new major version (schema_version + 1, a topic of a new name) and keep this one as it is"
BOUNDS_ABOVE = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
BOUNDS_BELOW = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
SAME = ("format", "pattern", "multipleOf", "uniqueItems")
NOTHING: Schema = {}
ABSENT = object()


class Breaks(StrEnum):
    """What a change breaks; a grown set of values only asks for readers to be upgraded first."""

    OLD_RECORDS = "old records"
    OLD_READERS = "old readers"
    NOTHING_BUT_GROWS = "nothing, but a set of values grows"


@dataclass(frozen=True, slots=True)
class Finding:
    """One change that matters: `place` is the field with its path, from the record's name on."""

    breaks: Breaks
    place: str
    what: str

    def __str__(self) -> str:
        """Return the sentence that names the field and the cure."""
        cure = "upgrade every reader first" if self.breaks is Breaks.NOTHING_BUT_GROWS else CURE
        return f"{self.place} {self.what}: breaks {self.breaks}; {cure}"


def findings(old: Schema, new: Schema) -> list[Finding]:
    """Return what the new schema of a record changes for old records and old readers; new fields are no finding.

    Raises: ValueError for a form of schema that this check does not know, so that nothing passes unseen.
    """
    return list(_Comparison(old, new).schemas(old, new, str(old["title"])))


class _Comparison:
    def __init__(self, old: Schema, new: Schema) -> None:
        self._old, self._new = old, new
        self._seen: set[tuple[str, str]] = set()

    def schemas(self, old: Schema, new: Schema, place: str) -> Iterator[Finding]:
        refs = old.get("$ref", ""), new.get("$ref", "")
        if all(refs):
            if refs in self._seen:
                return
            self._seen.add(refs)
        olds, news = _kinds(old, self._old), _kinds(new, self._new)
        if "anything" in olds or "anything" in news:
            yield from _anything(olds, news, place)
            return
        for kind, one in olds.items():
            other = news.get(kind) or (news.get("number") if kind == "integer" else None)
            if other is None:
                yield Finding(Breaks.OLD_RECORDS, place, f"may be no {kind} any more")
            else:
                yield from self._same_kind(one, other, place)
        for kind in news:
            if kind not in olds and not (kind == "integer" and "number" in olds):
                yield Finding(Breaks.OLD_READERS, place, f"may now be {kind} too")

    def _same_kind(self, old: Schema, new: Schema, place: str) -> Iterator[Finding]:
        yield from _values(old, new, place)
        yield from _limits(old, new, place)
        yield from self._properties(old, new, place)
        for part, step in (("items", "[]"), ("additionalProperties", "{}"), ("propertyNames", "{key}")):
            one, other = _open(old.get(part)), _open(new.get(part))
            yield from self.schemas(one, other, place + step)
        firsts, seconds = old.get("prefixItems", []), new.get("prefixItems", [])
        if len(firsts) != len(seconds):
            yield Finding(Breaks.OLD_RECORDS, place, f"has {len(seconds)} places instead of {len(firsts)}")
        for number, (one, other) in enumerate(zip(firsts, seconds, strict=False)):
            yield from self.schemas(one, other, f"{place}[{number}]")

    def _properties(self, old: Schema, new: Schema, place: str) -> Iterator[Finding]:
        olds, news = old.get("properties", NOTHING), new.get("properties", NOTHING)
        before, now = set(old.get("required", ())), set(new.get("required", ()))
        for name in sorted(set(olds) | set(news)):
            where = f"{place}.{name}"
            if name not in news:
                yield Finding(Breaks.OLD_RECORDS, where, "is gone, or has another name")
                continue
            if name in now - before:
                yield Finding(Breaks.OLD_RECORDS, where, "is required, and old records may lack it")
            if name not in olds:
                continue
            if name in before - now:
                yield Finding(Breaks.OLD_READERS, where, "is not required any more, and old readers count on it")
            elif name not in now and not _stays(olds[name].get("default", ABSENT), news[name].get("default", ABSENT)):
                yield Finding(Breaks.OLD_RECORDS, where, "has another default: records without it would change meaning")
            yield from self.schemas(olds[name], news[name], where)


def _kinds(schema: Schema, root: Schema) -> dict[str, Schema]:
    """Return the alternatives of a schema by JSON type; `anything` for one that says nothing."""
    schema = _resolved(schema, root)
    if "anyOf" in schema:
        found: dict[str, Schema] = {}
        for each in schema["anyOf"]:
            for kind, alternative in _kinds(each, root).items():
                if kind in found:
                    raise ValueError(f"two alternatives of the kind {kind} can't be told apart")
                found[kind] = alternative
        return found
    if unknown := {"oneOf", "allOf", "not", "if", "patternProperties", "dependentSchemas"} & set(schema):
        raise ValueError(f"{', '.join(sorted(unknown))}: not known to the compatibility check")
    kind = schema.get("type", "anything")
    if not isinstance(kind, str):
        return dict.fromkeys(kind, schema)
    return {kind: schema}


def _resolved(schema: Schema, root: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    name = schema["$ref"].rpartition("/")[2]
    return root["$defs"][name] if name in root.get("$defs", NOTHING) else root


def _open(schema: object) -> Schema:
    """Return what further items or properties must be: an absent schema and `true` allow everything."""
    if schema is None or schema is True:
        return NOTHING
    if schema is False:
        return {"type": []}
    return schema  # type: ignore[return-value]  # JSON Schema knows nothing but objects and booleans


def _anything(olds: Mapping[str, Schema], news: Mapping[str, Schema], place: str) -> Iterator[Finding]:
    if "anything" not in news:
        yield Finding(Breaks.OLD_RECORDS, place, f"may only be {' or '.join(news) or 'absent'} now")
    elif "anything" not in olds:
        yield Finding(Breaks.OLD_READERS, place, "may now be anything")


def _stays(old: object, new: object) -> bool:
    """Return whether a default says what it said; one that is an object may have got further fields."""
    if isinstance(old, dict) and isinstance(new, dict):
        return all(name in new and _stays(each, new[name]) for name, each in old.items())
    return old == new


def _values(old: Schema, new: Schema, place: str) -> Iterator[Finding]:
    before, now = _listed(old), _listed(new)
    if before is None and now is None:
        return
    if now is not None and (before is None or set(before) - set(now)):
        gone = "of a fixed set now" if before is None else f"no {' or '.join(sorted(set(before) - set(now)))} any more"
        yield Finding(Breaks.OLD_RECORDS, place, f"may be {gone}")
    elif now is None:
        yield Finding(Breaks.OLD_READERS, place, "may now be any value")
    elif before is not None and set(now) - set(before):
        grown = " or ".join(sorted(set(now) - set(before)))
        yield Finding(Breaks.NOTHING_BUT_GROWS, place, f"may now be {grown}")


def _listed(schema: Schema) -> list[str] | None:
    if "const" in schema:
        return [str(schema["const"])]
    return [str(value) for value in schema["enum"]] if "enum" in schema else None


def _limits(old: Schema, new: Schema, place: str) -> Iterator[Finding]:
    for limit in (*BOUNDS_ABOVE, *BOUNDS_BELOW, *SAME):
        before, now = old.get(limit), new.get(limit)
        if _tighter(limit, before, now):
            yield Finding(Breaks.OLD_RECORDS, place, f"has {limit} {now} instead of {before}")
        if _tighter(limit, now, before):
            yield Finding(Breaks.OLD_READERS, place, f"has {limit} {now} instead of {before}")


def _tighter(limit: str, before: Any, now: Any) -> bool:  # noqa: ANN401 - a limit is a number or a text
    if now is None or before == now:
        return False
    if before is None or limit in SAME:
        return True
    return bool(now < before if limit in BOUNDS_ABOVE else now > before)
