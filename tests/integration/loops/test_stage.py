"""The Faust stage in this very process: it starts, works, shows its progress and ends on cancellation."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from agents.broker.server import Broker
from agents.kafka import Producer
from agents.loops.stage import Stage
from agents.metrics import Metrics
from agents.topic_admin import apply
from config.settings import Settings
from streams.errors import ConfigurationError
from streams.topics import DEAD_LETTERS
from tests.support.loops import ANSWERS, GROUP, QUESTIONS, Probe, decide_alone, question
from tests.support.processes import until
from tests.support.questions import answers_of

pytestmark = pytest.mark.kafka


@pytest.fixture
async def producer(broker: Broker, topic_prefix: str) -> AsyncIterator[Producer]:
    settings = Settings(bootstrap=broker.bootstrap, topic_prefix=topic_prefix)
    await apply(settings, [QUESTIONS, ANSWERS, DEAD_LETTERS])
    producer = Producer(settings)
    await producer.start()
    yield producer
    await producer.stop()


async def nothing() -> None:
    return


def stage(settings: Settings, producer: Producer, before: object = nothing) -> Stage:
    return Stage(
        settings, group=GROUP, source=QUESTIONS, pick=lambda: decide_alone, producer=producer,
        metrics=Metrics(CollectorRegistry()), before=before,
    )  # fmt: skip


async def test_it_reads_nothing_before_its_rules_are_there_and_commits_what_it_answered(
    broker: Broker, producer: Producer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(bootstrap=broker.bootstrap, topic_prefix=producer.names.prefix, instance="one")
    rules = asyncio.Event()
    await producer.deliver([question(Probe(id=number), datetime.now(UTC)) for number in range(20)])
    running = stage(settings, producer, rules.wait)
    task = asyncio.create_task(running.run())
    await asyncio.sleep(1)
    assert not running.ready
    assert (running.done(), running.lag()) == ({}, {})
    assert not await answers_of(settings)
    rules.set()
    await until(lambda: running.ready and sum(running.done().values()) == 20)
    assert sum(running.lag().values()) == 0
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert sorted(await answers_of(settings)) == list(range(20))
    assert not any(tmp_path.iterdir()), "Faust left a folder behind"  # noqa: ASYNC240 - a folder of the test's own


async def test_a_missing_topic_is_refused_before_faust_can_hang_on_it(producer: Producer, broker: Broker) -> None:
    settings = Settings(bootstrap=broker.bootstrap, topic_prefix="nowhere.")
    with pytest.raises(ConfigurationError, match=r"nowhere\.questions"):
        await stage(settings, producer).run()
