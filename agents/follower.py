"""Readers without a group: single-partition topics that every process follows, and one read to the end."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agents.kafka import Incoming
from config.settings import Settings
from streams.topics import Topic


class Follower:
    """Reads topics (rules, routes, controls) to their end, then follows them; each record goes to `apply`, in order.

    `apply` raises PoisonError for a record that is to be skipped (it is logged); anything else ends the follower.
    """

    def __init__(
        self,
        settings: Settings,
        topics: Sequence[Topic],
        apply: Callable[[Incoming], None],
        *,
        needs: Sequence[Topic] = (),
    ) -> None: ...

    async def start(self) -> None:
        """Return when everything up to the present end was applied, and each topic of `needs` holds a record."""

    async def run(self) -> None:
        """Follow until cancelled. `start` must have returned."""

    async def catch_up(self) -> None:
        """Return when everything that was appended before the call was applied; `run` must be running."""


async def read_all(settings: Settings, topic: Topic, apply: Callable[[Incoming], None]) -> None:
    """Apply one topic's records, all partitions, from the start to its present end."""


async def read_to(
    reader: Any, ends: Mapping[Any, int], apply: Callable[[Incoming], None], *, patience_s: float  # noqa: ANN401
) -> None:
    """Apply everything from the reader's positions to `ends`."""
