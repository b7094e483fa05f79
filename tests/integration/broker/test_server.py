import asyncio
import contextlib
import os
import resource
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from agents.broker.folder import BrokerFolder, FolderError, FolderInUseError, delete_data
from agents.broker.server import Broker, BrokerError, PortTakenError
from tests.support.kafka import cache_folder, create_topic, produce, produced, read

pytestmark = pytest.mark.kafka

OWNER = """\
import asyncio, sys
from pathlib import Path
from agents.broker.server import Broker
from tests.support.kafka import cache_folder, produce, produced

async def main():
    broker = Broker(Path(sys.argv[1]), cache=cache_folder(), ready=produced, port=int(sys.argv[2]))
    await broker.start()
    await produce(broker.bootstrap, "kept", [b"acknowledged"])
    print("pid", broker.pid, flush=True)
    await broker.wait()

asyncio.run(main())
"""


def broker_in(folder: Path, **settings: object) -> Broker:
    return Broker(folder, **{"cache": cache_folder(), "ready": produced, **settings})


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[Broker]:
    """A broker for tests that break it; it isn't started yet."""
    broker = broker_in(tmp_path / "broker")
    yield broker
    await broker.stop()


def is_running(pid: int) -> bool:
    """Return whether there is such a process that has not ended."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def assert_free(path: Path) -> None:
    """Fail unless another broker can have the folder."""
    folder = BrokerFolder(path)
    folder.claim()
    folder.release()


async def topics(bootstrap: str) -> set[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        return set(await admin.list_topics())
    finally:
        await admin.close()


def test_the_broker_is_there_for_tests_without_a_loop(broker: Broker) -> None:
    with socket.create_connection(("127.0.0.1", broker.port)):
        assert is_running(broker.pid or 0)


async def test_a_record_comes_back_with_the_brokers_own_time(broker: Broker, topic_prefix: str) -> None:
    await produce(broker.bootstrap, f"{topic_prefix}articles", [b"one"])
    consumer = AIOKafkaConsumer(
        f"{topic_prefix}articles", bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        record = await consumer.getone()
    finally:
        await consumer.stop()
    log_append_time = 1
    assert (record.value, record.timestamp_type) == (b"one", log_append_time)


async def test_no_topic_comes_into_being_by_being_asked_for(broker: Broker, topic_prefix: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap)
    await producer.start()
    try:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await producer.send(f"{topic_prefix}typo", b"x")
    finally:
        await producer.stop()
    await create_topic(broker.bootstrap, f"{topic_prefix}meant")
    known = await topics(broker.bootstrap)
    assert f"{topic_prefix}meant" in known
    assert f"{topic_prefix}typo" not in known


@pytest.mark.parametrize("which", ["port", "controller_port"])
def test_the_broker_listens_on_one_address_only(broker: Broker, which: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.2", getattr(broker, which)))
        assert other.getsockname()[0] == "127.0.0.2"


async def test_what_was_acknowledged_is_there_after_kill_9_and_after_a_stop(own: Broker) -> None:
    await own.start()
    values = [b"%d" % number for number in range(5_000)]
    await produce(own.bootstrap, "kept", values)
    before = own.pid
    await own.kill()
    assert await own.wait() is None
    with pytest.raises(FolderInUseError):
        BrokerFolder(own.folder.path).claim()

    await own.start()
    assert own.pid != before
    assert await read(own.bootstrap, "kept") == values
    waiting = asyncio.create_task(own.wait())
    await own.stop()
    await own.stop()
    assert await waiting is None
    assert own.pid is None

    await own.start()
    assert await read(own.bootstrap, "kept") == values


async def test_a_broker_that_runs_is_not_started_twice(own: Broker) -> None:
    await own.start()
    pid = own.pid
    await own.start()
    assert own.pid == pid
    with pytest.raises(FolderInUseError):
        await broker_in(own.folder.path).start()
    with pytest.raises(FolderInUseError):
        delete_data(own.folder.path)
    await produce(own.bootstrap, "kept", [b"undisturbed"])
    assert await read(own.bootstrap, "kept") == [b"undisturbed"]


@pytest.mark.parametrize(
    "what", [pytest.param("", id="the folder"), pytest.param("records/meta.properties", id="a file")]
)
async def test_records_that_are_deleted_underneath_end_the_broker(own: Broker, tmp_path: Path, what: str) -> None:
    await own.start()
    pid = own.pid or 0
    own.folder.path.joinpath(what).rename(tmp_path / "elsewhere")
    async with asyncio.timeout(30):
        why = await own.wait()
    assert isinstance(why, FolderError)
    assert "deleted while the broker ran" in str(why)
    assert not is_running(pid)


async def test_a_full_disk_ends_the_broker_with_its_own_last_error(own: Broker) -> None:
    await own.start()
    await produce(own.bootstrap, "flood", [b"fits"])
    resource.prlimit(own.pid or 0, resource.RLIMIT_FSIZE, (100_000, 100_000))
    producer = AIOKafkaProducer(bootstrap_servers=own.bootstrap, acks=0)
    await producer.start()
    try:
        await asyncio.gather(*[await producer.send("flood", os.urandom(50_000)) for _ in range(5)])
        why = await own.wait()
    finally:
        await producer.stop()
    assert isinstance(why, BrokerError)
    assert "all log dirs" in str(why)
    assert "File too large" in str(why)
    assert str(own.folder.log) in str(why)
    assert "\n" not in str(why)


async def test_a_broker_that_ended_by_itself_can_be_started_again(own: Broker) -> None:
    await own.start()
    await produce(own.bootstrap, "kept", [b"before"])
    os.kill(own.pid or 0, signal.SIGKILL)
    why = await own.wait()
    assert isinstance(why, BrokerError)
    assert why.retry_helps
    await own.start()
    assert await read(own.bootstrap, "kept") == [b"before"]


async def test_a_port_that_is_taken_is_named_at_once_and_nothing_is_held(own: Broker) -> None:
    said = f"{own.bootstrap}: the port is taken; stop what listens there"
    with socket.create_server(("127.0.0.1", own.port)), pytest.raises(PortTakenError, match=said):
        await own.start()
    assert_free(own.folder.path)


async def test_records_of_another_broker_are_refused_in_kafkas_own_words(own: Broker) -> None:
    await own.start()
    await own.stop()
    meta = own.folder.records / "meta.properties"
    meta.write_text(meta.read_text().replace("node.id=1", "node.id=7"))
    with pytest.raises(BrokerError, match=r"ended \(exit 1\): .*node.?id"):
        await own.start()
    assert own.pid is None


async def test_a_place_for_records_that_cant_be_made_is_told_in_kafkas_own_words(own: Broker) -> None:
    own.folder.claim()
    own.folder.unformatted.write_text("a file, where Kafka wants a folder")
    with pytest.raises(BrokerError, match=r"ended \(exit 1\): .*records\.new"):
        await own.start()
    assert not own.folder.is_formatted()
    assert_free(own.folder.path)


async def test_a_broker_that_takes_no_record_in_time_is_ended(tmp_path: Path) -> None:
    async def never(_bootstrap: str) -> None:
        await asyncio.Event().wait()

    own = broker_in(tmp_path, ready=never, start_timeout_s=0.5)
    with pytest.raises(BrokerError, match=f"{own.bootstrap}: the embedded broker took no record"):
        await own.start()
    assert own.pid is None
    assert delete_data(tmp_path)


async def test_a_start_that_is_cancelled_leaves_nothing_running_and_nothing_held(tmp_path: Path) -> None:
    asked = asyncio.Event()

    async def never(_bootstrap: str) -> None:
        asked.set()
        await asyncio.Event().wait()

    own = broker_in(tmp_path, ready=never)
    starting = asyncio.create_task(own.start())
    await asked.wait()
    pid = own.pid or 0
    assert is_running(pid)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert not is_running(pid)
    assert_free(tmp_path)


async def test_the_broker_ends_with_its_owner_even_when_that_is_killed(own: Broker) -> None:
    owner = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", OWNER, str(own.folder.path), str(own.port)), stdout=asyncio.subprocess.PIPE
    )
    assert owner.stdout
    await owner.stdout.readuntil(b"pid ")
    pid = int(await owner.stdout.readline())
    assert is_running(pid)
    owner.kill()
    await owner.wait()
    try:
        async with asyncio.timeout(30):
            await claimed(own)
        assert not is_running(pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    await own.start()
    assert await read(own.bootstrap, "kept") == [b"acknowledged"]


async def claimed(broker: Broker) -> None:
    """Return once the folder is the broker's; Java holds it until its files are closed."""
    while True:
        with contextlib.suppress(FolderInUseError):
            broker.folder.claim()
            return
        await asyncio.sleep(0.02)
