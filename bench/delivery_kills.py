"""Faults and kill -9 upon the real deliver process on the real Kafka, and the account of every delivery."""

import asyncio
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from agents.kafka import Incoming
from agents.loops.follower import read_all
from bench.delivery_field import Load, Request, Sink, hooks, started
from streams.routing.notification import DeliveryState
from streams.topics import DELIVERY_STATES, RETRIES
from tests.support.deliver_process import Field
from tests.support.processes import Child, children, until

HOOKS, DEAD, CONCURRENCY = 50, 2, 4
FAULTS = ("500", "drop", "500", "drop", "429/1", "503/1")  # in the shares that they have on the clock that jumps
FAULT_SHARE, TAKES_S = 0.3, 0.03
MOST_FAILURES = 3  # of one delivery, which the third puts off for 30 s: after a fourth it would wait for five minutes
PER_SECOND, SLICE = 250.0, 5_000  # encoded and written at a time
PATIENCE_S, LAST_STATES_S = 400.0, 60.0  # longer than a spill to the tier of five minutes takes
SCHEDULED = b'"reason":"scheduled"'


@dataclass
class Run:
    """A sink that fails three times in ten, the load, and when its sender was killed (wall clock, seconds)."""

    ground: Field
    sink: Sink
    load: Load
    killed_at: list[float] = field(default_factory=list)

    def fault(self, name: str, times: int) -> str | None:
        """Return what becomes of an attempt: the same one each time that it is asked for."""
        if self.load.receiver[name] in DEAD_ONES:
            return "500"
        chance = Random(f"{name} {times}")
        return chance.choice(FAULTS) if times <= MOST_FAILURES and chance.random() < FAULT_SHARE else None

    @property
    def living(self) -> set[str]:
        """Return the ids of what living receivers were promised."""
        return {name for name in self.load.routed_at if self.load.receiver[name] not in DEAD_ONES}


DEAD_ONES = frozenset(f"hook-{number}" for number in range(HOOKS - DEAD, HOOKS))


async def measure(bootstrap: str, folder: Path, *, deliveries: int, kills: int) -> dict[str, float]:
    """Publish while a sender runs and is killed again and again; return the account once the last one is through."""
    async with Sink(takes_s=TAKES_S) as sink, children() as family:
        laid = await Field.laid(bootstrap, "kills.")
        receivers = hooks(folder, sink, HOOKS, concurrency=CONCURRENCY)
        await laid.route(*receivers)
        run = Run(laid, sink, Load(laid, [each.receiver_id for each in receivers], PER_SECOND))
        sink.fault = run.fault
        writing = asyncio.create_task(_written(run.load, deliveries))
        began_s, share_s, chance = time.monotonic(), deliveries / PER_SECOND / kills, Random(7)
        for kill in range(kills):
            family.append(await started(laid, sink, "one"))
            await until(lambda: family[-1].said, within_s=60)
            due_s = began_s + (kill + chance.uniform(0.2, 0.8)) * share_s
            await asyncio.sleep(max(due_s - time.monotonic(), 0.2))
            await _kill(run, family[-1])
        family.append(await started(laid, sink, "one"))
        await writing
        await _settled(run)
        return await _account(run)


async def _written(load: Load, deliveries: int) -> None:
    for begin in range(0, deliveries, SLICE):
        await load.run(min(SLICE, deliveries - begin) / PER_SECOND)


async def _kill(run: Run, child: Child) -> None:
    child.send(signal.SIGKILL)
    await child.ended()
    run.killed_at.append(time.time())


async def _settled(run: Run) -> None:
    """Return once living receivers were answered 200 for everything, or for nothing new in so long: it is told then."""
    waiting, deadline = run.living, time.monotonic() + PATIENCE_S
    while waiting and time.monotonic() < deadline:
        await asyncio.sleep(1.0)
        left = {name for name in waiting if not _answered(run.sink.requests[name])}
        if left != waiting:
            waiting, deadline = left, time.monotonic() + PATIENCE_S


def _answered(requests: list[Request]) -> bool:
    return any(one.fault is None and one.answered_at for one in requests)


async def _account(run: Run) -> dict[str, float]:
    living, promised = run.living, run.load.routed_at.keys()
    standing = await run.ground.in_hand()  # before the states: what ends in between is in both
    ended_at = await _ended_at(run)
    took = {name: _taken(run.sink.requests[name]) for name in living}
    repeated = sum(max(len(each) - 1, 0) for each in took.values())
    lost = sum(one.fault == "drop" for each in took.values() for one in each)
    cut = sum(_was_cut(run, one, ended_at.get(name)) for name, each in took.items() for one in each)
    untold = {name for name, each in took.items() if not each}
    return {
        "kafka_deliveries": len(promised), "kafka_kills": len(run.killed_at),
        "kafka_unaccounted": len(promised - ended_at.keys() - standing) + len(untold & ended_at.keys()),
        "kafka_not_through": len(living - ended_at.keys()),
        "kafka_duplicates": repeated, "kafka_lost_answers": lost, "kafka_cut_by_kills": cut,
        "kafka_duplicates_beyond_bound": max(repeated - lost - cut, 0),
        "kafka_tier_records_per_delivery": await _tier_records(run) / len(promised),
    }  # fmt: skip


async def _ended_at(run: Run) -> dict[str, float]:
    """Return when each delivery ended (wall clock, seconds), once all to living receivers have, if they ever do."""
    found: dict[str, float] = {}

    def note(record: Incoming) -> None:
        state = DeliveryState.from_json(record.value)
        if state.state.final:
            found.setdefault(state.delivery_id, record.appended_at.timestamp())

    deadline = time.monotonic() + LAST_STATES_S
    while True:
        await read_all(run.ground.settings, DELIVERY_STATES, note)
        if not run.living - found.keys() or time.monotonic() > deadline:
            return found
        await asyncio.sleep(1.0)


async def _tier_records(run: Run) -> int:
    """Return how many records the tiers took, scheduled ones apart."""
    count = 0

    def note(record: Incoming) -> None:
        nonlocal count
        count += SCHEDULED not in (record.value or b"")

    for topic in RETRIES.values():
        await read_all(run.ground.settings, topic, note)
    return count


def _taken(requests: list[Request]) -> list[Request]:
    return [one for one in requests if one.fault in (None, "drop")]


def _was_cut(run: Run, one: Request, ended_at: float | None) -> bool:
    """Return whether a kill fell between a request that was taken and its final state."""
    if one.fault is not None:
        return False
    return any(one.came_at <= at and (ended_at is None or at <= ended_at) for at in run.killed_at)
