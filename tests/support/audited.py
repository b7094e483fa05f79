"""What tests ask of the audit in memory."""

from collections.abc import Iterable

from agents.kafka import Incoming, Outgoing
from streams.audit import AuditEntry, Verification


def entries(records: Iterable[Incoming | Outgoing]) -> list[AuditEntry]:
    """Return the entries of these records of the topic."""
    return [AuditEntry.from_json(record.value) for record in records]


def said(records: Iterable[Incoming | Outgoing]) -> list[tuple[str, str]]:
    """Return action and subject of each entry."""
    return [(entry.action, entry.subject) for entry in entries(records)]


def verified(records: Iterable[Incoming | Outgoing]) -> Verification:
    """Return the verification of the whole topic."""
    verification = Verification(from_the_start=True)
    for place, record in enumerate(records):
        verification.take(place, record.value)
    return verification
