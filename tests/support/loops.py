"""A tiny stage on either loop, as a child process that can be told where to die: what the conformance suite runs.

`python -m tests.support.loops --runtime owner --bootstrap ... --prefix ... --crash after_outputs --mutant states_first`
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from prometheus_client import CollectorRegistry

from agents import log
from agents.kafka import Incoming, Outgoing, Producer, outgoing
from agents.loops.batch import BatchWork, Decided, Decision
from agents.loops.owner import Owner
from agents.loops.stage import Stage
from agents.loops.watchdog import Watchdog
from agents.metrics import Metrics
from config.settings import Settings
from streams.errors import RefusedError, TocsinError
from streams.record import Record
from streams.topics import DAY_MS, MESSAGE_BYTES, Topic

PARTITIONS = 3
GROUP = "match"  # one of the workers that the metrics know


class Probe(Record):
    """What goes in and comes out: an id, and how large the answer to it shall be."""

    schema_name: ClassVar[str] = "probe"

    id: int
    answer_bytes: int = 0
    padding: str = ""


class Known(Record):
    """State: an id that was answered."""

    schema_name: ClassVar[str] = "known"

    id: int


def _topic(name: str, record: type[Record], *, compact: bool = False) -> Topic:
    return Topic(
        name=name, partitions=PARTITIONS, key="id", partitioned_by="id", records=(record,), compact=compact,
        retention_ms=None if compact else DAY_MS,
    )  # fmt: skip


QUESTIONS, ANSWERS = _topic("questions", Probe), _topic("answers", Probe)
KNOWN = _topic("known", Known, compact=True)


def question(probe: Probe, at: datetime) -> Outgoing:
    """Return the record that asks."""
    return outgoing(QUESTIONS, probe, key=str(probe.id), by=str(probe.id), ce_id=str(probe.id), stage="test", at=at)


def answer(record: Incoming) -> tuple[Probe, Outgoing]:
    """Return what was asked, and the answer in the same partition number."""
    probe = Probe.from_json(record.value, schema=record.schema)
    padded = probe.model_copy(update={"padding": "x" * probe.answer_bytes})
    key = str(probe.id)
    sent = outgoing(ANSWERS, padded, key=key, partition=record.partition, ce_id=key, stage=GROUP, at=record.appended_at)
    return probe, sent


class Answering:
    """The batch stage: an id that is known is not answered again, so state must never come before its output."""

    stage = GROUP

    def __init__(self, *, freeze: bool) -> None:
        self.known: dict[int, set[int]] = {}
        self._freeze = freeze

    def begin(self, number: int) -> None:
        self.known[number] = set()

    def restore(self, record: Incoming) -> None:
        self.known[record.partition].add(Known.from_json(record.value).id)

    def drop(self, number: int) -> None:
        self.known.pop(number, None)

    def decide(self, record: Incoming, *, stamped_at: datetime) -> Decision:
        del stamped_at
        if self._freeze:
            self._freeze = False
            os.kill(os.getpid(), signal.SIGSTOP)
        probe, sent = answer(record)
        known = self.known[record.partition]
        if probe.id in known:
            return Decision()
        state = outgoing(
            KNOWN, Known(id=probe.id), key=sent.key, partition=record.partition, ce_id=sent.key, stage=GROUP,
            at=record.appended_at,
        )  # fmt: skip
        known.add(probe.id)
        return Decision([sent], [state])


def decide_alone(record: Incoming, *, stamped_at: datetime) -> Sequence[Outgoing]:
    """Return the answer: the stage without state."""
    del stamped_at
    return [answer(record)[1]]


class Crashing(Producer):
    """A producer that dies, or is refused, at its first delivery of answers or states, in the gap that it is told."""

    def __init__(self, settings: Settings, crash: str) -> None:
        super().__init__(settings)
        self._crash = crash

    async def deliver(self, outputs: Sequence[Outgoing]) -> None:
        kind = "states" if outputs and outputs[0].topic is KNOWN else "outputs" if outputs else "nothing"
        self.die_if(f"before_{kind}")
        if self._crash == "stuck" and kind == "outputs":
            await asyncio.Event().wait()
        if self._crash == "refused" and kind == "outputs":
            self._crash = ""
            raise RefusedError("the broker refuses, the test says")
        await super().deliver(outputs)
        self.die_if(f"after_{kind}")

    def die_if(self, gap: str) -> None:
        """Be killed, as by the kernel, if this is the gap."""
        if self._crash == gap:
            os.kill(os.getpid(), signal.SIGKILL)


class CommitFirst(BatchWork):
    """A mutant: it commits before its outputs are acknowledged."""

    async def _deliver(self, decided: Decided) -> bool:
        await self._owner.commit_all(decided.offsets)
        return await super()._deliver(decided)


class StatesFirst(BatchWork):
    """A mutant: it writes its state before its outputs."""

    async def _deliver(self, decided: Decided) -> bool:
        await self._producer.deliver(decided.states)
        await self._producer.deliver(decided.outputs)
        return True


class Unchecked(BatchWork):
    """A mutant: it never asks whether it still owns what it decided."""

    async def _deliver(self, decided: Decided) -> bool:
        await self._producer.deliver(decided.outputs)
        await self._producer.deliver(decided.states)
        return True


class AckFirst(Stage):
    """A mutant: it acknowledges and commits before its outputs are acknowledged."""

    async def _take(self, events: Sequence[Any]) -> None:
        for event in events:
            event.ack()
        await self._app.consumer.commit()
        await super()._take(events)


class FaustLoop(Stage):
    """A mutant: Faust's own loop, which acknowledges a record whose handler raised."""

    async def _work(self, stream: Any) -> None:  # noqa: ANN401 - faust ships no types
        async for event in stream.events():
            outputs, _, _ = await self._decide([event])
            await self._producer.deliver(outputs)


WORKS = {"": BatchWork, "commit_first": CommitFirst, "states_first": StatesFirst, "unchecked": Unchecked}
STAGES = {"": Stage, "commit_first": AckFirst, "faust_loop": FaustLoop}


async def run_owner(settings: Settings, given: argparse.Namespace, producer: Crashing, metrics: Metrics) -> None:
    owner = Owner(settings, group=GROUP, sources=[QUESTIONS], states=[KNOWN])
    work = WORKS[given.mutant](owner, Answering(freeze=given.crash == "freeze"), producer, metrics)
    await together(owner.run(work), watch(owner, producer), Watchdog(settings, metrics, owner).run())


async def run_stage(settings: Settings, given: argparse.Namespace, producer: Crashing, metrics: Metrics) -> None:
    async def before() -> None:
        return

    stage = STAGES[given.mutant](
        settings, group=GROUP, source=QUESTIONS, pick=lambda: decide_alone, producer=producer, metrics=metrics,
        before=before,
    )  # fmt: skip
    await together(stage.run(), watch(stage, producer), Watchdog(settings, metrics, stage).run())


async def together(work: Coroutine[Any, Any, None], *watching: Coroutine[Any, Any, None]) -> None:
    tasks = [asyncio.ensure_future(other) for other in watching]
    try:
        await work
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def watch(loop: Owner | Stage, producer: Crashing) -> None:
    """Say on stdout which partitions are held whenever that changes; die once something was committed, if told so."""
    held: list[int] | None = None
    before: Mapping[tuple[str, int], int] = {}
    while True:
        done = loop.done()
        now = sorted({number for _, number in done}) if loop.ready else None
        if now != held and now is not None:
            sys.stdout.write(json.dumps({"held": now}) + "\n")
            sys.stdout.flush()
        held = now
        if any(offset > before.get(place, offset) for place, offset in done.items()):
            producer.die_if("after_commit")
        before = done
        await asyncio.sleep(0.02)


async def child(given: argparse.Namespace) -> int:
    """Run until SIGTERM or until the loop gives up; return the exit code."""
    settings = Settings(
        bootstrap=given.bootstrap,
        topic_prefix=given.prefix,
        instance=given.instance,
        produce_patience_s=20,
        watchdog_s=3 if given.crash == "stuck" else 60,
    )
    producer, metrics = Crashing(settings, given.crash), Metrics(CollectorRegistry())
    await producer.start()
    run = run_owner if given.loop == "owner" else run_stage
    task = asyncio.ensure_future(run(settings, given, producer, metrics))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await task
    except TocsinError as err:
        sys.stderr.write(f"{err!r}\n")
        return err.exit_code
    finally:
        await producer.stop()
    return 0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runtime", dest="loop", choices=("owner", "stage"), required=True)
    for name in ("bootstrap", "prefix"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--instance")
    for name in ("crash", "mutant"):
        parser.add_argument(f"--{name}", default="")
    log.configure(form="console", level="INFO")
    sys.exit(asyncio.run(child(parser.parse_args())))


OVERSIZED_BYTES = MESSAGE_BYTES + 1_000

if __name__ == "__main__":
    main()
