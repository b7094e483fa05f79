"""A static member inherits whatever assignment its name had: an empty one must not last."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment

from agents.broker.server import Broker
from agents.loops.coverage import Coverage, assigned
from agents.topic_admin import apply
from config.settings import Settings
from streams.topics import ARTICLES, Names

pytestmark = pytest.mark.kafka


class EmptyOnce(RangePartitionAssignor):
    """The range assignor, but for its first call: it shares nothing, as a leader without metadata does."""

    calls = 0

    @classmethod
    def assign(cls, cluster: object, members: dict[str, object]) -> dict[str, ConsumerProtocolMemberAssignment]:
        EmptyOnce.calls += 1
        if EmptyOnce.calls > 1:
            return super().assign(cluster, members)
        return {member: ConsumerProtocolMemberAssignment(cls.version, [], b"") for member in members}


@pytest.fixture
def settings(broker: Broker, topic_prefix: str) -> Settings:
    return Settings(bootstrap=broker.bootstrap, topic_prefix=topic_prefix)


@pytest.fixture
async def admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap)
    await client.start()
    yield client
    await client.close()


def member(settings: Settings) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        Names(settings.topic_prefix).of(ARTICLES), bootstrap_servers=settings.bootstrap,
        group_id=f"{settings.topic_prefix}match", group_instance_id="the-one", enable_auto_commit=False,
        session_timeout_ms=6_000, heartbeat_interval_ms=200, partition_assignment_strategy=[EmptyOnce],
    )  # fmt: skip


async def held(admin: AIOKafkaAdminClient, settings: Settings) -> tuple[str, int]:
    [answer] = await admin.describe_consumer_groups([f"{settings.topic_prefix}match"])
    [(_, _, state, _, _, members, *_)] = answer.groups
    return state, len(assigned(members))


async def test_an_empty_assignment_that_a_new_process_inherits_is_shared_anew(
    settings: Settings, admin: AIOKafkaAdminClient
) -> None:
    EmptyOnce.calls = 0
    await apply(settings, [ARTICLES])
    first = member(settings)
    await first.start()
    async with asyncio.timeout(20):
        while await held(admin, settings) != ("Stable", 0):  # noqa: ASYNC110 - a test watches from outside
            await asyncio.sleep(0.05)
    await first.stop()
    second = member(settings)
    await second.start()
    assert await held(admin, settings) == ("Stable", 0), "the broker gives a name what it had: nothing"
    watching = asyncio.create_task(Coverage(settings, group="match", topics=[ARTICLES]).run())
    async with asyncio.timeout(30):
        while len(second.assignment()) < ARTICLES.partitions:  # noqa: ASYNC110 - a test watches from outside
            await asyncio.sleep(0.05)
    assert await held(admin, settings) == ("Stable", ARTICLES.partitions)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    await second.stop()


async def test_a_group_that_holds_everything_is_left_alone(settings: Settings) -> None:
    EmptyOnce.calls = 1
    await apply(settings, [ARTICLES])
    only = member(settings)
    await only.start()
    watching = asyncio.create_task(Coverage(settings, group="match", topics=[ARTICLES]).run())
    async with asyncio.timeout(20):
        while len(only.assignment()) < ARTICLES.partitions:  # noqa: ASYNC110 - a test watches from outside
            await asyncio.sleep(0.05)
    calls = EmptyOnce.calls
    await asyncio.sleep(5)
    assert EmptyOnce.calls == calls
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    await only.stop()
