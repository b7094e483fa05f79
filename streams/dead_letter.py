"""A record that a stage could not process, kept with its bytes and the reason."""

from base64 import b64encode
from collections.abc import Iterable
from typing import ClassVar

from streams.errors import Reason
from streams.record import Record, Utc

KEPT_BYTES = 65_536  # enough to see and redrive nearly all records; a larger one is read again from its topic


class DeadLetter(Record):
    """Where the record stood, its headers and first 64 kB (both base64, for they may be no text), and why."""

    schema_name: ClassVar[str] = "dead_letter"

    topic: str
    partition: int
    offset: int
    headers: tuple[tuple[str, str], ...]
    first_64k: str
    size_bytes: int
    stage: str
    reason: Reason
    error: str
    first_seen_at: Utc
    last_seen_at: Utc
    count: int = 1
    redriven_at: Utc | None = None

    @property
    def origin(self) -> str:
        """Return the key on `dead-letters`: the place of the record that failed."""
        return f"{self.topic}/{self.partition}/{self.offset}"


def kept_headers(headers: Iterable[tuple[str, bytes]]) -> tuple[tuple[str, str], ...]:
    """Return the headers as a dead letter keeps them: names and base64 values."""
    return tuple((name, b64encode(value).decode()) for name, value in headers)


def kept_bytes(value: bytes | None) -> str:
    """Return the first 64 kB of a value, base64."""
    return b64encode((value or b"")[:KEPT_BYTES]).decode()
