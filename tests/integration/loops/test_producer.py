import asyncio

import pytest
from aiokafka.errors import KafkaError

from agents.broker.server import Broker
from agents.kafka import Outgoing, Producer
from agents.topic_admin import apply
from config.settings import Settings
from streams.errors import RefusedError
from streams.topics import CONTROLS

pytestmark = pytest.mark.kafka


def control(key: str) -> Outgoing:
    return Outgoing(topic=CONTROLS, partition=0, key=key, value=b"{}")


async def test_after_a_batch_was_refused_for_good_the_process_is_told_to_end_at_once(
    broker: Broker, topic_prefix: str
) -> None:
    settings = Settings(bootstrap=broker.bootstrap, topic_prefix=topic_prefix)
    await apply(settings, [CONTROLS])
    producer = Producer(settings)
    await producer.start()
    await producer.deliver([control("a")])
    keyless = await producer._client.send(producer.names.of(CONTROLS), value=b"{}", partition=0)
    with pytest.raises(KafkaError):  # a compacted topic takes none without a key, and its sequence number is gone
        await keyless
    async with asyncio.timeout(settings.produce_patience_s / 10):
        with pytest.raises(RefusedError, match="OutOfOrderSequenceNumber"):
            await producer.deliver([control("b")])
    await producer.stop()
