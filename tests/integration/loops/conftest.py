from collections.abc import AsyncIterator

import pytest

from agents.broker.server import Broker
from agents.kafka import Producer
from agents.topic_admin import apply
from config.settings import Settings
from streams.topics import DEAD_LETTERS
from tests.support.loops import ANSWERS, KNOWN, QUESTIONS


@pytest.fixture
async def producer(broker: Broker, topic_prefix: str) -> AsyncIterator[Producer]:
    settings = Settings(bootstrap=broker.bootstrap, topic_prefix=topic_prefix)
    await apply(settings, [QUESTIONS, ANSWERS, KNOWN, DEAD_LETTERS])
    producer = Producer(settings)
    await producer.start()
    yield producer
    await producer.stop()


@pytest.fixture
def settings(broker: Broker, producer: Producer) -> Settings:
    return Settings(bootstrap=broker.bootstrap, topic_prefix=producer.names.prefix, instance="one")
