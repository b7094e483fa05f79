"""What the real processes decided is replayed: rules that change, a kill in between, and not one byte differs."""

import asyncio
from pathlib import Path

import pytest

from agents.broker.server import Broker
from agents.kafka import Producer
from config.settings import Settings
from tests.integration.pipeline.test_bad_records import article, rule, until_alerted
from tests.support.children import Children

pytestmark = pytest.mark.kafka
WORDS = ("Tariffs", "Weather", "Tariffs and oil")


async def test_a_run_with_a_kill_and_a_change_of_rules_is_replayed_byte_for_byte(
    tmp_path: Path, broker: Broker, topic_prefix: str
) -> None:
    children = Children(tmp_path, broker.bootstrap, topic_prefix)
    producer = Producer(Settings(bootstrap=broker.bootstrap, topic_prefix=topic_prefix))
    for command in ("topics", "routes"):
        await asyncio.to_thread(children.tocsin, command, "apply")
    await producer.start()
    try:
        await producer.deliver([rule("tariffs", change_id="one")])
        children.start("agents")
        await producer.deliver([article(f"{WORDS[number % 3]} of round {number}") for number in range(90)])
        await until_alerted(children, "Tariffs of round 87")
        children.kill("agents")
        await producer.deliver([rule("oil", change_id="two", base="one")])
        await producer.deliver([article(f"{WORDS[number % 3]} of round {number}") for number in range(90, 180)])
        children.start("agents")
        await until_alerted(children, "Tariffs and oil of round 179")
    finally:
        await producer.stop()
        children.stop()

    said = await asyncio.to_thread(children.tocsin, "replay", "--from", "2020-01-01")

    assert said.splitlines() == [
        "match: 180 equal, 0 missing, 0 extra, 0 different, 0 unreadable",
        "alert: 90 equal, 0 missing, 0 extra, 0 different, 0 unreadable",
    ]
