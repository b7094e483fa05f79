"""A reader that begins at a moment and takes what has come; and how far a group is, for one who is no member."""

import asyncio

import pytest

from agents.broker.server import Broker
from agents.kafka import Incoming, Outgoing, Producer, partition
from agents.loops.follower import Reader
from agents.loops.progress import asking
from agents.topic_admin import apply
from config.settings import Settings
from streams.topics import ROUTINGS, Names
from tests.support.promises import commit

pytestmark = pytest.mark.kafka


@pytest.fixture
async def settings(broker: Broker, topic_prefix: str) -> Settings:
    settings = Settings(bootstrap=broker.bootstrap, topic_prefix=topic_prefix)
    await apply(settings, [ROUTINGS])
    return settings


async def write(settings: Settings, *keys: str, number: int = 0) -> None:
    producer = Producer(settings)
    await producer.start()
    await producer.deliver([Outgoing(topic=ROUTINGS, partition=number, key=key, value=b"x") for key in keys])
    await producer.stop()


def places(settings: Settings, *numbers: int) -> list[object]:
    return [partition(Names(settings.topic_prefix).of(ROUTINGS), number) for number in numbers]


async def taken(reader: Reader, count: int) -> list[Incoming]:
    """Return the next records, taken two at a time."""
    found: list[Incoming] = []
    async with asyncio.timeout(20):
        while len(found) < count:
            before = len(found)
            some = await reader.take(found.append, most_records=2)
            assert len(found) - before <= 2
            assert some == (len(found) > before)
            await asyncio.sleep(0.01)
    return found


async def test_a_reader_begins_at_a_moment_and_takes_what_comes(settings: Settings) -> None:
    await write(settings, "old", "older")
    await write(settings, "old", number=1)
    async with Reader(settings, places(settings, 0)) as reader:
        last = (await taken(reader, 2))[-1]
    await asyncio.sleep(0.01)
    await write(settings, "new", "newer", "newest")
    async with Reader(settings, places(settings, 0)) as reader:
        first = (await taken(reader, 3))[-1]
    async with Reader(settings, places(settings, 0, 1, 2)) as reader:
        ends = await reader.seek_to(first.appended_at)
        assert last.appended_at < first.appended_at
        assert ends == dict(zip(places(settings, 0), [5], strict=True))
        await write(settings, "next", number=1)
        await write(settings, "first", number=2)
        assert sorted(record.key for record in await taken(reader, 5)) == ["first", "new", "newer", "newest", "next"]
        assert not await reader.take(list[Incoming]().append, most_records=2)


async def test_a_groups_offsets_are_told_where_it_committed_any(settings: Settings) -> None:
    name = Names(settings.topic_prefix).of(ROUTINGS)
    await commit(settings, "some-group", ROUTINGS, 3, 17)
    async with asking(settings) as groups:
        assert await groups.committed("some-group") == {(name, 3): 17}
        assert await groups.committed("nobody") == {}
