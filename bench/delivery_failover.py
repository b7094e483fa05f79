"""What a lost sender costs on the real Kafka: its return, another's takeover, a state of a million, a freeze."""

import asyncio
import signal
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

from bench.delivery_field import Load, Sink, hooks, started
from streams.ids import DeliveryId, ReceiverId, content_id
from streams.routing.notification import DeliveryState, DeliveryStatus
from streams.topics import DELIVERY_STATES, Names
from tests.support.deliver_process import Field
from tests.support.processes import Child, children, until

HOOKS, PER_SECOND = 24, 50.0
SETTLED_S, FROZEN_S, GONE_S = 2.0, 9.0, 40.0
BATCH_BYTES = 900_000


async def restart(bootstrap: str, folder: Path) -> dict[str, float]:
    """Return the seconds from a kill to the first send of the same instance, started again at once."""
    async with Sink() as sink, children() as family:
        field, load = await _laid(bootstrap, "restart.", folder, sink)
        began_s = time.monotonic()
        family.append(await started(field, sink, "one"))
        await until(lambda: family[0].said, within_s=60)
        start_s = time.monotonic() - began_s
        writing = asyncio.create_task(load.run(SETTLED_S + GONE_S))
        await asyncio.sleep(SETTLED_S)
        killed_at = await _kill(family[0])
        family.append(await started(field, sink, "one"))
        await until(lambda: _sent_since(sink, killed_at), within_s=60)
        await _cancelled(writing)
        return {"start_s": start_s, "restart_s": _sent_since(sink, killed_at) - killed_at}


async def takeover(bootstrap: str, folder: Path) -> dict[str, float]:
    """Return the seconds from a kill until the last of its receivers was sent something by another process."""
    async with Sink() as sink, children() as family:
        field, load = await _laid(bootstrap, "takeover.", folder, sink)
        for instance in ("one", "two"):
            family.append(await started(field, sink, instance))
        await until(lambda: all(child.said for child in family))
        writing = asyncio.create_task(load.run(SETTLED_S + GONE_S))
        await asyncio.sleep(SETTLED_S)
        killed_at = await _kill(family[0])
        await until(lambda: len(_first_since(sink, load, killed_at)) == HOOKS, within_s=60)
        await _cancelled(writing)
        return {"takeover_s": max(_first_since(sink, load, killed_at).values()) - killed_at}


async def zombie(bootstrap: str, folder: Path) -> dict[str, float]:
    """Return what was lost and repeated when a process was frozen for longer than its session, and came back."""
    async with Sink(takes_s=0.1) as sink, children() as family:
        field, load = await _laid(bootstrap, "zombie.", folder, sink)
        family.append(await started(field, sink, "one"))
        await until(lambda: family[0].said)
        writing = asyncio.create_task(load.run(SETTLED_S + FROZEN_S))
        await asyncio.sleep(SETTLED_S)
        family[0].send(signal.SIGSTOP)
        stopped_at = time.time()
        family.append(await started(field, sink, "two"))
        await asyncio.sleep(FROZEN_S)
        family[0].send(signal.SIGCONT)
        await writing
        states = await field.finals(len(load.routed_at), within_s=120)
        repeated = sum(len(requests) - 1 for requests in sink.requests.values())
        in_hand = await _in_hand(field, sink, stopped_at)
        return {
            "zombie_lost": len(load.routed_at.keys() - sink.requests.keys()) + len(load.routed_at.keys() - states),
            "zombie_duplicates": repeated, "zombie_in_hand": in_hand,
            "zombie_duplicates_beyond_bound": max(repeated - in_hand, 0),
        }  # fmt: skip


async def _in_hand(field: Field, sink: Sink, at: float) -> int:
    """Return how many deliveries had been sent at a moment while no final state of them was written yet."""
    ended = set[str]()
    for record in await field.records(DELIVERY_STATES):
        state = DeliveryState.from_json(record.value)
        if state.state.final and record.appended_at.timestamp() <= at:
            ended.add(state.delivery_id)
    return sum(name not in ended and requests[0].came_at <= at for name, requests in sink.requests.items())


async def restore(bootstrap: str, folder: Path, states: int) -> dict[str, float]:
    """Return the seconds from the start of a process until it is ready, with so many states to replay."""
    async with Sink() as sink, children() as family:
        field, _ = await _laid(bootstrap, "restore.", folder, sink)
        await _write_states(bootstrap, "restore.", states)
        began = time.monotonic()
        family.append(await started(field, sink, "one"))
        await until(lambda: family[0].said, within_s=120)
        return {"restored_states": states, "restore_s": time.monotonic() - began}


async def _laid(bootstrap: str, prefix: str, folder: Path, sink: Sink) -> tuple[Field, Load]:
    field = await Field.laid(bootstrap, prefix)
    own = folder / prefix
    own.mkdir()  # two parts go on at once, each with its addresses
    receivers = hooks(own, sink, HOOKS)
    await field.route(*receivers)
    return field, Load(field, [each.receiver_id for each in receivers], PER_SECOND)


async def _kill(child: Child) -> float:
    child.send(signal.SIGKILL)
    await child.ended()
    return time.time()


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _first_since(sink: Sink, load: Load, at: float) -> dict[str, float]:
    """Return when each receiver was first sent something after a moment."""
    first: dict[str, float] = {}
    for name, requests in sink.requests.items():
        for one in requests:
            if one.came_at > at:
                first[load.receiver[name]] = min(one.came_at, first.get(load.receiver[name], one.came_at))
    return first


def _sent_since(sink: Sink, at: float) -> float:
    """Return when the first request after a moment came; 0 when none has."""
    return min((one.came_at for each in sink.requests.values() for one in each if one.came_at > at), default=0.0)


async def _write_states(bootstrap: str, prefix: str, count: int) -> None:
    """Write states as fast as the client can: in batches made by hand, without its queue."""
    topic, producer = (
        Names(prefix).of(DELIVERY_STATES),
        AIOKafkaProducer(bootstrap_servers=bootstrap, max_batch_size=BATCH_BYTES),
    )
    await producer.start()
    try:
        for number in range(DELIVERY_STATES.partitions):
            mine = [f"hook-{hook}" for hook in range(HOOKS) if DELIVERY_STATES.partition(f"hook-{hook}") == number]
            await _write_partition(producer, topic, number, mine, count // DELIVERY_STATES.partitions)
    finally:
        await producer.stop()


async def _write_partition(producer: Any, topic: str, number: int, names: Sequence[str], count: int) -> None:  # noqa: ANN401 - aiokafka ships no types
    template = DeliveryState(
        delivery_id=DeliveryId("-"), receiver=ReceiverId(names[0]), seq=0, state=DeliveryStatus.DELIVERED, attempts=1,
        outcome="http_200", changed_at=datetime.now(UTC),
    ).to_json()  # fmt: skip
    batch = producer.create_batch()
    for each in range(count):
        key = content_id(f"{number}/{each}")
        value = template.replace(b'"-"', f'"{key}"'.encode())
        if batch.append(key=key.encode(), value=value, timestamp=None) is None:
            await producer.send_batch(batch, topic, partition=number)
            batch = producer.create_batch()
            batch.append(key=key.encode(), value=value, timestamp=None)
        if each % 500 == 0:
            await asyncio.sleep(0)
    await producer.send_batch(batch, topic, partition=number)
    await producer.flush()
