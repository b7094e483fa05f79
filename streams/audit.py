"""The audit: append-only entries, one hash chain for each writer."""

from typing import ClassVar

from pydantic import JsonValue

from streams.ids import UserId, content_id
from streams.record import Record, Utc

HASH_CHARS = 64


class AuditEntry(Record):
    """One action. `hash` covers every other field and the hash before it, so that a gap or an edit shows."""

    schema_name: ClassVar[str] = "audit_entry"

    writer: str
    number: int
    at: Utc
    user: UserId | None = None
    action: str
    subject: str
    before: JsonValue = None
    after: JsonValue = None
    previous_hash: str
    hash: str = ""


def sealed(entry: AuditEntry) -> AuditEntry:
    """Return the entry with its hash: sha256 over its JSON without the hash."""
    body = entry.model_copy(update={"hash": ""}).to_json().decode()
    return entry.model_copy(update={"hash": content_id(body, length=HASH_CHARS)})


def holds(entry: AuditEntry, *, after: AuditEntry | None) -> bool:
    """Return whether the entry is unchanged and follows `after` (None: it is the first of its writer, number 1)."""
    number, previous = (after.number + 1, after.hash) if after else (1, "")
    return entry.number == number and entry.previous_hash == previous and sealed(entry).hash == entry.hash
