"""The alert stage on the real Kafka, killed in each gap between its effects."""

import signal
from collections.abc import AsyncIterator

import pytest
from prometheus_client import CollectorRegistry

from agents.alert import AlertStage
from agents.broker.server import Broker
from agents.kafka import Producer, outgoing
from agents.metrics import Metrics
from agents.topic_admin import apply
from config.settings import Settings
from streams.topics import ALERTS, CHECKPOINTS, DEAD_LETTERS, MATCHES, STORIES
from tests.support.alert_stages import GAPS, Told, append_again, decided, records_of, run_child, told
from tests.support.alerting import NOW, TITLE, match

pytestmark = pytest.mark.kafka
COUNT = 40


@pytest.fixture
async def settings(broker: Broker, topic_prefix: str) -> AsyncIterator[Settings]:
    settings = Settings(bootstrap=broker.bootstrap, topic_prefix=topic_prefix)
    await apply(settings, [MATCHES, STORIES, ALERTS, CHECKPOINTS, DEAD_LETTERS])
    producer = Producer(settings)
    await producer.start()
    given = [match(f"a{number}", title=f"{TITLE} {number % 4}", numbers=[str(number % 9)]) for number in range(COUNT)]
    await producer.deliver(
        [outgoing(MATCHES, one, key=one.head.article_id, ce_id="m", stage="test", at=NOW) for one in given]
    )
    yield settings
    await producer.stop()


async def expected(settings: Settings) -> Told:
    return decided(AlertStage(Metrics(CollectorRegistry())), await records_of(settings, MATCHES))


@pytest.mark.parametrize("gap", GAPS)
async def test_a_kill_in_any_gap_loses_no_alert_and_repeats_only_equal_ones(
    broker: Broker, settings: Settings, gap: str
) -> None:
    prefix = settings.topic_prefix

    assert await run_child(broker, prefix, "alert", crash=gap, done=COUNT) == -signal.SIGKILL
    assert await run_child(broker, prefix, "alert", done=COUNT) == 0

    assert await told(settings, ALERTS) == await expected(settings)
    assert await records_of(settings, DEAD_LETTERS) == []


async def test_matches_that_a_killed_matcher_appends_twice_give_no_second_alert(
    broker: Broker, settings: Settings
) -> None:
    assert await run_child(broker, settings.topic_prefix, "alert", done=COUNT) == 0
    wanted = await told(settings, ALERTS)
    await append_again(settings, MATCHES)

    assert await run_child(broker, settings.topic_prefix, "alert", done=2 * COUNT) == 0

    assert len(await records_of(settings, ALERTS)) == COUNT
    assert await told(settings, ALERTS) == wanted


async def test_with_the_state_first_a_kill_loses_alerts(broker: Broker, settings: Settings) -> None:
    prefix = settings.topic_prefix

    assert await run_child(broker, prefix, "alert", crash="after_states", mutant=True, done=COUNT) == -signal.SIGKILL
    assert await run_child(broker, prefix, "alert", done=COUNT) == 0

    there, wanted = await told(settings, ALERTS), await expected(settings)
    assert there.keys() < wanted.keys()
