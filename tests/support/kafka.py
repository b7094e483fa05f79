"""The embedded broker for tests: one a run, in a thread of its own, so that tests of every kind can use it."""

import asyncio
import contextlib
import os
import secrets
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from agents.broker.folder import delete_data
from agents.broker.server import Broker
from streams.errors import TocsinError

PROBE = "tocsin.probe"
Result = TypeVar("Result")


def cache_folder() -> Path:
    """Return where this user's `tocsin run` keeps the jars too, so that they are fetched once."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tocsin" / "broker"


async def produced(bootstrap: str) -> None:
    """Return once the broker acknowledged a record."""
    while True:
        with contextlib.suppress(KafkaError, OSError):
            return await produce(bootstrap, PROBE, [b"ready"])
        await asyncio.sleep(0.1)


async def create_topic(bootstrap: str, topic: str, partitions: int = 1) -> None:
    """Create a topic; one that exists stays as it is."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await admin.start()
        await admin.create_topics([NewTopic(topic, partitions, 1)])
    finally:
        await admin.close()


async def delete_topics(bootstrap: str, prefix: str) -> None:
    """Delete every topic whose name begins with this."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await admin.start()
        if mine := [topic for topic in await admin.list_topics() if topic.startswith(prefix)]:
            await admin.delete_topics(mine)
    finally:
        await admin.close()


async def produce(bootstrap: str, topic: str, values: list[bytes]) -> None:
    """Return once every value is acknowledged."""
    await create_topic(bootstrap, topic)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    try:
        await producer.start()
        await asyncio.gather(*[await producer.send(topic, value) for value in values])
    finally:
        await producer.stop()


async def read(bootstrap: str, topic: str) -> list[bytes]:
    """Return the values of every record of a topic's only partition, in log order."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        end = (await consumer.end_offsets([partition]))[partition]
        values: list[bytes] = []
        while len(values) < end:
            batches = await consumer.getmany(timeout_ms=100)
            values += [record.value for records in batches.values() for record in records]
        return values
    finally:
        await consumer.stop()


class BrokerThread:
    """A broker whose loop lives in a thread: tests come and go with their own loops, or without one."""

    def __init__(self, folder: Path) -> None:
        self.broker = Broker(folder, cache=cache_folder(), ready=produced)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="broker", daemon=True)
        self._ended: Future[TocsinError | None] | None = None

    def run(self, work: Coroutine[object, object, Result]) -> Result:
        """Return what the coroutine returns, run beside the broker."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def insist(self) -> None:
        """End the whole run if the broker ended by itself: what is left would wait for it, and none say why."""
        if self._ended and self._ended.done() and (err := self._ended.result()):
            pytest.exit(f"the broker of the tests ended: {err}", returncode=1)

    @contextlib.contextmanager
    def running(self) -> Iterator[Broker]:
        """Start the broker, and leave nothing behind."""
        self.thread.start()
        try:
            self.run(self.broker.start())
            self._ended = asyncio.run_coroutine_threadsafe(self.broker.wait(), self.loop)
            yield self.broker
        finally:
            self.run(self.broker.stop())
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.thread.join()
            self.loop.close()


@pytest.fixture(scope="session")
def broker_thread(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerThread]:
    """Return the run's one broker with its loop."""
    folder = tmp_path_factory.mktemp("broker")
    thread = BrokerThread(folder)
    with thread.running():
        yield thread
    delete_data(folder)


@pytest.fixture(scope="session")
def broker(broker_thread: BrokerThread) -> Broker:
    """Return the run's one broker; tests keep apart by `topic_prefix`, and leave it running."""
    return broker_thread.broker


@pytest.fixture
def topic_prefix(broker_thread: BrokerThread) -> Iterator[str]:
    """Return a prefix for topics and groups that no other test has; the topics go when the test ends.

    A few hundred catalogues are tens of thousands of partitions: more files than a broker may open, and each client
    that asks which topics there are is told of them all.
    """
    broker_thread.insist()
    prefix = f"t{secrets.token_hex(4)}."
    yield prefix
    broker_thread.insist()
    broker_thread.run(delete_topics(broker_thread.broker.bootstrap, prefix))
