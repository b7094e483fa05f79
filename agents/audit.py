"""The audit's writers: a process that writes as it goes, and a person's command, which says first what it will do."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from secrets import token_hex
from typing import Final, Protocol

from pydantic import JsonValue

from agents.kafka import Outgoing, outgoing
from config.settings import Settings, author
from streams.audit import STOPPED, Action, AuditEntry, Chain
from streams.topics import AUDIT

STAGE: Final = "audit"
MOST_ENTRIES: Final = 500  # of one write: about 15 ms of sealing, in turns
TURN_AFTER: Final = 50


class Log(Protocol):
    """Where records are written."""

    async def deliver(self, outputs: Sequence[Outgoing]) -> None:
        """Return when the broker has acknowledged every output."""


def new_writer(process: str, instance: str | None) -> str:
    """Return the id of a writer: one start of a process, never another."""
    return f"{process}/{instance or '-'}/{token_hex(6)}"


@dataclass(slots=True)
class Auditor:
    """The audit of one process start. Whoever waits for what `note` returns knows that the broker has it.

    One write is under way at a time, of all that was noted meanwhile: so the log has the order of the chain, however
    many lanes note at once.
    """

    log: Log
    writer: str
    now: Callable[[], datetime]
    _chain: Chain = field(init=False)
    _waiting: list[tuple[Sequence[Action], Sequence[Outgoing], asyncio.Future[None]]] = field(default_factory=list)
    _unanswered: list[Outgoing] = field(default_factory=list)
    _noted: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._chain = Chain(self.writer)

    async def note(self, actions: Sequence[Action], *, beside: Sequence[Outgoing] = ()) -> None:
        """Return once the broker has acknowledged these entries, and the records beside them; `run` must be running.

        In one write, which makes one request to a broker: two after each other took three times as long.
        """
        if actions or beside:
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((actions, beside, done))
            self._noted.set()
            await done

    async def run(self) -> None:
        """Write what is noted until cancelled. Raises: RefusedError, and then the process has to end, uncommitted."""
        while True:
            await self._noted.wait()
            self._noted.clear()
            while self._waiting:
                await self._write_next()

    async def stop(self) -> None:
        """Close the chain, after a clean end alone: `run` was cancelled, and whoever noted has ended.

        What was under way then is written again: a copy is no break, and a gap would be one.
        """
        last = [written(self._chain.add(_stopped(self.writer, self.now())))] if self._chain.number else []
        await self.log.deliver([*self._unanswered, *last])

    async def _write_next(self) -> None:
        count = entries = 0
        for actions, *_ in self._waiting:
            entries += len(actions)
            if count and entries > MOST_ENTRIES:
                break
            count += 1
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        for action in (action for actions, *_ in taken for action in actions):
            self._unanswered.append(written(self._chain.add(action)))
            if len(self._unanswered) % TURN_AFTER == 0:
                await asyncio.sleep(0)
        await self.log.deliver([*(output for _, beside, _ in taken for output in beside), *self._unanswered])
        self._unanswered = []
        for *_, done in taken:
            if not done.done():
                done.set_result(None)


def written(entry: AuditEntry) -> Outgoing:
    """Return the record of an entry."""
    ce_id = f"{entry.writer}/{entry.number}"
    return outgoing(AUDIT, entry, key=entry.writer, ce_id=ce_id, stage=STAGE, at=entry.at)


def acted(
    settings: Settings, action: str, subject: str, *, before: JsonValue = None, after: JsonValue = None
) -> Action:
    """Return what the present user is about to do; `before` and `after` are versions or ids, never a secret."""
    now = datetime.now(UTC)
    return Action(at=now, action=action, subject=subject, user=author(settings), before=before, after=after)


async def perform(log: Log, actions: Sequence[Action], *writes: Sequence[Outgoing]) -> None:
    """Write into the audit what a person does, then the writes that do it, one after the other, then the chain's end.

    What was done stands in the audit, whatever fails in between; what stands there in a chain without an end may not
    have come about.
    """
    if not any(writes):
        return
    async with intent(log, actions):
        for outputs in writes:
            await log.deliver(outputs)


@asynccontextmanager
async def intent(log: Log, actions: Sequence[Action]) -> AsyncIterator[None]:
    """Write actions into a chain of their own before the block, and close the chain after it if nothing failed."""
    chain = Chain(new_writer("command", None))
    for start in range(0, len(actions), MOST_ENTRIES):
        await log.deliver([written(chain.add(action)) for action in actions[start : start + MOST_ENTRIES]])
    yield
    await log.deliver([written(chain.add(_stopped(chain.writer, datetime.now(UTC))))])


def _stopped(writer: str, at: datetime) -> Action:
    return Action(at=at, action=STOPPED, subject=writer)
