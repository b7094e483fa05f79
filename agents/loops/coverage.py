"""Whether a group's members hold every partition between them; if they don't, they are made to share anew.

A static member that comes back is given the assignment that its name had, however that came about. An empty
one (such as a leader makes that has no metadata of the topic yet) is inherited by every later process of that name:
joined, ready, and idle for ever (docs/decisions/008).
"""

import asyncio
from collections.abc import Collection, Sequence
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.errors import KafkaError
from aiokafka.protocol.group import LeaveGroupRequest

from agents import log
from agents.kafka import connection
from config.settings import Settings
from streams.topics import Names, Topic

LOOK_EVERY_S = 2.0
STABLE = "Stable"
Place = tuple[str, int]

LOG = log.named("coverage")


class Coverage:
    """Looks after one group and its topics, beside the loop that is a member of it."""

    def __init__(self, settings: Settings, *, group: str, topics: Sequence[Topic]) -> None:
        names = Names(settings.topic_prefix)
        self._settings = settings
        self._group = settings.topic_prefix + group
        self._wanted = frozenset((names.of(topic), number) for topic in topics for number in range(topic.partitions))
        self._missing: Collection[Place] = ()

    async def run(self) -> None:
        """Look again and again until cancelled; a broker that is away is asked again."""
        while True:
            admin = AIOKafkaAdminClient(**connection(self._settings))
            try:
                await admin.start()
                while True:
                    await asyncio.sleep(LOOK_EVERY_S)
                    await self._look(admin)
            except (KafkaError, OSError, TimeoutError) as err:
                LOG.debug("group not looked at", group=self._group, error=repr(err))
            finally:
                await admin.close()
            await asyncio.sleep(LOOK_EVERY_S)

    async def _look(self, admin: Any) -> None:  # noqa: ANN401 - aiokafka ships no types
        """Have the members join anew if the same partitions are nobody's in two looks at a group that stands still."""
        coordinator = await admin.find_coordinator(self._group)
        [answer] = await admin.describe_consumer_groups([self._group], group_coordinator_id=coordinator)
        [(error, _, state, _, _, members, *_)] = answer.groups
        missing = self._wanted - assigned(members) if state == STABLE and not error else frozenset()
        again, self._missing = bool(missing) and missing == self._missing, missing
        if not again:
            return
        LOG.warning("partitions are nobody's: the group shares anew", group=self._group, partitions=len(missing))
        self._missing = ()
        for member_id, *_ in members:
            await admin._send_request(LeaveGroupRequest(self._group, member_id), coordinator)  # noqa: SLF001 - the client has no call for it


def assigned(members: Sequence[Any]) -> frozenset[Place]:
    """Return the partitions that the members of a group hold, from its description."""
    found = [ConsumerProtocolMemberAssignment.decode(member[-1]) for member in members if member[-1]]
    return frozenset((topic, number) for each in found for topic, numbers in each.assignment for number in numbers)
