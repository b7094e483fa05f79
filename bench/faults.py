"""Faults upon a running pipeline: kills at random moments under load, and workers that come and go."""

import asyncio
import random
import time
from dataclasses import dataclass
from functools import partial

from agents.broker.server import Broker
from bench.latency import longest_silence_s
from tests.support.account import Account, Reader, take_account
from tests.support.children import ROLES
from tests.support.pipeline import Pipeline
from tests.support.twin import expected_rules
from tests.support.wire import publish_steadily

KILL_RATE = 20.0
SETTLE_S = 120.0
LOOK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Killed:
    """What a series of kills left."""

    account: Account
    kills: int
    repeated: int


async def kill_at_random(pipeline: Pipeline, broker: Broker, *, each: int, seed: int = 11) -> Killed:
    """Kill each role and the broker so often, in random order at random moments under load; return the account."""
    chance = random.Random(seed)
    victims = [name for name in (*ROLES, "broker") for _ in range(each)]
    chance.shuffle(victims)
    pauses = [chance.uniform(0.2, 2.0) for _ in victims]
    stopped = asyncio.Event()
    publishing = asyncio.create_task(_publish_until(pipeline, stopped))
    for victim, pause_s in zip(victims, pauses, strict=True):
        await asyncio.sleep(pause_s)
        await kill(pipeline, broker, victim)
        pipeline.children.revive()
    stopped.set()
    await publishing
    account = await settle(pipeline)
    return Killed(account, len(victims), sum(times - 1 for times in pipeline.sink.times.values()))


async def _publish_until(pipeline: Pipeline, stopped: asyncio.Event) -> None:
    while not stopped.is_set():
        if pipeline.origin.has_room:
            await publish_steadily(pipeline.origin, per_second=KILL_RATE, seconds=0.5)
        else:
            await asyncio.sleep(0.1)  # the poller is down too often for so short a feed: what turned over is no loss


async def kill(pipeline: Pipeline, broker: Broker, victim: str) -> None:
    """Kill one process as a power cut would, and start it again."""
    if victim == "broker":
        await broker.kill()
        await broker.start()
    else:
        await asyncio.to_thread(pipeline.children.kill, victim)
        pipeline.children.start(victim)


async def settle(pipeline: Pipeline, *, within_s: float = SETTLE_S) -> Account:
    """Return the account once nothing is missing, or what is still missing after `within_s`."""
    reader = Reader(pipeline.children.bootstrap, pipeline.children.prefix)
    twin = partial(expected_rules, pipeline.folder)
    deadline = time.monotonic() + within_s
    while True:
        pipeline.children.revive()
        account = await take_account(reader, pipeline.origin.items, pipeline.sink, twin)
        if not account.lost or time.monotonic() > deadline:
            return account
        await asyncio.sleep(LOOK_EVERY_S)


async def scale(pipeline: Pipeline, *, hold_s: float) -> tuple[float, float]:
    """Take every role from one worker to three and back; return the window in which it happened (monotonic)."""
    started = time.monotonic()
    for role in ROLES:
        for number in (2, 3):
            pipeline.children.start(role, f"{role}-{number}")
    await asyncio.sleep(hold_s)
    await asyncio.to_thread(pipeline.children.stop, *(f"{role}-{number}" for role in ROLES for number in (2, 3)))
    await asyncio.sleep(hold_s / 2)
    return started, time.monotonic()


async def rebalance(pipeline: Pipeline, *, hold_s: float) -> tuple[Account, float]:
    """Return the account of 1 -> 3 -> 1 workers under load, and the longest silence at the webhook (seconds)."""
    stopped = asyncio.Event()
    publishing = asyncio.create_task(_publish_until(pipeline, stopped))
    await asyncio.sleep(3)
    start, end = await scale(pipeline, hold_s=hold_s)
    stopped.set()
    await publishing
    silence_s = longest_silence_s(pipeline.origin.items, pipeline.sink, start, end)
    return await settle(pipeline), silence_s
