"""Killed in each gap between two effects, and refused: both loops lose nothing, and their mutants do."""

import signal

import pytest

from agents.broker.server import Broker
from tests.support.questions import Account, Benches

pytestmark = [pytest.mark.kafka, pytest.mark.faults]
KILLED = -signal.SIGKILL


async def account_after(
    broker: Broker, prefix: str, *, loop: str, crash: str, ends: int | None, mutant: str
) -> Account:
    """Return what became of 200 questions when a first child ends in a gap and a second one carries on."""
    async with Benches(broker.bootstrap, prefix, loop) as bench:
        await bench.ask(range(200))
        first = await bench.start(instance="one", crash=crash, mutant=mutant)
        if ends is not None:
            assert await first.ended() == ends
            await bench.start(instance="one")
        return await bench.settled()


@pytest.mark.parametrize(
    ("loop", "crash", "ends"),
    [
        pytest.param("owner", "before_outputs", KILLED, id="owner-before-outputs"),
        pytest.param("owner", "after_outputs", KILLED, id="owner-between-outputs-and-state"),
        pytest.param("owner", "after_states", KILLED, id="owner-between-state-and-commit"),
        pytest.param("owner", "after_commit", KILLED, id="owner-after-commit"),
        pytest.param("owner", "refused", 70, id="owner-refused"),
        pytest.param("stage", "before_outputs", KILLED, id="stage-before-outputs"),
        pytest.param("stage", "after_outputs", KILLED, id="stage-between-outputs-and-commit"),
        pytest.param("stage", "after_commit", KILLED, id="stage-after-commit"),
        pytest.param("stage", "refused", 70, id="stage-refused"),
    ],
)
async def test_nothing_is_lost_when_a_loop_ends_in_a_gap(
    broker: Broker, topic_prefix: str, *, loop: str, crash: str, ends: int
) -> None:
    account = await account_after(broker, topic_prefix, loop=loop, crash=crash, ends=ends, mutant="")

    assert not account.lost
    assert not account.letters
    assert account.doubled == 0 or crash == "after_outputs", "only answers without a state or a commit may come again"


@pytest.mark.parametrize(
    ("loop", "mutant", "crash", "ends"),
    [
        pytest.param("owner", "states_first", "after_states", KILLED, id="state-before-outputs"),
        pytest.param("owner", "commit_first", "before_outputs", KILLED, id="owner-commit-before-outputs"),
        pytest.param("stage", "commit_first", "before_outputs", KILLED, id="stage-commit-before-outputs"),
        pytest.param("stage", "faust_loop", "refused", None, id="fausts-own-loop"),
    ],
)
async def test_the_same_account_shows_the_loss_of_each_mutant(
    broker: Broker, topic_prefix: str, *, loop: str, mutant: str, crash: str, ends: int | None
) -> None:
    account = await account_after(broker, topic_prefix, loop=loop, crash=crash, ends=ends, mutant=mutant)

    assert account.lost


@pytest.mark.parametrize("loop", [pytest.param("owner", id="owner"), pytest.param("stage", id="stage")])
async def test_a_loop_that_stands_still_with_work_before_it_is_ended_by_the_watchdog(
    broker: Broker, topic_prefix: str, loop: str
) -> None:
    account = await account_after(broker, topic_prefix, loop=loop, crash="stuck", ends=71, mutant="")

    assert not account.lost
