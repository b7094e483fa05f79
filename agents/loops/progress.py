"""How far consumer groups are, as their coordinator says, for those who are no member."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from agents.kafka import connection
from config.settings import Settings
from streams.errors import UnavailableError

ASK_S = 10.0
AWAY = (KafkaError, OSError, TimeoutError, UnavailableError)  # what a broker that is away for a while looks like


class Progress:
    """Asks for committed offsets; from `asking`."""

    def __init__(self, settings: Settings, admin: Any) -> None:  # noqa: ANN401 - aiokafka ships no types
        self._prefix = settings.topic_prefix
        self._admin = admin

    async def committed(self, group: str) -> Mapping[tuple[str, int], int]:
        """Return the next offset to read, by topic and partition; a place without a commit is left out.

        Raises: one of `AWAY` when the broker does not answer.
        """
        async with asyncio.timeout(ASK_S):
            found = await self._admin.list_consumer_group_offsets(self._prefix + group)
        return {(place.topic, place.partition): at.offset for place, at in found.items() if at.offset >= 0}


@asynccontextmanager
async def asking(settings: Settings) -> AsyncIterator[Progress]:
    """Return a connected `Progress` for the time of the block."""
    admin = AIOKafkaAdminClient(**connection(settings))
    try:
        await admin.start()
        yield Progress(settings, admin)
    finally:
        await admin.close()
