"""The gauge of deliveries that a desk was promised and that nobody will send, on the real Kafka."""

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from agents.broker.server import Broker
from agents.deliver.effects import Effects
from agents.deliver.job import Job
from agents.deliver.settlement import Settlement
from agents.kafka import Outgoing
from agents.metrics import Metrics
from streams.routing.route import Receiver
from streams.topics import ROUTINGS
from tests.support.deliver_process import Field, running
from tests.support.notices import delivery
from tests.support.processes import Child, children, until
from tests.support.promises import commit_alerts, promise
from tests.support.webhook_sink import WebhookSink

pytestmark = pytest.mark.kafka


@pytest.fixture
async def sink() -> AsyncIterator[WebhookSink]:
    async with WebhookSink() as served:
        yield served


@pytest.fixture
async def field(broker: Broker, topic_prefix: str, sink: WebhookSink, tmp_path: Path) -> Field:
    field = await Field.laid(broker.bootstrap, topic_prefix, allow_addresses=tuple(sink.allow))
    (tmp_path / "url").write_text(sink.url("hook"))
    options = {"url_file": str(tmp_path / "url"), "ordered": False, "allow_insecure": True, "timeout_s": 1.0}
    hook: dict[str, Any] = {"type": "webhook", "options": options, "concurrency": 4}
    hook |= {"rate": {"per_second": 1000, "burst": 1000}}
    names = ("hook", *(f"hook-{number}" for number in range(8)))
    await field.route(*(Receiver.model_validate(hook | {"receiver_id": name}) for name in names))
    return field


def lost(metrics: Metrics) -> int:
    return int(metrics.alerts_unaccounted._value.get())


@asynccontextmanager
async def watched(metrics: Metrics) -> AsyncIterator[set[int]]:
    """Return every value that the gauge has during the block."""
    seen: set[int] = set()

    async def look() -> None:
        while True:
            seen.add(lost(metrics))
            await asyncio.sleep(0.02)

    looking = asyncio.create_task(look())
    yield seen
    looking.cancel()


async def test_a_promise_without_a_delivery_is_told_until_the_delivery_comes(field: Field) -> None:
    async with running(field.settings) as metrics:
        assert lost(metrics) == 0
        await field.write([Outgoing(topic=ROUTINGS, partition=0, key="x", value=b"no routing at all")])
        await field.write([promise(delivery("hook"))])
        await until(lambda: lost(metrics) == 1)
        await field.publish([delivery("hook")])
        await until(lambda: lost(metrics) == 0)
        assert {state.state.value for state in (await field.states()).values()} == {"delivered"}


async def test_what_fan_out_has_not_committed_is_not_lost_yet(field: Field) -> None:
    given, marker = delivery("hook"), delivery("hook", number=9)
    async with running(field.settings) as metrics:
        await field.write([promise(given, alert_offset=3), promise(marker)])
        await until(lambda: lost(metrics) == 1)  # the marker: the other was looked at beside it
        await commit_alerts(field.settings, given, 3)
        await field.write([promise(delivery("hook", number=10))])
        await until(lambda: lost(metrics) == 2)
        await commit_alerts(field.settings, given, 4)
        await until(lambda: lost(metrics) == 3)
        assert lost(metrics) == 3


async def test_three_kills_leave_nothing_unaccounted_and_one_that_was_dropped_is_found(
    field: Field, sink: WebhookSink
) -> None:
    sink.choose = lambda name, times: "500" if times == 1 and int(name[:2], 16) < 64 else None
    given = ("--bootstrap", str(field.settings.bootstrap), "--prefix", field.settings.topic_prefix)
    command = ("tests.support.deliver_process", *given, "--allow", ",".join(sink.allow), "--instance", "one")
    every = [delivery("hook", number=number) for number in range(60)]
    dropped = every[17]
    await field.write([promise(each) for each in every])
    async with children() as started:
        for kill in range(3):
            started.append(await Child.start(*command))
            await field.publish([each for each in every[kill * 20 : kill * 20 + 20] if each is not dropped])
            await until(lambda: started[-1].said)
            await asyncio.sleep(0.1 * kill)
            started[-1].send(signal.SIGKILL)
            await started[-1].ended()
    async with running(field.settings) as metrics, watched(metrics) as seen:
        await field.finals(len(every) - 1)
        await until(lambda: lost(metrics) == 1)
        assert seen <= {0, 1}
        await field.publish([dropped])
        await until(lambda: lost(metrics) == 0)


async def test_a_rebalance_and_a_kill_in_it_leave_nothing_unaccounted(field: Field, sink: WebhookSink) -> None:
    given = ("--bootstrap", str(field.settings.bootstrap), "--prefix", field.settings.topic_prefix)
    command = ("tests.support.deliver_process", *given, "--allow", ",".join(sink.allow))
    every = [delivery(f"hook-{number % 8}", number=number) for number in range(80)]
    dropped = every[17]
    async with children() as started, running(field.settings) as metrics, watched(metrics) as seen:
        for part in range(4):
            if part == 1:
                started.append(await Child.start(*command))
                await until(lambda: started[-1].said)
            if part == 3:
                started[-1].send(signal.SIGKILL)
            some = every[part * 20 : part * 20 + 20]
            await field.publish([each for each in some if each is not dropped])
            await field.write([promise(each) for each in some])
        await field.finals(len(every) - 1)
        await until(lambda: lost(metrics) == 1)
        assert seen <= {0, 1}
        await field.publish([dropped])
        await until(lambda: lost(metrics) == 0)


async def test_a_sender_that_forgets_the_state_of_what_it_took_is_found_out(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forget(self: Settlement, done: Sequence[tuple[Job, Effects]]) -> None:
        await self.release([job for job, _ in done])

    monkeypatch.setattr(Settlement, "_perform", forget)
    async with running(field.settings) as metrics:
        await field.write([promise(delivery("hook"))])
        await field.publish([delivery("hook")])
        await until(lambda: lost(metrics) == 1)
        assert lost(metrics) == 1
