"""Members come, go and freeze; the broker restarts: nothing is lost, and every partition finds its owner."""

import signal
from pathlib import Path

import pytest

from agents.broker.server import Broker
from tests.support.kafka import BrokerThread
from tests.support.loops import PARTITIONS
from tests.support.processes import until
from tests.support.questions import Benches

pytestmark = [pytest.mark.kafka, pytest.mark.faults]
LOOPS = [pytest.param("owner", id="owner"), pytest.param("stage", id="stage")]
ALL = list(range(PARTITIONS))
LONGER_THAN_A_SESSION_S = 25


@pytest.mark.parametrize("loop", LOOPS)
async def test_one_member_becomes_three_and_one_again_without_loss(
    broker: Broker, topic_prefix: str, loop: str
) -> None:
    async with Benches(broker.bootstrap, topic_prefix, loop) as bench:
        first = await bench.start()
        await until(lambda: first.held == ALL)
        await bench.ask(range(300))
        others = [await bench.start(), await bench.start()]
        await until(lambda: all(len(member.held or []) == 1 for member in [first, *others]))
        await bench.ask(range(300, 600))
        assert [await member.stop() for member in others] == [0, 0]
        await until(lambda: first.held == ALL)
        account = await bench.settled()

    assert not account.lost
    assert account.doubled < len(account.asked) / 2


@pytest.mark.parametrize("loop", LOOPS)
async def test_a_member_that_froze_for_longer_than_its_session_loses_nothing(
    broker: Broker, topic_prefix: str, loop: str
) -> None:
    async with Benches(broker.bootstrap, topic_prefix, loop) as bench:
        zombie = await bench.start()
        await until(lambda: zombie.held == ALL)
        await bench.ask(range(200))
        zombie.send(signal.SIGSTOP)
        await bench.ask(range(200, 400))
        heir = await bench.start()
        await until(lambda: heir.held == ALL, within_s=LONGER_THAN_A_SESSION_S)
        zombie.send(signal.SIGCONT)
        await until(lambda: len(zombie.held or ALL) + len(heir.held or []) == PARTITIONS)
        account = await bench.settled()

    assert not account.lost


@pytest.mark.parametrize(
    ("mutant", "acts"), [pytest.param("", False, id="asks-first"), pytest.param("unchecked", True, id="never-asks")]
)
async def test_a_batch_that_was_decided_before_a_long_freeze_has_no_effect_after_it(
    broker: Broker, topic_prefix: str, mutant: str, *, acts: bool
) -> None:
    async with Benches(broker.bootstrap, topic_prefix, "owner") as bench:
        zombie = await bench.start(crash="freeze", mutant=mutant)
        await until(lambda: zombie.held == ALL)
        await bench.ask(range(200))
        heir = await bench.start()
        await until(lambda: heir.held == ALL, within_s=LONGER_THAN_A_SESSION_S)
        await bench.settled()
        zombie.send(signal.SIGCONT)
        await until(lambda: len(zombie.held or ALL) + len(heir.held or []) == PARTITIONS)
        account = await bench.account()

    assert not account.lost
    assert (account.doubled > 0) == acts


@pytest.mark.parametrize("loop", LOOPS)
async def test_a_broker_that_is_killed_and_comes_back_costs_nothing(
    tmp_path: Path, topic_prefix: str, loop: str
) -> None:
    thread = BrokerThread(tmp_path / "broker")
    with thread.running() as broker:
        async with Benches(broker.bootstrap, topic_prefix, loop) as bench:
            member = await bench.start()
            await until(lambda: member.held == ALL)
            await bench.ask(range(200))
            thread.run(broker.kill())
            thread.run(broker.start())
            await bench.ask(range(200, 400))
            account = await bench.settled(within_s=60)
            ended = await member.stop()

    assert not account.lost
    assert ended == 0


@pytest.mark.parametrize("loop", LOOPS)
async def test_a_member_to_which_the_broker_named_no_topic_for_a_moment_works_soon_after(
    broker: Broker, topic_prefix: str, loop: str
) -> None:
    async with Benches(broker.bootstrap, topic_prefix, loop) as bench:
        member = await bench.start(instance="one")
        await until(lambda: member.held == ALL)
        await bench.forget()  # one that started a second ago says the same of every topic
        await until(lambda: member.held == [])
        await bench.remember()
        await until(lambda: member.held == ALL)
        await bench.ask(range(100))
        account = await bench.settled()

    assert not account.lost
