"""Work for an owner in this very process that only remembers what it was asked."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

from agents.kafka import Incoming, Outgoing
from agents.loops.owner import Owner
from streams.topics import Topic

NUMBERS = [0, 1, 2]


class Recording:
    """Work that only remembers what the owner asked of it, in order."""

    def __init__(self) -> None:
        self.began: list[int] = []
        self.restored: list[str] = []
        self.started: list[int] = []
        self.taken: list[str] = []
        self.ended: list[int] = []
        self.hold = asyncio.Event()
        self.hold.set()

    def begin(self, number: int) -> None:
        self.began.append(number)

    def restore(self, record: Incoming) -> None:
        assert not self.started, "a state record after the start"
        self.restored.append(record.key)

    async def start(self, number: int) -> None:
        self.started.append(number)

    async def take(self, records: Sequence[Incoming]) -> None:
        self.taken += [record.key for record in records]
        await self.hold.wait()

    async def end(self, number: int) -> None:
        self.ended.append(number)


@contextlib.asynccontextmanager
async def running(owner: Owner, work: object) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(owner.run(work))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})


def at(topic: Topic, number: int, *keys: str) -> list[Outgoing]:
    return [Outgoing(topic=topic, partition=number, key=key, value=b"{}") for key in keys]
