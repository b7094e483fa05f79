"""The audit: append-only entries, one hash chain for each writer.

An entry's hash covers its bytes on the wire, without the hash itself, and the hash before it. So an edit, a gap or a
swap shows in a chain; who cuts off the end of one leaves a chain that nobody closed.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import ClassVar

from pydantic import JsonValue

from streams.errors import PoisonError
from streams.ids import UserId
from streams.record import Record, Utc

STOPPED = "stopped"  # the action that closes a chain
KEPT_HASHES = 1_000  # a producer that heard no acknowledgement writes its last entries again: 500 at most


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
    hash: str = ""  # the last field for good: what stands before it is what was sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What was done, before it has its place in a chain. `before` and `after` hold versions or ids, never a secret."""

    at: datetime
    action: str
    subject: str
    user: UserId | None = None
    before: JsonValue = None
    after: JsonValue = None


@dataclass(slots=True)
class Chain:
    """The chain of one writer, to be written in the order in which entries are added."""

    writer: str
    number: int = 0
    hash: str = ""

    def add(self, action: Action) -> AuditEntry:
        """Return the next entry, sealed (about 30 us)."""
        entry = sealed(
            AuditEntry(
                writer=self.writer,
                number=self.number + 1,
                at=action.at,
                user=action.user,
                action=action.action,
                subject=action.subject,
                before=action.before,
                after=action.after,
                previous_hash=self.hash,
            )
        )
        self.number, self.hash = entry.number, entry.hash
        return entry


def sealed(entry: AuditEntry) -> AuditEntry:
    """Return the entry with its hash: sha256 over its JSON without the hash (about 15 us)."""
    bare = entry.model_copy(update={"hash": ""}) if entry.hash else entry
    return bare.model_copy(update={"hash": sha256(bare.to_json()).hexdigest()})


def is_sealed(value: bytes, entry: AuditEntry) -> bool:
    """Return whether the entry's hash is that of its bytes, which are taken as they stand.

    So a field that this program does not know is covered too.
    """
    body = value.removesuffix(f'{entry.hash}"}}'.encode())
    return sha256(body + b'"}').hexdigest() == entry.hash


def follows(entry: AuditEntry, previous_hash: str) -> bool:
    """Return whether the entry was sealed over this hash."""
    return entry.previous_hash == previous_hash


class Fault(StrEnum):
    """What is wrong at a place; `copy` alone is no break, for a producer that heard no answer writes again."""

    UNREADABLE = "unreadable"
    EDITED = "edited"
    GAP = "gap"
    ORDER = "order"
    DOUBLED = "doubled"
    REPLACED = "replaced"
    AFTER_END = "after_end"
    COPY = "copy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A fault with its place: the offset on the topic, or the line of a file."""

    place: int
    writer: str
    number: int | None
    fault: Fault
    detail: str

    @property
    def is_break(self) -> bool:
        """Return whether somebody changed what was written."""
        return self.fault is not Fault.COPY


@dataclass(slots=True)
class Seen:
    """What was seen of one writer's chain, up to the highest number."""

    first: AuditEntry
    last: AuditEntry
    entries: int = 0
    closed: bool = False
    missing: list[tuple[int, int]] = field(default_factory=list)
    hashes: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=KEPT_HASHES))

    @property
    def begins_late(self) -> bool:
        """Return whether entries were written before the first that was seen."""
        return self.first.number > 1


@dataclass(slots=True)
class Verification:
    """Takes the entries of all writers in the order in which they stand, and finds every break.

    `from_the_start`: nothing can have expired before the first of them, so that a chain which begins late is broken.
    """

    from_the_start: bool
    chains: dict[str, Seen] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    entries: int = 0

    def take(self, place: int, value: bytes | None) -> None:
        """Take the bytes of one entry (about 25 us)."""
        self.entries += 1
        try:
            entry = AuditEntry.from_json(value)
        except PoisonError as err:
            self.findings.append(Finding(place=place, writer="-", number=None, fault=Fault.UNREADABLE, detail=str(err)))
            return
        seen = self.chains.get(entry.writer)
        if not is_sealed(value or b"", entry):
            self._find(place, entry, Fault.EDITED, "its hash is not that of what it says")
            if seen is None or entry.number != seen.last.number + 1:
                return  # its number may be false too: nobody is to be measured by it
        if seen is None:
            self._begin(place, entry)
        elif entry.number > seen.last.number:
            self._go_on(place, entry, seen)
        else:
            self._again(place, entry, seen)

    def _begin(self, place: int, entry: AuditEntry) -> None:
        if entry.number > 1 and self.from_the_start:
            self._find(place, entry, Fault.GAP, _missing(1, entry.number - 1))
        if entry.number <= 1 and not (entry.number == 1 and follows(entry, "")):
            self._find(place, entry, Fault.REPLACED, "it is no beginning of a chain")
        _take(Seen(first=entry, last=entry), entry, into=self.chains)

    def _go_on(self, place: int, entry: AuditEntry, seen: Seen) -> None:
        if entry.number > seen.last.number + 1:
            self._find(place, entry, Fault.GAP, _missing(seen.last.number + 1, entry.number - 1))
            seen.missing.append((seen.last.number + 1, entry.number - 1))
        elif not follows(entry, seen.last.hash):
            self._find(place, entry, Fault.REPLACED, f"it was written after another {seen.last.number} than this one")
        if seen.closed:
            self._find(place, entry, Fault.AFTER_END, f"its writer had ended with {seen.last.number}")
        _take(seen, entry, into=self.chains)

    def _again(self, place: int, entry: AuditEntry, seen: Seen) -> None:
        """Take an entry whose number is not higher than the last: a copy, a double, or one out of order."""
        seen.entries += 1
        if (entry.number, entry.hash) in seen.hashes:
            self._find(place, entry, Fault.COPY, "it stands before, and says the same")
        elif any(start <= entry.number <= end for start, end in seen.missing) or entry.number < seen.first.number:
            self._find(place, entry, Fault.ORDER, f"it stands behind {seen.last.number}")
        else:
            self._find(place, entry, Fault.DOUBLED, "its number stands before, and says something else")

    def _find(self, place: int, entry: AuditEntry, fault: Fault, detail: str) -> None:
        self.findings.append(Finding(place=place, writer=entry.writer, number=entry.number, fault=fault, detail=detail))


def _take(seen: Seen, entry: AuditEntry, *, into: dict[str, Seen]) -> None:
    into[entry.writer] = seen
    seen.last, seen.entries, seen.closed = entry, seen.entries + 1, entry.action == STOPPED
    seen.hashes.append((entry.number, entry.hash))


def _missing(start: int, end: int) -> str:
    return f"{start} is missing" if start == end else f"{start} to {end} are missing"
