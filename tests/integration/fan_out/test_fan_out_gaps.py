"""Fan out on the real Kafka, killed in each gap between its effects."""

import signal
from collections.abc import AsyncIterator

import pytest
from prometheus_client import CollectorRegistry

from agents.broker.server import Broker
from agents.fan_out import FanOut
from agents.kafka import Producer, outgoing
from agents.metrics import Metrics
from agents.topic_admin import apply
from config.settings import Settings
from streams.topics import (
    ALERTS,
    CONTROLS,
    DEAD_LETTERS,
    DELIVERIES,
    DESK_STORIES,
    ROUTES,
    ROUTINGS,
    desk_topic,
)
from tests.support.alert_stages import GAPS, Told, append_again, decided, records_of, run_child, told
from tests.support.alerting import NOW, alert, desk, node, routes, version

pytestmark = pytest.mark.kafka
COUNT = 40
BODY = routes(
    node("ops", routes=[node("fx", "hook", "slack-fx", go_on=True), node("rates", "hook")]), desk("fx"), desk("rates")
)
OUTPUTS = (ROUTINGS, *DELIVERIES.values(), desk_topic("fx"), desk_topic("rates"))


@pytest.fixture
async def settings(broker: Broker, topic_prefix: str) -> AsyncIterator[Settings]:
    settings = Settings(bootstrap=broker.bootstrap, topic_prefix=topic_prefix)
    await apply(settings, [ROUTES, CONTROLS, ALERTS, DESK_STORIES, DEAD_LETTERS, *OUTPUTS])
    producer = Producer(settings)
    await producer.start()
    await producer.deliver([outgoing(ROUTES, version(BODY), key="v1", ce_id="v1", stage="test", at=NOW)])
    given = [
        alert(
            f"a{number}",
            story=f"s{number % 5}",
            relation=("update", "copy", "confirmation")[number % 3],
            keys={f"r{number % 2}": ["china"]},
            permission=("public", "reuters")[number % 7 == 0],
        )
        for number in range(COUNT)
    ]
    await producer.deliver(
        [
            outgoing(ALERTS, one, key=one.story_id, by=one.story_id, ce_id=one.event_id, stage="test", at=NOW)
            for one in given
        ]
    )
    yield settings
    await producer.stop()


async def expected(settings: Settings) -> Told:
    stage = FanOut(Metrics(CollectorRegistry()))
    for record in await records_of(settings, ROUTES):
        stage.apply(record)
    return decided(stage, await records_of(settings, ALERTS))


@pytest.mark.parametrize("gap", GAPS)
async def test_a_kill_in_any_gap_loses_nothing_and_repeats_only_equal_records(
    broker: Broker, settings: Settings, gap: str
) -> None:
    prefix = settings.topic_prefix

    assert await run_child(broker, prefix, "fan_out", crash=gap, done=COUNT) == -signal.SIGKILL
    assert await run_child(broker, prefix, "fan_out", done=COUNT) == 0

    assert await told(settings, *OUTPUTS) == await expected(settings)
    assert await records_of(settings, DEAD_LETTERS) == []


async def test_alerts_that_a_killed_alert_stage_appends_twice_are_told_once(broker: Broker, settings: Settings) -> None:
    assert await run_child(broker, settings.topic_prefix, "fan_out", done=COUNT) == 0
    wanted, count = await told(settings, *OUTPUTS), len(await records_of(settings, *OUTPUTS))
    await append_again(settings, ALERTS)

    assert await run_child(broker, settings.topic_prefix, "fan_out", done=2 * COUNT) == 0

    assert len(await records_of(settings, *OUTPUTS)) == count
    assert await told(settings, *OUTPUTS) == wanted


async def test_with_the_state_first_a_kill_loses_alerts(broker: Broker, settings: Settings) -> None:
    prefix = settings.topic_prefix

    assert await run_child(broker, prefix, "fan_out", crash="after_states", mutant=True, done=COUNT) == -signal.SIGKILL
    assert await run_child(broker, prefix, "fan_out", done=COUNT) == 0

    there, wanted = await told(settings, *OUTPUTS), await expected(settings)
    assert there.keys() < wanted.keys()
