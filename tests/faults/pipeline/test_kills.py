"""Promise P1 on the real processes: what the origin published, times the twin, is accounted for after every kill."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agents.broker.server import Broker
from bench.faults import kill_at_random, rebalance
from tests.support.account import Account
from tests.support.children import ROLES
from tests.support.kafka import cache_folder, produced
from tests.support.pipeline import Pipeline, pipeline
from tests.support.wire import Origin, Sink, until_polled

pytestmark = [pytest.mark.kafka, pytest.mark.faults]
FEEDS, KILLS_EACH = 20, 5


@pytest.fixture
async def own_broker(tmp_path: Path) -> AsyncIterator[Broker]:
    broker = Broker(tmp_path / "broker", cache=cache_folder(), ready=produced)
    await broker.start()
    yield broker
    await broker.stop()


@pytest.fixture
async def running(tmp_path: Path, own_broker: Broker) -> AsyncIterator[Pipeline]:
    folder = tmp_path / "pipeline"
    folder.mkdir()
    origin, sink = Origin(FEEDS), Sink()
    await origin.start()
    await sink.start()
    made = pipeline(folder, own_broker.bootstrap, "kills.", origin, sink)
    for role in ROLES:
        made.children.start(role)
    await until_polled(origin)  # what stands in a feed at its first poll is no news, however slow the machine
    yield made
    made.children.stop()
    await origin.stop()
    await sink.stop()


def check(account: Account, pipeline: Pipeline) -> None:
    assert account.expected > 50, "a test without an expected set proves nothing"
    assert account.told > 0
    assert account.lost == 0, f"{account}; the processes' logs: {pipeline.folder}"
    assert account.duplicates_by_other_id == []


async def test_nothing_is_lost_when_poll_agents_deliver_and_broker_are_killed(
    running: Pipeline, own_broker: Broker
) -> None:
    killed = await kill_at_random(running, own_broker, each=KILLS_EACH)
    assert killed.kills == KILLS_EACH * 4
    check(killed.account, running)


async def test_nothing_is_lost_when_workers_come_and_go(running: Pipeline) -> None:
    account, _ = await rebalance(running, hold_s=8)
    check(account, running)
    assert not running.children.ended()
