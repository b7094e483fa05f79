import asyncio
from dataclasses import replace

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from agents.broker.server import Broker
from agents.topic_admin import DifferenceKind, apply, check_catalogue, plan
from config.settings import Settings
from streams.errors import ConfigurationError, UnavailableError
from streams.topics import ARTICLES, RULES, STORIES

pytestmark = pytest.mark.kafka
TOPICS = [ARTICLES, RULES, STORIES]


@pytest.fixture
def settings(broker: Broker, topic_prefix: str) -> Settings:
    return Settings(bootstrap=broker.bootstrap, topic_prefix=topic_prefix)


async def test_apply_creates_what_plan_says_is_missing_and_then_nothing_differs(settings: Settings) -> None:
    planned = await plan(settings, TOPICS)
    assert [found.kind for found in planned] == [DifferenceKind.MISSING] * 3
    assert str(planned[0]) == (
        f"{settings.topic_prefix}articles: missing: nothing at the broker, 12 partitions in the catalogue"
    )
    assert await apply(settings, TOPICS) == planned
    assert await plan(settings, TOPICS) == []
    assert await apply(settings, TOPICS) == []


async def test_apply_sets_what_differs_and_keeps_what_others_set(settings: Settings) -> None:
    await apply(settings, TOPICS)
    name = settings.topic_prefix + ARTICLES.name
    await alter(settings, name, {"retention.ms": "1000", "min.insync.replicas": "1", "segment.ms": "86400000"})
    differences = await apply(settings, TOPICS)
    assert f"{name}: setting: retention.ms=1000" in str(differences[0])
    assert await plan(settings, TOPICS) == []
    assert (await described(settings, name))["segment.ms"] == "86400000"


async def test_a_partition_count_is_never_changed_on_a_live_topic(settings: Settings) -> None:
    await apply(settings, [ARTICLES])
    with pytest.raises(ConfigurationError, match="12 at the broker, 24 in the catalogue: it can't be changed"):
        await apply(settings, [replace(ARTICLES, partitions=24), RULES])
    assert [found.topic for found in await plan(settings, [RULES])] == [settings.topic_prefix + "rules"]


async def test_a_missing_topic_is_named_with_its_cure(settings: Settings) -> None:
    await apply(settings, [RULES])
    await check_catalogue(settings, [RULES])
    with pytest.raises(ConfigurationError) as caught:
        await check_catalogue(settings, TOPICS)
    assert caught.value.problems == tuple(
        f"topic {settings.topic_prefix}{topic.name} is missing: run `tocsin topics apply`"
        for topic in (ARTICLES, STORIES)
    )


async def test_what_the_broker_refuses_is_said(settings: Settings) -> None:
    too_many = Settings(bootstrap=settings.bootstrap, topic_prefix=settings.topic_prefix, replication_factor=3)
    with pytest.raises(UnavailableError, match="rules can't be created"):
        await apply(too_many, [RULES])


async def test_a_broker_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1:1"):
        await plan(Settings(bootstrap="127.0.0.1:1"), [RULES])


async def alter(settings: Settings, name: str, configs: dict[str, str]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap)
    await admin.start()
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, configs=configs)])
    await admin.close()
    async with asyncio.timeout(30):
        while not configs.items() <= (await described(settings, name)).items():  # noqa: ASYNC110 - the broker tells nobody
            await asyncio.sleep(0.1)


async def described(settings: Settings, name: str) -> dict[str, str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap)
    await admin.start()
    (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    await admin.close()
    return {entry[0]: entry[1] for entry in answer.resources[0][4]}
