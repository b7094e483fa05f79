"""Routed to the first byte at the receiver, under a steady load: the deliver process, and a bare loop beside it."""

import asyncio
import gc
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.delivery_field import Load, Sink, cpu_s, hooks, started
from bench.latency import quantile
from tests.support.deliver_process import Field
from tests.support.processes import Child, children, until

HOOKS, PER_SECOND = 40, 500.0
WARM_S, DRAIN_S = 2.0, 30.0


@dataclass(frozen=True, slots=True)
class Told:
    """First bytes in milliseconds after they were routed, the warm-up apart, and the CPU time for each delivery."""

    p50_ms: float
    p99_ms: float
    cpu_us: float
    missing: int


async def measure(bootstrap: str, folder: Path, seconds: float) -> dict[str, float]:
    """Return the latency of the deliver process at 500 deliveries a second, and that of the bare loop."""
    async with Sink() as sink, Sink() as beside, children() as family:
        field, bare_field = await Field.laid(bootstrap, "latency."), await Field.laid(bootstrap, "bare.")
        await field.route(*hooks(folder, sink, HOOKS))
        family.append(await started(field, sink, "one"))
        family.append(await Child.start("bench.delivery_bare", bootstrap, "bare.", f"http://{beside.address}"))
        await until(lambda: all(child.said for child in family))
        ours = await _told(family[0], field, sink, seconds)
        bare = await _told(family[1], bare_field, beside, seconds)
    return {
        "first_byte_p50_ms": ours.p50_ms, "first_byte_p99_ms": ours.p99_ms, "cpu_us_per_delivery": ours.cpu_us,
        "first_byte_missing": ours.missing,
        "bare_first_byte_p50_ms": bare.p50_ms, "bare_first_byte_p99_ms": bare.p99_ms,
        "bare_cpu_us_per_delivery": bare.cpu_us,
        "ratio_to_bare_p99": ours.p99_ms / bare.p99_ms, "ratio_to_bare_cpu": ours.cpu_us / bare.cpu_us,
    }  # fmt: skip


async def _told(child: Child, field: Field, sink: Sink, seconds: float) -> Told:
    gc.collect()
    gc.freeze()  # a full look of the bench's own collector delays its clock by up to 188 ms
    load = Load(field, [f"hook-{number}" for number in range(HOOKS)], PER_SECOND)
    await load.run(WARM_S)
    await asyncio.sleep(0.5)
    warm, before_s = set(load.routed_at), cpu_s(child.pid)
    await load.run(seconds)
    with suppress(TimeoutError):  # what is missing is told as a figure
        await until(lambda: len(sink.requests) >= len(load.routed_at), within_s=DRAIN_S)
    used_s, count = cpu_s(child.pid) - before_s, len(load.routed_at) - len(warm)
    first = sink.first_at()
    spans = [(first[name] - at) * 1_000 for name, at in load.routed_at.items() if name in first and name not in warm]
    return Told(quantile(spans, 0.5), quantile(spans, 0.99), used_s / count * 1e6, len(load.routed_at) - len(first))
