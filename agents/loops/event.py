"""What Faust hands over, as what the rest of tocsin knows, and what is made of it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from agents.kafka import Headers, Incoming, Outgoing


class Decide(Protocol):
    """A stage's decision: pure."""

    def __call__(self, record: Incoming, *, stamped_at: datetime) -> Sequence[Outgoing]:
        """Return the outputs. Event time is `record.appended_at`; `stamped_at` is only for the ledger header."""


def received(event: Any) -> Incoming:  # noqa: ANN401 - faust ships no types
    """Return what a Faust event holds, as it was read: bytes."""
    message = event.message
    headers: Headers = tuple(message.headers.items() if isinstance(message.headers, Mapping) else message.headers or ())
    return Incoming(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        key=(message.key or b"").decode("utf-8", "replace"),
        value=message.value,
        headers=headers,
        appended_at=datetime.fromtimestamp(message.timestamp, UTC),
    )
