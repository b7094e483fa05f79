"""A sender's world in memory: a log, an owner and receivers, on a clock that jumps from timer to timer.

Everything of agents/deliver is real in it but the broker and the receivers, so hours of retries take milliseconds,
and a process can be killed between any two effects.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry

from agents.audit import Auditor, new_writer
from agents.deliver.attempt import Attempt
from agents.deliver.lane import Channel
from agents.deliver.outcome import Outcome, delivered
from agents.deliver.receivers import Receivers
from agents.deliver.sender import SOURCES, STATES, Sender
from agents.kafka import Incoming, Outgoing, outgoing
from agents.metrics import Metrics
from streams.ids import ReceiverId, UserId
from streams.routing.notification import Delivery, DeliveryState
from streams.routing.route import Receiver, RoutesVersion
from streams.topics import DELIVERIES, DELIVERY_STATES, RETRIES, ROUTES, Names, Topic
from tests.support.notices import ledger, routes_to

EPOCH = datetime(2026, 3, 2, 14, tzinfo=UTC)
NAMES = Names("t.")
NUMBERS = range(DELIVERY_STATES.partitions)
PLACES = tuple((NAMES.of(topic), number) for topic in SOURCES for number in NUMBERS)
MOST_POLLED = 500  # records of a place
Result = TypeVar("Result")


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop whose round takes 10 us while there is work, and whose clock jumps to the next timer when not.

    No real second counts in it: the same test takes the same steps on an idle machine and on a busy one.
    """

    now_s = 0.0
    round_s = 1e-5

    def time(self) -> float:
        """Return the loop's time (seconds since its start)."""
        return self.now_s

    def _run_once(self) -> None:
        self.now_s += self.round_s
        if not self._ready and self._scheduled:  # type: ignore[attr-defined]  # the loop's own queues
            self.now_s = max(self._scheduled[0].when(), self.now_s)  # type: ignore[attr-defined]
        super()._run_once()  # type: ignore[misc]


def on_a_jumping_clock(work: Coroutine[Any, Any, Result]) -> Result:
    """Return what the coroutine returns, run on a loop of its own."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(work)


class CrashError(Exception):
    """The process ended here; nothing that it does later has an effect."""


@dataclass
class MemoryLog:
    """Topics and committed offsets, as a broker keeps them."""

    records: dict[tuple[str, int], list[Incoming]] = field(default_factory=lambda: defaultdict(list))
    committed: dict[tuple[str, int], int] = field(default_factory=dict)
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def now(self) -> datetime:
        """Return the world's time (UTC)."""
        return EPOCH + timedelta(seconds=asyncio.get_running_loop().time())

    def append(self, output: Outgoing) -> None:
        """Append one record, at the world's time."""
        place = (NAMES.of(output.topic), output.partition)
        self.records[place].append(
            Incoming(
                topic=place[0],
                partition=output.partition,
                offset=len(self.records[place]),
                key=output.key,
                value=output.value,
                headers=output.headers,
                appended_at=self.now,
            )
        )
        self.moved.set()

    def publish(self, delivery: Delivery, topic: Topic | None = None) -> None:
        """Append a delivery as fan out does."""
        name = delivery.receiver
        self.append(
            outgoing(
                topic or DELIVERIES[delivery.urgency], delivery, key=name, by=name, ce_id=delivery.delivery_id,
                stage="fan_out", at=self.now, ledger=ledger().stamped(routed=self.now, fetched=self.now),
            )
        )  # fmt: skip

    def of(self, topic: Topic) -> list[Incoming]:
        """Return all records of a topic, partition by partition."""
        return [record for number in range(topic.partitions) for record in self.records[NAMES.of(topic), number]]

    def states(self) -> dict[str, DeliveryState]:
        """Return the last state of each delivery."""
        read = [DeliveryState.from_json(record.value) for record in self.of(DELIVERY_STATES)]
        return {state.delivery_id: state for state in read}

    def outcomes(self) -> list[str]:
        """Return the last state of each delivery, sorted, as words."""
        return sorted(state.state.value for state in self.states().values())

    def tier_records(self) -> int:
        """Return how many records the retry tiers took."""
        return sum(len(self.of(topic)) for topic in RETRIES.values())


@dataclass
class MemoryReceiver:
    """A receiver that answers as its script says: one outcome for each call, then `delivered` for good."""

    script: list[Outcome] = field(default_factory=list)
    takes_s: float = 0.0
    calls: list[tuple[float, str]] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    always: Outcome | None = None
    busy: int = 0
    most_busy: int = 0

    async def send(self, attempt: Attempt) -> Outcome:
        """Return the next outcome of the script."""
        self.calls.append((asyncio.get_running_loop().time(), attempt.delivery.delivery_id))
        self.attempts.append(attempt)
        self.busy += 1
        self.most_busy = max(self.most_busy, self.busy)
        try:
            await asyncio.sleep(self.takes_s)
        finally:
            self.busy -= 1
        if self.script:
            return self.script.pop(0)
        return self.always or delivered("ref")

    @property
    def received(self) -> list[str]:
        """Return the delivery ids of all calls."""
        return [name for _, name in self.calls]


class MemoryReceivers(Receivers):
    """The receivers as routes name them, with channels in memory."""

    channels: Mapping[str, Channel]

    def __init__(self, channels: Mapping[str, Channel], now: Callable[[], datetime]) -> None:
        super().__init__(None, now)  # type: ignore[arg-type]  # no session: nothing leaves the process
        self.channels = channels

    def _channel(self, receiver: Receiver) -> Channel:
        return self.channels[receiver.receiver_id]


def routes(*receivers: Receiver, version: str = "r1") -> Incoming:
    """Return a version of the routes as it stands on its topic."""
    body = routes_to(*receivers)
    record = RoutesVersion(version=version, body=body, author=UserId("t"), made_at=EPOCH)
    written = outgoing(ROUTES, record, key=version, ce_id=version, stage="routes", at=EPOCH)
    return Incoming(
        topic=NAMES.of(ROUTES), partition=0, offset=0, key=version, value=written.value, headers=written.headers,
        appended_at=EPOCH,
    )  # fmt: skip


def receiver(name: str, **given: Any) -> Receiver:  # noqa: ANN401 - a record's fields
    """Return a webhook receiver, fast unless told otherwise."""
    usual = {"receiver_id": ReceiverId(name), "type": "webhook", "options": {"ordered": False}, "concurrency": 4}
    return Receiver.model_validate(usual | {"rate": {"per_second": 1000, "burst": 1000}} | given)


class Process:
    """One sender process: it owns all partition numbers until it is stopped or killed."""

    def __init__(
        self, log: MemoryLog, receivers: Receivers, *, tear: Callable[[Sequence[Outgoing]], bool] | None = None
    ) -> None:
        self.log, self.receivers = log, receivers
        self.metrics = Metrics(CollectorRegistry())
        self.owned, self.coordinator_agrees = True, True
        self.paused: set[tuple[str, int]] = set()
        self.taken = {place: log.committed.get(place, 0) for place in PLACES}
        self.alive = True
        self._tear = tear
        self.auditor = Auditor(self, new_writer("deliver", None), lambda: log.now)
        self.sender = Sender(
            names=NAMES, owner=self, producer=self, auditor=self.auditor, receivers=receivers, metrics=self.metrics,
            now=lambda: log.now,
        )  # fmt: skip
        self._tasks: list[asyncio.Task[None]] = []

    async def deliver(self, outputs: Sequence[Outgoing]) -> None:
        """Append, as the producer does; a dead process appends nothing, a tear kills it just before this write."""
        if self._tear and self._tear(outputs):
            self.alive = False
        if not self.alive:
            raise CrashError
        await asyncio.sleep(0.001)
        for output in outputs:
            self.log.append(output)

    def holds(self, number: int) -> bool:  # noqa: ARG002 - the owner's signature
        """Return whether the process thinks that it owns the number."""
        return self.owned

    async def recheck(self, number: int) -> bool:  # noqa: ARG002 - the owner's signature
        """Return whether the coordinator thinks so too."""
        return self.coordinator_agrees

    async def commit(self, topic: Topic, number: int, offset: int) -> None:
        """Commit, unless this process is dead."""
        await asyncio.sleep(0.001)
        if self.alive:
            self.log.committed[NAMES.of(topic), number] = offset

    def pause(self, topic: Topic, number: int) -> None:
        """Fetch nothing more."""
        self.paused.add((NAMES.of(topic), number))

    def resume(self, topic: Topic, number: int) -> None:
        """Fetch again."""
        self.paused.discard((NAMES.of(topic), number))
        self.log.moved.set()

    async def start(self) -> "Process":
        """Restore, then follow the log."""
        self._tasks.append(asyncio.create_task(self.sender.run()))
        for number in NUMBERS:
            self.sender.begin(number)
            for topic in STATES:
                for record in self.log.records[NAMES.of(topic), number]:
                    self.sender.restore(record)
            await self.sender.start(number)
        self._tasks.append(asyncio.create_task(self._follow()))
        return self

    async def stop(self) -> None:
        """End as a supervisor asks for."""
        self._tasks.pop().cancel()
        for number in NUMBERS:
            await self.sender.end(number)
        await self._gone()

    async def kill(self) -> None:
        """End as kill -9 does: at once, without a word to anyone."""
        self.alive = False
        await self._gone()

    @property
    def failed(self) -> bool:
        """Return whether a task of the process failed, so that it has to end."""
        return any(task.done() and not task.cancelled() and task.exception() for task in self._tasks)

    async def _gone(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _follow(self) -> None:
        while self.alive:
            if fresh := self._poll():
                await self.sender.take(fresh)
            else:
                self.log.moved.clear()
                await self.log.moved.wait()
            await asyncio.sleep(0.005)

    def _poll(self) -> list[Incoming]:
        fresh: list[Incoming] = []
        for place in PLACES:
            records, at = self.log.records[place], self.taken[place]
            if at < len(records) and place not in self.paused:
                fresh += records[at : at + MOST_POLLED]
                self.taken[place] = min(at + MOST_POLLED, len(records))
        return fresh


async def until(
    true: Callable[[], bool], *, within_s: float = 200_000, step_s: float = 0.05, most_s: float = 10.0
) -> None:
    """Return once it is true, in the world's time; long waits are looked at in longer steps."""
    async with asyncio.timeout(within_s):
        while not true():
            await asyncio.sleep(step_s)
            step_s = min(step_s * 1.02, most_s)
