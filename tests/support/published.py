"""A record against docs/asyncapi.json: which of its channel's messages it is, and who may have written it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from docs.asyncapi import FILE
from streams.topics import CATALOGUE, PREFIX
from tests.support.schema_judges import refused, schema_in


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as any Kafka client sees it; `topic` is without the installation's prefix."""

    topic: str
    key: str
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    @property
    def said(self) -> dict[str, str]:
        """Return the headers as texts."""
        return {name: value.decode() for name, value in self.headers}


class Published:
    """The committed document, asked about what a run really wrote."""

    def __init__(self) -> None:
        self.document: Any = json.loads(FILE.read_text(encoding="utf-8"))

    @cached_property
    def channels(self) -> Mapping[str, str]:
        """Return the channel of each topic address, without the prefix and with the desk as `{desk}`."""
        channels = self.document["channels"].items()
        return {channel["address"].removeprefix(PREFIX): name for name, channel in channels if "address" in channel}

    def channel(self, topic: str) -> str:
        """Return the channel that a topic is. Raises: KeyError for a topic that the document does not know."""
        return self.channels.get(topic) or self.channels[f"{topic.partition('.')[0]}.{{desk}}"]

    def messages(self, record: Stored) -> list[str]:
        """Return the messages of the record's channel that it is: a document that is right gives one."""
        named = self.document["channels"][self.channel(record.topic)]["messages"]
        return [name for name in named if not self.problems(name, record)]

    def unlike(self, record: Stored) -> list[str]:
        """Return why the record is not exactly one of its channel's messages; empty if it is."""
        found = self.messages(record)
        if len(found) == 1:
            return []
        named = self.document["channels"][self.channel(record.topic)]["messages"]
        tried = [f"{name}: {why}" for name in named for why in self.problems(name, record)[:2]]
        return [f"{record.topic} {record.key}: is {found or 'none'}", *tried]

    def problems(self, message: str, record: Stored) -> list[str]:
        """Return why the record is not this message."""
        place = f"#/components/messages/{message}"
        parts = {"payload": None if record.value is None else json.loads(record.value), "headers": record.said}
        parts["key"] = record.key
        schemas = self.document["components"]["messages"][message]
        places = {"payload": f"{place}/payload", "headers": f"{place}/headers", "key": f"{place}/bindings/kafka/key"}
        known = {"payload", *({"headers", "key"} if "headers" in schemas else ())}
        return [why for part in sorted(known) for why in refused(schema_in(self.document, places[part]), parts[part])]

    def writers(self, topic: str) -> set[str]:
        """Return the stages that may write to a topic."""
        return {name for name, _ in self._operations("send", topic)}

    def groups(self) -> dict[str, set[str]]:
        """Return the channels that each consumer group shares among its members, the groups without their prefix."""
        found: dict[str, set[str]] = {}
        for operation in self.document["operations"].values():
            group = operation.get("bindings", {}).get("kafka", {}).get("groupId", {}).get("const")
            if group is not None:
                channel = operation["channel"]["$ref"].rpartition("/")[2]
                found.setdefault(group.removeprefix(PREFIX), set()).add(channel)
        return found

    def _operations(self, action: str, topic: str) -> list[tuple[str, Any]]:
        wanted = f"#/channels/{self.channel(topic)}"
        operations = self.document["operations"].items()
        return [
            (name.partition(f"-{action}-")[0], operation)
            for name, operation in operations
            if operation["action"] == action and operation["channel"]["$ref"] == wanted
        ]


async def stored(bootstrap: str, prefix: str) -> list[Stored]:
    """Return every record of every topic of a prefix, up to its present end."""
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False) as consumer:
        partitions = {prefix + topic.name: topic.partitions for topic in CATALOGUE}
        names = sorted(name for name in await consumer.topics() if name.startswith(prefix))
        places = [TopicPartition(name, number) for name in names for number in range(partitions.get(name, 1))]
        consumer.assign(places)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(places)
        found: list[Stored] = []
        while any([await consumer.position(place) < ends[place] for place in places]):
            for place, batch in (await consumer.getmany(timeout_ms=100)).items():
                topic = place.topic.removeprefix(prefix)
                found += [Stored(topic, (one.key or b"").decode(), one.value, tuple(one.headers)) for one in batch]
        return found


async def shared_topics(bootstrap: str, prefix: str, group: str) -> set[str]:
    """Return the topics, without their prefix, on which a consumer group has committed."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        return {place.topic.removeprefix(prefix) for place in await admin.list_consumer_group_offsets(prefix + group)}
    finally:
        await admin.close()
