"""One dead receiver of forty, on a clock that jumps: what it costs the others, here and where retries sleep in place.

The receivers take what is sent after a few milliseconds; the dead one takes the body and never answers. Both agents
get the same deliveries at the same moments, and each healthy receiver the same times to answer.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from agents.deliver.attempt import Attempt
from agents.deliver.outcome import Outcome, OutcomeKind, ambiguous, delivered
from bench.latency import quantile
from streams.latency import Ledger
from streams.matching.rule import Urgency
from streams.routing.notification import Delivery
from tests.support.chaos import sent
from tests.support.delivery_world import MemoryReceiver, on_a_jumping_clock, receiver, routes
from tests.support.sender_world import FOREVER, World

RECEIVERS, DEAD = 40, "hook-39"
PER_SECOND = 12.0  # in all: a sequential agent without a dead receiver is busy for half of the time
TIMEOUT_S = 10.0
PAUSES_S = (1.0, 2.0, 4.0, 8.0, 16.0)  # of the naive agent, which gives up after the last one
DRAIN_S = 120.0
NO_LEDGER = Ledger()


@dataclass(frozen=True, slots=True)
class Healthy:
    """Routed to the first byte at the healthy receivers, in seconds of the run's own clock."""

    p50_s: float
    p99_s: float
    count: int


class Answering(MemoryReceiver):
    """A receiver that answers after 20 to 60 ms, or after the client's timeout has passed."""

    def __init__(self, seed: int, *, dead: bool) -> None:
        super().__init__()
        self._random, self._dead = Random(seed), dead

    async def send(self, attempt: Attempt) -> Outcome:
        """Return what came of it."""
        self.calls.append((asyncio.get_running_loop().time(), attempt.delivery.delivery_id))
        await asyncio.sleep(TIMEOUT_S if self._dead else self._random.uniform(0.02, 0.06))
        return ambiguous("timeout") if self._dead else delivered("ref")


def load(seconds: float) -> Iterator[tuple[float, Delivery]]:
    """Yield when each delivery is routed (seconds), and the delivery: at random moments, to random receivers."""
    random, at = Random(23), 0.0
    for number in range(round(seconds * PER_SECOND)):
        at += random.expovariate(PER_SECOND)
        name = f"hook-{random.randrange(RECEIVERS)}"
        yield at, sent(name, number, random.choice(tuple(Urgency)), FOREVER)


def channels(*, dead: bool) -> dict[str, MemoryReceiver]:
    """Return forty receivers, the last of them dead if it is to be."""
    names = [f"hook-{number}" for number in range(RECEIVERS)]
    return {name: Answering(seed, dead=dead and name == DEAD) for seed, name in enumerate(names)}


async def lanes(seconds: float, *, dead: bool) -> Healthy:
    """Return how long the healthy receivers waited behind the real sender."""
    there = channels(dead=dead)
    world = World(known=routes(*(receiver(name) for name in there)), **there)
    routed: dict[str, float] = {}
    async with world.running():
        began_s = asyncio.get_running_loop().time()
        for at, each in load(seconds):
            await asyncio.sleep(began_s + at - asyncio.get_running_loop().time())
            routed[each.delivery_id] = asyncio.get_running_loop().time()
            world.log.publish(each)
        await asyncio.sleep(DRAIN_S)
    return _healthy(there, routed)


async def in_place(seconds: float, *, dead: bool) -> Healthy:
    """Return how long they waited behind an agent that sends one after the other and sleeps before it tries again."""
    there = channels(dead=dead)
    queue: asyncio.Queue[Delivery | None] = asyncio.Queue()
    routed: dict[str, float] = {}

    async def work() -> None:
        while (each := await queue.get()) is not None:
            await _until_sent(there[each.receiver], each)

    working = asyncio.create_task(work())
    for at, each in load(seconds):
        await asyncio.sleep(at - asyncio.get_running_loop().time())
        routed[each.delivery_id] = asyncio.get_running_loop().time()
        queue.put_nowait(each)
    queue.put_nowait(None)
    await working
    return _healthy(there, routed)


async def _until_sent(channel: MemoryReceiver, each: Delivery) -> None:
    for pause_s in (*PAUSES_S, 0.0):
        if (await channel.send(Attempt(delivery=each, ledger=NO_LEDGER))).kind is OutcomeKind.DELIVERED:
            return
        await asyncio.sleep(pause_s)


def _healthy(there: dict[str, MemoryReceiver], routed: dict[str, float]) -> Healthy:
    spans = [at - routed[name] for hook, one in there.items() if hook != DEAD for at, name in one.calls]
    return Healthy(quantile(spans, 0.5), quantile(spans, 0.99), len(spans))


def measure(seconds: float) -> dict[str, float]:
    """Return the healthy receivers' p99 with a dead one as a multiple of that without, for both agents."""
    ours = [on_a_jumping_clock(lanes(seconds, dead=dead)) for dead in (False, True)]
    naive = [on_a_jumping_clock(in_place(seconds, dead=dead)) for dead in (False, True)]
    if len({each.count for each in (*ours, *naive)}) != 1:
        raise AssertionError("a healthy receiver was not told everything, or was told something twice")
    return {
        "healthy_p99_ratio": ours[1].p99_s / ours[0].p99_s, "naive_healthy_p99_ratio": naive[1].p99_s / naive[0].p99_s,
        "healthy_p99_s": ours[1].p99_s, "naive_healthy_p99_s": naive[1].p99_s,
        "healthy_p50_s": ours[1].p50_s, "naive_healthy_p50_s": naive[1].p50_s,
    }  # fmt: skip
