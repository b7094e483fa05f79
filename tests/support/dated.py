"""Records with append times that a test chooses: a day passes on a topic whose times its writer gives."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from aiokafka import AIOKafkaProducer

from agents.kafka import Outgoing
from config.settings import Settings
from streams.topics import Names, Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated(Topic):
    """A topic whose records keep the times that they were written with."""

    def config(self) -> Mapping[str, str]:
        return {**Topic.config(self), "message.timestamp.type": "CreateTime"}


def dated(topic: Topic) -> Topic:
    """Return the topic with times that its writer gives."""
    return Dated(**{field.name: getattr(topic, field.name) for field in fields(topic)})


async def append(settings: Settings, records: Sequence[tuple[Outgoing, datetime]]) -> None:
    """Write records, each with its time, in order."""
    producer = AIOKafkaProducer(bootstrap_servers=settings.bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        sent = [
            await producer.send(
                Names(settings.topic_prefix).of(output.topic), output.value, output.key.encode(), output.partition,
                int(at.timestamp() * 1000), list(output.headers),
            )
            for output, at in records
        ]  # fmt: skip
        await asyncio.gather(*sent)
    finally:
        await producer.stop()
