import asyncio
from collections.abc import AsyncIterator

import pytest
from prometheus_client import CollectorRegistry

from agents.broker.server import Broker
from agents.kafka import Incoming, Outgoing, Producer, partition
from agents.loops.follower import Follower, open_reader, read_all, read_to
from agents.loops.watchdog import EXIT_CODE, Watchdog
from agents.metrics import Metrics
from agents.topic_admin import apply
from config.settings import Settings
from streams.errors import NewerSchemaError, PoisonError, Reason, UnavailableError
from streams.topics import ALERTS, CONTROLS, ROUTES

pytestmark = pytest.mark.kafka


@pytest.fixture
async def producer(broker: Broker, topic_prefix: str) -> AsyncIterator[Producer]:
    producer = Producer(settings_of(broker, topic_prefix))
    await apply(settings_of(broker, topic_prefix), [ROUTES, CONTROLS, ALERTS])
    await producer.start()
    yield producer
    await producer.stop()


@pytest.fixture
def settings(broker: Broker, topic_prefix: str, producer: Producer) -> Settings:
    assert producer.names.prefix == topic_prefix
    return settings_of(broker, topic_prefix)


def settings_of(broker: Broker, prefix: str) -> Settings:
    return Settings(bootstrap=broker.bootstrap, topic_prefix=prefix)


def controls(*keys: str) -> list[Outgoing]:
    return [Outgoing(topic=CONTROLS, partition=0, key=key, value=key.encode()) for key in keys]


ROUTE = Outgoing(topic=ROUTES, partition=0, key="1", value=b"route")


class Seen:
    """Collects what it is given; skips poison, and stops at what is from the future."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def __call__(self, record: Incoming) -> None:
        if record.value == b"poison":
            raise PoisonError(Reason.NOT_JSON, "poison")
        if record.value == b"future":
            raise NewerSchemaError("control/2", 1)
        self.keys.append(record.key)


async def test_a_follower_reads_to_the_end_and_then_follows(settings: Settings, producer: Producer) -> None:
    seen, batches = Seen(), []

    async def then() -> None:
        batches.append(len(seen.keys))

    await producer.deliver(controls("a", "b"))
    follower = Follower(settings, [CONTROLS], seen, then=then)
    await follower.start()
    assert (seen.keys, batches) == (["a", "b"], [2])
    following = asyncio.create_task(follower.run())
    await producer.deliver(controls("c", "poison", "d"))
    await follower.catch_up()
    assert seen.keys == ["a", "b", "c", "d"]
    assert batches[-1] == 4
    following.cancel()
    await asyncio.wait({following})


async def test_a_follower_waits_for_the_first_record_that_it_needs(settings: Settings, producer: Producer) -> None:
    seen = Seen()
    follower = Follower(settings, [ROUTES, CONTROLS], seen, needs=[ROUTES])
    starting = asyncio.create_task(follower.start())
    await producer.deliver(controls("a"))
    assert not (await asyncio.wait({starting}, timeout=0.5))[0]
    await producer.deliver([ROUTE])
    await starting
    assert sorted(seen.keys) == ["1", "a"]
    await follower.stop()
    await follower.stop()


async def test_a_record_that_cannot_be_read_is_not_the_first_one(settings: Settings, producer: Producer) -> None:
    follower = Follower(settings, [ROUTES], Seen(), needs=[ROUTES])
    unreadable = [Outgoing(topic=ROUTES, partition=0, key="0", value=value) for value in (b"poison", None)]
    await producer.deliver(unreadable)
    starting = asyncio.create_task(follower.start())
    assert not (await asyncio.wait({starting}, timeout=1.5))[0]
    await producer.deliver([ROUTE])
    await starting
    await follower.stop()


async def test_a_follower_whose_client_died_without_a_word_is_ended_by_the_watchdog(
    settings: Settings, producer: Producer
) -> None:
    settings = settings.model_copy(update={"watchdog_s": 2.0})
    follower, left = Follower(settings, [CONTROLS], Seen()), asyncio.get_running_loop().create_future()
    await follower.start()
    watchdog = Watchdog(settings, Metrics(CollectorRegistry()), follower, leave=left.set_result)
    running = [asyncio.create_task(work) for work in (follower.run(), watchdog.run())]
    fetcher = follower._reader._fetcher
    for task in (fetcher._fetch_task, *fetcher._pending_tasks):
        task.cancel()  # an error that aiokafka does not expect ends them too
    await producer.deliver(controls("a"))
    assert await asyncio.wait_for(left, 10) == EXIT_CODE
    for task in running:
        task.cancel()
    await asyncio.wait(running)


async def test_a_record_from_the_future_ends_the_follower(settings: Settings, producer: Producer) -> None:
    follower = Follower(settings, [CONTROLS], Seen())
    await follower.start()
    await producer.deliver(controls("future"))
    with pytest.raises(NewerSchemaError):
        await follower.run()


async def test_a_topic_is_read_from_start_to_present_end_and_no_further(settings: Settings, producer: Producer) -> None:
    seen = Seen()
    written = [
        Outgoing(topic=ALERTS, partition=number, key=f"{number}/{n}", value=b"x")
        for n in (0, 1)
        for number in range(12)
    ]
    await producer.deliver(written)
    await read_all(settings, ALERTS, seen)
    assert sorted(seen.keys) == sorted(output.key for output in written)
    assert [key for key in seen.keys if key.startswith("7/")] == ["7/0", "7/1"]


async def test_an_empty_topic_is_read_at_once(settings: Settings) -> None:
    seen = Seen()
    await read_all(settings, ALERTS, seen)
    assert seen.keys == []


async def test_a_broker_that_gives_nothing_is_unavailable(settings: Settings, producer: Producer) -> None:
    await producer.deliver(controls("a"))
    place = partition(settings.topic_prefix + CONTROLS.name, 0)
    client = await open_reader(settings, [place])
    with pytest.raises(UnavailableError, match="gave nothing"):
        await read_to(client, {place: 99}, Seen(), patience_s=0.2)
    await client.stop()
