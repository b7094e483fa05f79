import asyncio
import gc
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from prometheus_client import CollectorRegistry

from agents.broker.server import Broker
from agents.kafka import Outgoing, Producer, outgoing
from agents.metrics import Metrics
from agents.rules_feed import RulesFeed
from agents.topic_admin import apply
from config.settings import Settings
from streams.ids import ChangeId, UserId
from streams.matching.rule import RuleChange, change_id
from streams.topics import RULES

pytestmark = pytest.mark.kafka
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
POISON = Outgoing(topic=RULES, partition=0, key="rule/x@y", value=b"no")


@pytest.fixture
async def producer(broker: Broker, topic_prefix: str) -> AsyncIterator[Producer]:
    settings = Settings(bootstrap=broker.bootstrap, topic_prefix=topic_prefix)
    await apply(settings, [RULES])
    producer = Producer(settings)
    await producer.start()
    yield producer
    await producer.stop()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(CollectorRegistry())


@pytest.fixture
async def feed(producer: Producer, broker: Broker, metrics: Metrics) -> AsyncIterator[RulesFeed]:
    feed = RulesFeed(Settings(bootstrap=broker.bootstrap, topic_prefix=producer.names.prefix), metrics)
    yield feed
    await feed.stop()
    gc.unfreeze()


def rule(name: str, query: str, *, base: ChangeId | None = None) -> Outgoing:
    change = RuleChange(
        kind="rule", id=name, change_id=change_id("rule", name, base, query), base=base, author=UserId("u"),
        body={"id": name, "query": query}, managed_by="files", made_at=NOW,
    )  # fmt: skip
    return outgoing(RULES, change, key=change.key, ce_id=change.change_id, stage="test", at=NOW)


def gauges(metrics: Metrics) -> tuple[float | None, ...]:
    names = ("rules_loaded", "rules_rejected", "ruleset_version")
    return tuple(metrics.registry.get_sample_value(f"tocsin_{name}") for name in names)


async def test_rules_are_live_when_it_has_started_and_changes_when_it_has_caught_up(
    feed: RulesFeed, producer: Producer, metrics: Metrics
) -> None:
    await producer.deliver([rule("tariffs", "tariff"), POISON, rule("broken", "(")])
    await feed.start()
    before = feed.matcher
    assert list(before.rules) == ["tariffs"]
    assert gauges(metrics) == (1, 1, 2)
    following = asyncio.create_task(feed.run())
    await producer.deliver([rule("chips", "chip")])
    await feed.catch_up()
    following.cancel()
    await asyncio.wait({following})
    assert sorted(feed.matcher.rules) == ["chips", "tariffs"]
    assert list(before.rules) == ["tariffs"], "a batch keeps the matcher that it began with"
    assert gauges(metrics) == (2, 1, 3)


async def test_it_waits_for_the_first_rule(feed: RulesFeed, producer: Producer) -> None:
    starting = asyncio.create_task(feed.start())
    assert not (await asyncio.wait({starting}, timeout=0.5))[0]
    await producer.deliver([rule("tariffs", "tariff")])
    await starting
    assert list(feed.matcher.rules) == ["tariffs"]
