"""What all partition numbers of a sender share."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from agents.audit import Auditor
from agents.deliver.effects import Log
from agents.deliver.hearing import Hearing
from agents.deliver.receivers import Receivers
from agents.metrics import Metrics
from streams.topics import Topic

Spawn = Callable[[Coroutine[None, None, None]], asyncio.Task[None]]


class Ownership(Protocol):
    """Who owns a partition number, as `agents.loops.owner.Owner` knows it."""

    def holds(self, number: int) -> bool:
        """Return whether this process owns it by its own clock."""

    async def recheck(self, number: int) -> bool:
        """Return whether the coordinator agrees."""

    async def commit(self, topic: Topic, number: int, offset: int) -> None:
        """Commit the next offset to read."""

    def pause(self, topic: Topic, number: int) -> None:
        """Fetch nothing more of this partition."""

    def resume(self, topic: Topic, number: int) -> None:
        """Fetch it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Owner, log, audit, receivers and clocks.

    `spawn` starts a task whose failure ends the process, uncommitted; `finished` is set when a record is done.
    """

    owner: Ownership
    producer: Log
    auditor: Auditor
    receivers: Receivers
    metrics: Metrics
    now: Callable[[], datetime]
    clock: Callable[[], float]
    hearing: Hearing
    spawn: Spawn
    finished: asyncio.Event
