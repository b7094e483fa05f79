"""The alert stage or fan out as a child process that dies in the gap that it is told, with a mutant beside it.

`python -m tests.support.alert_stages --stage alert --bootstrap ... --prefix ... --crash before_states --mutant yes`
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
from collections import defaultdict
from collections.abc import Awaitable, Mapping, Sequence
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry

from agents import log
from agents.alert import AlertStage
from agents.broker.server import Broker
from agents.fan_out import LOOK_BACK, FanOut, InStep
from agents.kafka import Incoming, Outgoing, Producer
from agents.loops.batch import Batch, BatchWork, Decided
from agents.loops.follower import Follower, read_all
from agents.loops.owner import Owner
from agents.metrics import Metrics
from config.settings import Settings
from streams.topics import ALERTS, CHECKPOINTS, CONTROLS, DESK_STORIES, MATCHES, ROUTES, STORIES, Topic
from tests.support.processes import Child, children, until

KINDS = {STORIES: "states", DESK_STORIES: "states", CHECKPOINTS: "checkpoint"}
GAPS = ("before_outputs", "within_outputs", "after_outputs", "within_states", "after_states", "after_commit")
MODULE = "tests.support.alert_stages"
Told = Mapping[tuple[str, str], set[bytes]]


class Crashing(Producer):
    """A producer that is killed, as by the kernel, in the gap that it is told, at its first delivery."""

    def __init__(self, settings: Settings, crash: str) -> None:
        super().__init__(settings)
        self._crash = crash

    async def deliver(self, outputs: Sequence[Outgoing]) -> None:
        if not outputs:
            return
        kind = KINDS.get(outputs[0].topic, "outputs")
        self.die_if(f"before_{kind}")
        if self._crash == f"within_{kind}":
            await super().deliver(outputs[: len(outputs) // 2])
            self.die_if(f"within_{kind}")
        await super().deliver(outputs)
        self.die_if(f"after_{kind}")

    def die_if(self, gap: str) -> None:
        """Die here if this is the gap."""
        if self._crash == gap:
            os.kill(os.getpid(), signal.SIGKILL)


class StatesFirst(BatchWork):
    """The mutant: it writes its state before its outputs."""

    async def _deliver(self, decided: Decided) -> bool:
        await self._producer.deliver(decided.states)
        await self._producer.deliver(decided.outputs)
        return True


async def child(given: argparse.Namespace) -> None:
    """Run one stage until SIGTERM."""
    settings = Settings(bootstrap=given.bootstrap, topic_prefix=given.prefix, instance="one")
    metrics, producer = Metrics(CollectorRegistry()), Crashing(settings, given.crash)
    await producer.start()
    run = asyncio.ensure_future(run_stage(given, settings, producer, metrics))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, run.cancel)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await run
    finally:
        await producer.stop()


async def run_stage(given: argparse.Namespace, settings: Settings, producer: Crashing, metrics: Metrics) -> None:
    kind = StatesFirst if given.mutant else BatchWork
    if given.stage == "alert":
        owner = Owner(settings, group="alert", sources=[MATCHES], states=[STORIES])
        return await together(owner.run(kind(owner, AlertStage(metrics), producer, metrics)), watch(owner, producer))
    fan_out = FanOut(metrics)
    follower = Follower(settings, [ROUTES, CONTROLS], fan_out.apply, needs=[ROUTES])
    await follower.start()
    owner = Owner(settings, group="fan-out", sources=[ALERTS], states=[DESK_STORIES], look_back=LOOK_BACK)
    work = InStep(kind(owner, fan_out, producer, metrics), follower)
    return await together(owner.run(work), watch(owner, producer), follower.run())


async def together(*work: Awaitable[None]) -> None:
    async with asyncio.TaskGroup() as group:
        for one in work:
            group.create_task(_run(one))


async def _run(work: Awaitable[None]) -> None:
    await work


async def watch(owner: Owner, producer: Crashing) -> None:
    """Say on stdout how many records are done; die once something was committed, if told so."""
    before = -1
    while True:
        done = sum(owner.done().values()) if owner.ready else -1
        if done > max(0, before) and before >= 0:
            producer.die_if("after_commit")
        if done != before:
            sys.stdout.write(json.dumps({"done": done}) + "\n")
            sys.stdout.flush()
        before = done
        await asyncio.sleep(0.02)


async def run_child(
    broker: Broker, prefix: str, stage: str, *, crash: str = "", mutant: bool = False, done: int
) -> int:
    """Run the stage until `done` records are committed, or until it dies; return its exit code."""
    mutation = ["--mutant", "yes"] if mutant else []
    arguments = [
        "--stage",
        stage,
        "--bootstrap",
        str(broker.bootstrap),
        "--prefix",
        prefix,
        "--crash",
        crash,
        *mutation,
    ]
    async with children() as started:
        process = await Child.start(MODULE, *arguments)
        started.append(process)
        if crash:
            return await process.ended()
        await until(lambda: any(line.get("done", -1) >= done for line in process.said), within_s=60)
        return await process.stop()


async def records_of(settings: Settings, *topics: Topic) -> list[Incoming]:
    """Return every record of the topics, in log order within each."""
    found: list[Incoming] = []
    for topic in topics:
        await read_all(settings, topic, found.append)
    return found


async def append_again(settings: Settings, topic: Topic) -> None:
    """Append a copy of every record of a topic, as a killed stage does."""
    producer = Producer(settings)
    await producer.start()
    copies = [
        Outgoing(topic=topic, partition=record.partition, key=record.key, value=record.value, headers=record.headers)
        for record in await records_of(settings, topic)
    ]
    try:
        await producer.deliver(copies)
    finally:
        await producer.stop()


async def told(settings: Settings, *topics: Topic) -> Told:
    """Return the values that stand on the topics, by topic and CloudEvents id."""
    values: dict[tuple[str, str], set[bytes]] = defaultdict(set)
    for record in await records_of(settings, *topics):
        if record.value is not None:
            name = (record.header("ce_id") or b"").decode()
            values[record.topic.removeprefix(settings.topic_prefix), name].add(record.value)
    return values


def decided(batch: Batch, records: Sequence[Incoming]) -> Told:
    """Return what a stage that nobody kills makes of the records."""
    values: dict[tuple[str, str], set[bytes]] = defaultdict(set)
    for number in {record.partition for record in records}:
        batch.begin(number)
    for record in records:
        for output in batch.decide(record, stamped_at=datetime.now(UTC)).outputs:
            assert output.value is not None
            values[output.topic.name, dict(output.headers)["ce_id"].decode()].add(output.value)
    return values


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("stage", "bootstrap", "prefix"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("crash", "mutant"):
        parser.add_argument(f"--{name}", default="")
    log.configure(form="console", level="WARNING")
    asyncio.run(child(parser.parse_args()))


if __name__ == "__main__":
    main()
