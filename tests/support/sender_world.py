"""What a test of the sender begins with: a log, receivers in memory, routes, and processes that run on them."""

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import wraps
from typing import Any, ParamSpec

from agents.kafka import Incoming, Outgoing
from streams.dead_letter import DeadLetter
from streams.routing.notification import Delivery
from streams.topics import DEAD_LETTERS, Topic
from tests.support.delivery_world import (
    EPOCH,
    NAMES,
    MemoryLog,
    MemoryReceiver,
    MemoryReceivers,
    Process,
    on_a_jumping_clock,
    receiver,
    routes,
    until,
)
from tests.support.notices import delivery

FOREVER = EPOCH + timedelta(days=4000)
Given = ParamSpec("Given")


def jumping(test: Callable[Given, Coroutine[Any, Any, None]]) -> Callable[Given, None]:
    """Return the test as one that runs on a clock that jumps from timer to timer."""

    @wraps(test)
    def run(*given: Given.args, **named: Given.kwargs) -> None:
        on_a_jumping_clock(test(*given, **named))

    return run


def sent_to(name: str, number: int = 0, **given: object) -> Delivery:
    """Return the delivery of the `number`th alert to a receiver, which never expires unless told otherwise."""
    return delivery(name, number=number, **({"expires_at": FOREVER} | given))


def in_order(name: str = "hook", **given: object) -> Incoming:
    """Return routes with one receiver that is told one by one, in the order of the log."""
    return routes(receiver(name, options={}, **given))


class World:
    """A log and some receivers; `known` are the routes of every process that starts: all receivers at first."""

    def __init__(self, *, known: Incoming | None = None, **channels: MemoryReceiver) -> None:
        self.log, self.channels = MemoryLog(), channels
        self.known = known or routes(*(receiver(name) for name in channels))

    def process(self, tear: Callable[[Sequence[Outgoing]], bool] | None = None) -> Process:
        """Return a process that is not started yet."""
        receivers = MemoryReceivers(self.channels, lambda: self.log.now)
        receivers.apply(self.known)
        return Process(self.log, receivers, tear=tear)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Process]:
        """Run a process for the time of the block, then have it end as a supervisor does."""
        process = await self.process().start()
        yield process
        await process.stop()

    def publish(self, *numbers: int, to: str = "hook", **given: object) -> None:
        """Append the deliveries of these alerts to a receiver."""
        for number in numbers:
            self.log.publish(sent_to(to, number, **given))

    async def settled(self, number: int) -> None:
        """Return once so many deliveries have a final state."""
        await until(lambda: sum(state.state.final for state in self.log.states().values()) >= number, most_s=300)

    def letters(self) -> list[DeadLetter]:
        """Return the dead letters."""
        return [DeadLetter.from_json(record.value) for record in self.log.of(DEAD_LETTERS)]

    def committed(self, topic: Topic) -> int:
        """Return how many records of a topic are committed, over its partitions."""
        return sum(offset for (name, _), offset in self.log.committed.items() if name == NAMES.of(topic))
