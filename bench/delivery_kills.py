"""Faults and kill -9 upon the real deliver process on the real Kafka, and the account of every delivery."""

import asyncio
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from bench.delivery_field import Load, Request, Sink, hooks, started
from streams.routing.notification import DeliveryState
from streams.topics import DELIVERY_STATES, RETRIES
from tests.support.deliver_process import Field
from tests.support.processes import Child, children, until

HOOKS, DEAD, CONCURRENCY = 50, 2, 4
FAULTS = ("500", "drop", "429/1", "503/1")
FAULT_SHARE, TAKES_S = 0.3, 0.03
PER_SECOND, SETTLE_S = 250.0, 600.0
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
        return chance.choice(FAULTS) if chance.random() < FAULT_SHARE else None

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
        seconds, chance = deliveries / PER_SECOND, Random(7)
        writing = asyncio.create_task(run.load.run(seconds))
        for _ in range(kills):
            family.append(await started(laid, sink, "one"))
            await until(lambda: family[-1].said, within_s=60)
            await asyncio.sleep(chance.uniform(0.2, 1.8) * seconds / kills)
            await _kill(run, family[-1])
        await writing
        family.append(await started(laid, sink, "one"))
        await _settled(run)
        return await _account(run)


async def _kill(run: Run, child: Child) -> None:
    child.send(signal.SIGKILL)
    await child.ended()
    run.killed_at.append(time.time())


async def _settled(run: Run) -> None:
    """Return once every living receiver was answered 200 for everything, or after so long: the account tells then."""
    waiting, deadline = run.living, time.monotonic() + SETTLE_S
    while waiting and time.monotonic() < deadline:
        await asyncio.sleep(0.2)
        waiting = {name for name in waiting if not _answered(run.sink.requests[name])}
    await asyncio.sleep(1.0)  # the last states


def _answered(requests: list[Request]) -> bool:
    return any(one.fault is None and one.answered_at for one in requests)


async def _account(run: Run) -> dict[str, float]:
    ended_at: dict[str, float] = {}
    handed_off = set[str]()
    for record in await run.ground.records(DELIVERY_STATES):
        state = DeliveryState.from_json(record.value)
        if state.state.final:
            ended_at.setdefault(state.delivery_id, record.appended_at.timestamp())
        else:
            handed_off.add(state.delivery_id)
    tiers = [record for topic in RETRIES.values() for record in await run.ground.records(topic)]
    living, promised = run.living, run.load.routed_at.keys()
    in_hand = (promised - living) & handed_off
    took = {name: _taken(run.sink.requests[name]) for name in living}
    repeated = sum(max(len(each) - 1, 0) for each in took.values())
    excused = sum(_excused(run, took[name], ended_at.get(name)) for name in living)
    return {
        "kafka_deliveries": len(promised), "kafka_kills": len(run.killed_at),
        "kafka_unaccounted": len(promised - ended_at.keys() - in_hand) + sum(not each for each in took.values()),
        "kafka_duplicates": repeated, "kafka_duplicates_beyond_bound": max(repeated - excused, 0),
        "kafka_tier_records_per_delivery": sum(SCHEDULED not in (one.value or b"") for one in tiers) / len(promised),
    }  # fmt: skip


def _taken(requests: list[Request]) -> list[Request]:
    return [one for one in requests if one.fault in (None, "drop")]


def _excused(run: Run, took: list[Request], ended_at: float | None) -> int:
    """Return how many repetitions lost answers and kills excuse: in flight, or taken and its state not written yet."""
    lost = sum(one.fault == "drop" for one in took)
    cut = [one for one in took if one.fault is None and _was_cut(run, one, ended_at)]
    return lost + len(cut)


def _was_cut(run: Run, one: Request, ended_at: float | None) -> bool:
    return any(one.came_at <= at and (ended_at is None or at <= ended_at) for at in run.killed_at)
