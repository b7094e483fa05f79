"""Seats on a real broker, both loops: given up by who is asked to end, kept for who crashed, not fought over."""

import signal

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from agents.broker.server import Broker
from tests.support.loops import GROUP, PARTITIONS
from tests.support.processes import Child, until
from tests.support.questions import Bench, Benches

pytestmark = pytest.mark.kafka
LOOPS = [pytest.param("owner", id="owner"), pytest.param("stage", id="stage")]
ALL = list(range(PARTITIONS))


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session that outlasts a slow start: nobody is missed by accident, and no test passes because one ended."""
    monkeypatch.setenv("TOCSIN_SESSION_TIMEOUT_S", "29")


async def seats(bench: Bench) -> list[str]:
    """Return the names that the broker counts as members now (it makes a member's id of its name)."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bench.settings.bootstrap)
    await admin.start()
    [answer] = await admin.describe_consumer_groups([f"{bench.settings.topic_prefix}{GROUP}"])
    await admin.close()
    return sorted(member_id.partition(f"-{GROUP}-")[0] for member_id, *_ in answer.groups[0][5])


async def pair(bench: Bench, *, crash: str = "") -> tuple[Child, Child]:
    """Return two members that share the partitions."""
    first = await bench.start(instance="one")
    await until(lambda: first.held == ALL)
    second = await bench.start(instance="two", crash=crash)
    await until(lambda: second.held and sorted([*(first.held or []), *second.held]) == ALL)
    return first, second


@pytest.mark.parametrize("loop", LOOPS)
async def test_who_is_asked_to_end_has_left_its_group_by_then(broker: Broker, topic_prefix: str, loop: str) -> None:
    async with Benches(broker.bootstrap, topic_prefix, loop) as bench:
        first, second = await pair(bench)
        assert await seats(bench) == ["one", "two"]
        await bench.ask(range(60))
        assert await second.stop() == 0
        assert await seats(bench) == ["one"]
        await until(lambda: first.held == ALL)
        account = await bench.settled()
    assert not account.lost


@pytest.mark.parametrize("loop", LOOPS)
async def test_who_is_killed_comes_back_to_its_seat_and_nobody_else_notices(
    broker: Broker, topic_prefix: str, loop: str
) -> None:
    async with Benches(broker.bootstrap, topic_prefix, loop) as bench:
        first, second = await pair(bench)
        said, had = len(first.said), second.held
        second.send(signal.SIGKILL)
        await second.ended()
        assert await seats(bench) == ["one", "two"]
        again = await bench.start(instance="two")
        await until(lambda: again.held == had)
        await bench.ask(range(60))
        account = await bench.settled()
        assert len(first.said) == said, "a rebalance"
    assert not account.lost


async def test_who_gave_up_uncommitted_keeps_its_seat(broker: Broker, topic_prefix: str) -> None:
    async with Benches(broker.bootstrap, topic_prefix, "owner") as bench:
        _, second = await pair(bench, crash="refused")
        await bench.ask(range(60))
        assert await second.ended() == 70
        assert await seats(bench) == ["one", "two"]


@pytest.mark.parametrize("loop", LOOPS)
async def test_of_two_processes_with_one_name_one_ends_for_good(broker: Broker, topic_prefix: str, loop: str) -> None:
    async with Benches(broker.bootstrap, topic_prefix, loop) as bench:
        first = await bench.start(instance="one")
        await until(lambda: first.held == ALL)
        second = await bench.start(instance="one")
        assert await first.ended() == 78
        await until(lambda: second.held == ALL)
        await bench.ask(range(60))
        assert not (await bench.settled()).lost
        assert await seats(bench) == ["one"]
