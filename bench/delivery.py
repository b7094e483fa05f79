"""What delivery promises, measured: nothing lost among kills, no lane slowed by another, Slack's patience, latency.

`python -m bench.delivery [--quick] [--json]`. Faults, lanes and Slack run on a clock that jumps, with the real sender;
latency, kill -9 and failover on a real Kafka with the real deliver process. Baselines of the same run: an agent that
sleeps in place before it tries again, and a bare loop of consumer and POST.
"""

import argparse
import asyncio
import json
import math
import sys
import tempfile
import time
from collections.abc import Awaitable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from agents import log
from agents.broker.server import Broker
from agents.run.ground import jar_cache
from bench import delivery_failover, delivery_kills, delivery_lanes, delivery_latency, delivery_slack
from tests.support.chaos import SEEDS, Account, Plan, account, account_of_seed
from tests.support.kafka import produced

Found = TypeVar("Found")
Figures = dict[str, float]
CORES = 2
MILLION = 1_000_000
TARGETS: dict[str, tuple[float, str]] = {
    "unaccounted": (0, "F1 deliveries that nobody can account for, on both"),
    "duplicates_beyond_bound": (0, "F1 repeated without a lost answer or a kill as its cause, on both"),
    "duplicates_after_dropping": (0, "F1 what a receiver that drops known ids still sees twice"),
    "kafka_not_through": (0, "F1 for a living receiver, in hand, and not sent when nothing came through any more"),
    "healthy_p99_ratio": (1.2, "F2 the healthy ones' p99 with one dead of 40, as a multiple of that without"),
    "slack_lost": (0, "F3 alerts that are not in their channel"),
    "slack_429_share": (0.01, "F3 calls answered 429"),
    "slack_calls_inside_retry_after": (0, "F3 calls inside a Retry-After"),
    "tier_records_per_delivery": (3.0, "F4 tier records, spills included, scheduled ones apart"),
    "first_byte_p99_ms": (20.0, "F8 routed to first byte at 500/s, ms"),
    "restart_s": (5.0, "F8 from a kill to the first send of the same instance"),
    "takeover_s": (12.0, "F8 from a kill until another has sent to all its receivers"),
    "restore_1m_s": (20.0, "F8 a million states replayed, from the start of the process"),
    "zombie_lost": (0, "F8 lost by a process frozen for longer than its session"),
    "zombie_duplicates_beyond_bound": (0, "F8 repeated by it, more than was in hand"),
}


@dataclass(frozen=True, slots=True)
class Size:
    """How large each part is. A quick run scales the replay to a million, and leaves out kill -9 and the freeze."""

    deliveries: int
    seeds: int
    lanes_s: float
    slack_alerts: int
    slack_channels: int
    latency_s: float
    states: int
    kafka_deliveries: int
    kafka_kills: int
    zombie: bool


FULL = Size(100_000, len(SEEDS), 600.0, 10_000, 20, 30.0, MILLION, 100_000, 20, zombie=True)
QUICK = Size(1_000, 0, 20.0, 400, 2, 2.0, 100_000, 0, 0, zombie=False)


def faults(size: Size, whole: Account, seeds: Sequence[Account]) -> Figures:
    """Return F1 and F4 on the clock that jumps."""
    return {
        "unaccounted": sum(each.unaccounted for each in (whole, *seeds)),
        "duplicates_beyond_bound": sum(each.beyond_bound for each in (whole, *seeds)),
        "duplicates_after_dropping": sum(each.under_two_ids for each in (whole, *seeds)),
        "duplicates": whole.repeated, "lost_answers": whole.lost_answers, "in_flight_at_kills": whole.in_flight,
        "unflushed_at_kills": whole.unflushed, "seeds": len(seeds),
        "tier_records_per_delivery": whole.tier_records / size.deliveries,
        "scheduled_per_delivery": whole.scheduled / size.deliveries,
    }  # fmt: skip


async def measure(size: Size) -> Figures:
    """Return every figure: on a broker of its own, and on clocks that jump in processes of their own."""
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as name:
        folder = Path(name)
        broker = Broker(folder / "broker", cache=jar_cache(), ready=produced)
        await broker.start()
        try:
            figures = await _alone(broker.bootstrap, folder, size)
            with ProcessPoolExecutor(CORES, get_context("spawn"), quiet) as pool:
                figures |= await _beside(broker.bootstrap, folder, size, pool)
        finally:
            await broker.stop()
    for name in ("unaccounted", "duplicates_beyond_bound"):
        figures[name] += figures.get(f"kafka_{name}", 0)
    return {name: round(value, 3) for name, value in figures.items()}


async def _alone(bootstrap: str, folder: Path, size: Size) -> Figures:
    """Return the figures that a second busy process would change.

    A start is timed at the second process: for the first one on a new broker, it makes its topic of offsets.
    """
    figures = await awaited("latency", delivery_latency.measure(bootstrap, folder, size.latency_s))
    figures |= await awaited("restart", delivery_failover.restart(bootstrap, folder))
    figures |= await awaited("restore", delivery_failover.restore(bootstrap, folder, size.states))
    beyond_start_s = max(figures["restore_s"] - figures["start_s"], 0.0)
    figures["restore_1m_s"] = figures["restore_s"] + beyond_start_s * (MILLION / size.states - 1)
    return figures


async def _beside(bootstrap: str, folder: Path, size: Size, pool: Executor) -> Figures:
    """Return the others: a takeover is mostly waiting for the broker, freeze and kill -9 are counted, not timed."""
    virtual = partial(asyncio.get_running_loop().run_in_executor, pool)
    large = asyncio.ensure_future(
        awaited("faults and kills on a clock that jumps", virtual(account, Plan(seed=1, deliveries=size.deliveries)))
    )
    slack = virtual(partial(delivery_slack.measure, size.slack_alerts, channels=size.slack_channels))
    lanes = virtual(delivery_lanes.measure, size.lanes_s)
    seeds = asyncio.gather(*(virtual(account_of_seed, seed) for seed in SEEDS[: size.seeds]))
    figures = await awaited("takeover", delivery_failover.takeover(bootstrap, folder))
    if size.zombie:
        figures |= await awaited("freeze", delivery_failover.zombie(bootstrap, folder))
    if size.kafka_deliveries:
        kills = delivery_kills.measure(bootstrap, folder, deliveries=size.kafka_deliveries, kills=size.kafka_kills)
        figures |= await awaited("kill -9", kills)
    figures |= await awaited("lanes", lanes) | await awaited("Slack", slack)
    figures |= faults(size, await large, await awaited("seeds", seeds))
    return figures


def quiet() -> None:
    """Say nothing of what goes on: a bench prints figures."""
    log.configure(form="console", level="ERROR")


async def awaited(what: str, work: Awaitable[Found]) -> Found:
    """Return what a part finds, and say on stderr how long it took."""
    began = time.monotonic()
    found = await work
    print(f"{what}: {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)
    return found


def reached(name: str, value: float) -> bool:
    """Return whether a figure is within its target."""
    return not math.isnan(value) and value <= TARGETS[name][0]


def main() -> int:
    """Print the figures beside their targets; exit 1 when one is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a look, within 45 s")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    given = parser.parse_args()
    quiet()
    figures = asyncio.run(measure(QUICK if given.quick else FULL))
    for name, (most, says) in TARGETS.items():
        if name in figures:
            mark = "" if reached(name, figures[name]) else "  MISSED"
            print(f"{name:>32}  {figures[name]:10.3f} <= {most:7.3f}  {says}{mark}")
    for name in (name for name in figures if name not in TARGETS):
        print(f"{name:>32}  {figures[name]:10.3f}")
    if given.json:
        print(json.dumps(figures))
    return 0 if all(reached(name, figures[name]) for name in TARGETS if name in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
