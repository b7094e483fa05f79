import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from agents.kafka import partition
from agents.loops import watchdog as watchdog_module
from agents.loops.watchdog import EXIT_CODE, Progress, Standstill, Watchdog, dump_tasks
from agents.metrics import Metrics
from config.settings import Settings

A, B = ("tocsin.articles", 0), ("tocsin.articles", 1)
PATIENCE_S = 60.0


def look(standstill: Standstill, now_s: float, **progress: tuple[int, int]) -> list[tuple[str, int]]:
    names = {"a": A, "b": B}
    seen = {names[name]: Progress(end, done) for name, (end, done) in progress.items()}
    return standstill.look(seen, now_s=now_s, patience_s=PATIENCE_S)


def test_work_that_waits_and_is_not_done_for_the_patience_is_a_standstill() -> None:
    standstill = Standstill()
    assert look(standstill, 0, a=(10, 5), b=(10, 5)) == []
    assert look(standstill, 59, a=(10, 5), b=(10, 6)) == []
    assert look(standstill, 60, a=(12, 5), b=(10, 6)) == [A]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param((10, 5), (10, 6), id="something-was-done"),
        pytest.param((10, 10), (11, 10), id="idle-until-now"),
        pytest.param((0, 0), (0, 0), id="empty"),
        pytest.param((10, 12), (10, 12), id="a-log-that-was-cut"),
    ],
)
def test_a_partition_that_works_or_has_no_work_stands_not_still(
    before: tuple[int, int], after: tuple[int, int]
) -> None:
    standstill = Standstill()
    look(standstill, 0, a=before)
    assert look(standstill, 60, a=after) == []


def test_a_partition_that_went_to_another_owner_starts_anew_when_it_returns() -> None:
    standstill = Standstill()
    look(standstill, 0, a=(10, 5))
    look(standstill, 30)
    look(standstill, 50, a=(10, 5))
    assert look(standstill, 60, a=(10, 5)) == []


class FakeClient:
    """Knows where partitions begin and end, or is cut off from the broker."""

    def __init__(self, *, end: int, begin: int = 0) -> None:
        self.end, self.begin = end, begin
        self.reachable = True
        self.started = self.stopped = False

    async def start(self) -> None:
        self.started = True

    async def stop(self) -> None:
        self.stopped = True

    async def end_offsets(self, places: Sequence[Any]) -> Mapping[Any, int]:
        if not self.reachable:
            raise ConnectionError
        return dict.fromkeys(places, self.end)

    async def beginning_offsets(self, places: Sequence[Any]) -> Mapping[Any, int]:
        return dict.fromkeys(places, self.begin)


class FakeLoop:
    def __init__(self, **done: int) -> None:
        self.places = {A: done["a"]} if "a" in done else {}

    def done(self) -> Mapping[tuple[str, int], int]:
        return self.places


class Left(BaseException):
    """Raised in place of the end of the process."""


def leave(code: int) -> None:
    raise Left(code)


def watchdog(loop: FakeLoop, metrics: Metrics, *, patience_s: float = 0.05) -> Watchdog:
    return Watchdog(Settings(bootstrap="127.0.0.1:1", watchdog_s=patience_s), metrics, loop, leave=leave)


async def runs(dog: Watchdog, client: FakeClient, monkeypatch: pytest.MonkeyPatch, *, for_s: float) -> int | None:
    """Return the exit code, or None if the watchdog let the process live."""
    monkeypatch.setattr(watchdog_module, "new_consumer", lambda _: client)
    try:
        async with asyncio.timeout(for_s):
            await dog.run()
    except Left as err:
        code: int = err.args[0]
        return code
    except TimeoutError:
        return None


async def test_a_standstill_ends_the_process_with_71_after_a_dump(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    client = FakeClient(end=10)
    code = await runs(watchdog(FakeLoop(a=5), Metrics(CollectorRegistry())), client, monkeypatch, for_s=10)
    assert code == EXIT_CODE
    assert client.stopped
    assert "test_a_standstill_ends" in capfd.readouterr().err


async def test_an_idle_process_lives_and_its_lag_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = Metrics(CollectorRegistry())
    loop = FakeLoop(a=10)
    assert await runs(watchdog(loop, metrics), FakeClient(end=10), monkeypatch, for_s=0.3) is None
    assert lag(metrics) == 0


async def test_what_was_deleted_before_it_was_read_is_no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    dog = watchdog(FakeLoop(a=0), Metrics(CollectorRegistry()))
    assert await runs(dog, FakeClient(begin=10, end=10), monkeypatch, for_s=0.3) is None


async def test_without_a_broker_there_is_no_judgement(monkeypatch: pytest.MonkeyPatch) -> None:
    client = FakeClient(end=10)
    client.reachable = False
    assert await runs(watchdog(FakeLoop(a=5), Metrics(CollectorRegistry())), client, monkeypatch, for_s=0.3) is None


async def test_a_broker_that_was_away_is_no_standstill() -> None:
    client, dog = FakeClient(end=10), watchdog(FakeLoop(a=5), Metrics(CollectorRegistry()), patience_s=0.2)
    await dog._look(client)
    client.reachable = False
    await dog._look(client)
    client.reachable = True
    await asyncio.sleep(0.2)
    await dog._look(client)
    await asyncio.sleep(0.2)
    with pytest.raises(Left):
        await dog._look(client)


async def test_a_partition_that_is_anothers_now_shows_no_lag() -> None:
    metrics, loop = Metrics(CollectorRegistry()), FakeLoop(a=9)
    dog = watchdog(loop, metrics, patience_s=60)
    client = FakeClient(end=10)
    await dog._look(client)
    assert lag(metrics) == 1
    loop.places = {}
    await dog._look(client)
    assert lag(metrics) is None
    assert partition(*A) == A


def lag(metrics: Metrics) -> float | None:
    return metrics.registry.get_sample_value("tocsin_consumer_lag", {"topic": A[0], "partition": "0"})


async def test_a_dump_names_every_task(capfd: pytest.CaptureFixture[str]) -> None:
    sleeping = asyncio.create_task(asyncio.sleep(60), name="sleeper")
    await asyncio.sleep(0)
    dump_tasks()
    sleeping.cancel()
    assert "sleeper" in capfd.readouterr().err
