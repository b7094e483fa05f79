"""Whether a chain of consumer groups has done everything that its first topic held."""

import asyncio
from collections.abc import Sequence
from typing import Any

from agents.kafka import new_consumer, partition
from config.settings import Settings
from streams.topics import Names, Topic

LOOK_EVERY_S = 0.05
Chain = Sequence[tuple[str, Topic]]


async def settled(settings: Settings, chain: Chain) -> None:
    """Return when each group, in order, has committed up to the end that its topic had when its turn came.

    `chain` holds (group without prefix, its topic), each topic written by the group before. Waits for ever.
    """
    for group, topic in chain:
        client = new_consumer(settings, group_id=settings.topic_prefix + group)
        await client.start()
        try:
            await _reach(client, settings, topic)
        finally:
            await client.stop()


async def _reach(client: Any, settings: Settings, topic: Topic) -> None:  # noqa: ANN401 - aiokafka ships no types
    name = Names(settings.topic_prefix).of(topic)
    places = [partition(name, number) for number in range(topic.partitions)]
    client.assign(places)
    ends = {place: end for place, end in (await client.end_offsets(places)).items() if end}
    while ends:
        ends = {place: end for place, end in ends.items() if (await client.committed(place) or 0) < end}
        await asyncio.sleep(LOOK_EVERY_S)
