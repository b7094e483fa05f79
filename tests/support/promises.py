"""Routings that promise deliveries, as fan out writes them, and how far fan out says that it is."""

from dataclasses import replace
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, TopicPartition

from agents import fan_out
from agents.fan_out import OFFSET_HEADER
from agents.kafka import Outgoing, outgoing
from config.settings import Settings
from streams.routing.notification import Delivery
from streams.routing.told import Routing
from streams.topics import ALERTS, ROUTINGS, Names, Topic


def promise(given: Delivery, *, alert_offset: int | None = None) -> Outgoing:
    """Return the routing of one delivery, as fan out writes it."""
    routing = Routing.model_validate(
        {
            "routing_id": f"{given.alert.event_id}@{given.desk}", "event_id": given.alert.event_id,
            "story_id": given.alert.story_id, "desk": given.desk, "decision": "told", "reason": "",
            "receivers": [given.receiver], "routes_version": "r1",
        }
    )  # fmt: skip
    story, now = routing.story_id, datetime.now(UTC)
    made = outgoing(ROUTINGS, routing, key=story, by=story, ce_id=routing.routing_id, stage="fan_out", at=now)
    header = () if alert_offset is None else ((OFFSET_HEADER, str(alert_offset).encode()),)
    return replace(made, headers=(*made.headers, *header))


async def commit_alerts(settings: Settings, given: Delivery, offset: int) -> None:
    """Commit, for fan out, the partition of a delivery's alert."""
    await commit(settings, fan_out.GROUP, ALERTS, ALERTS.partition(given.alert.story_id), offset)


async def commit(settings: Settings, group: str, topic: Topic, number: int, offset: int) -> None:
    """Commit the next offset to read, as the one member of a group."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap, group_id=settings.topic_prefix + group, enable_auto_commit=False
    )
    await consumer.start()
    try:
        place = TopicPartition(Names(settings.topic_prefix).of(topic), number)
        consumer.assign([place])
        await consumer.commit({place: offset})
    finally:
        await consumer.stop()
