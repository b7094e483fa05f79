"""What Faust hands over, as what the rest of tocsin knows, and what is made of it."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from agents.dead_letters import guarded
from agents.kafka import Headers, Incoming, Outgoing
from streams.errors import NewerSchemaError

SLICE_S = 0.005  # decisions hold the loop no longer than this


class Decide(Protocol):
    """A stage's decision: pure."""

    def __call__(self, record: Incoming, *, stamped_at: datetime) -> Sequence[Outgoing]:
        """Return the outputs. Event time is `record.appended_at`; `stamped_at` is only for the ledger header."""


async def decided(
    decide: Decide, events: Sequence[Any], *, stage: str, clock: Callable[[], datetime]
) -> tuple[list[Outgoing], int, NewerSchemaError | None]:
    """Return the outputs, how many events they are of, and why the stage stops there, if it does."""
    outputs = list[Outgoing]()
    pause_at = time.monotonic() + SLICE_S
    for number, event in enumerate(events):
        try:
            outputs += guarded(partial(decide, stamped_at=clock()), received(event), stage=stage)
        except NewerSchemaError as err:
            return outputs, number, err
        if time.monotonic() > pause_at:
            await asyncio.sleep(0)
            pause_at = time.monotonic() + SLICE_S
    return outputs, len(events), None


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
