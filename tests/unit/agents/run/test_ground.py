import asyncio
import io
from collections.abc import Callable
from contextvars import Context
from pathlib import Path
from typing import TypeVarTuple

import pytest

from agents.broker.server import Broker
from agents.run.ground import RunGround
from agents.run.report import RunLog, RunReport
from config.settings import Settings
from streams.errors import TocsinError, UnavailableError

Ts = TypeVarTuple("Ts")


class Hurried(asyncio.SelectorEventLoop):
    """A loop whose clock jumps to whatever is waited for."""

    ahead_s = 0.0

    def time(self) -> float:
        return super().time() + self.ahead_s

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        self.ahead_s += max(0.0, when - self.time())
        return super().call_at(when, callback, *args, context=context)


class Down(Broker):
    """A broker whose port is another's for very many starts."""

    def __init__(self, folder: Path, *, fails: int) -> None:
        super().__init__(folder, cache=folder, ready=self._never)
        self.fails = fails

    async def _never(self, _bootstrap: str) -> None: ...

    async def wait(self) -> TocsinError | None:
        return UnavailableError("the port is taken") if self.fails else None

    async def start(self) -> None:
        self.fails -= 1
        if self.fails:
            raise UnavailableError("the port is taken")


def test_a_broker_that_does_not_come_back_for_a_day_is_started_again_all_the_same(tmp_path: Path) -> None:
    out, kept = io.StringIO(), RunLog(tmp_path / "log")
    ground = RunGround(Settings(data_dir=tmp_path), fresh=False, sample=False, report=RunReport(out, kept))
    ground._broker = broker = Down(tmp_path, fails=3_000)

    async def watch() -> None:
        watching = asyncio.create_task(ground.watch())
        while broker.fails and not watching.done():  # noqa: ASYNC110 - watched from outside
            await asyncio.sleep(0)
        watching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await watching

    with asyncio.Runner(loop_factory=Hurried) as runner:
        runner.run(watch())
    kept.close()
    assert out.getvalue().splitlines()[-1].split() == ["broker", "0.0", "s", "back"]


def test_a_receiver_whose_secret_is_missing_is_named_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "routes.yaml").write_text(
        "version: 1\nreceivers: {fx: {type: slack, token_env: NO_SUCH_TOKEN, channel: C0FX}}\n"
        "desks: {fx: {permissions: [public]}}\nroute: {desk: fx, receivers: [fx]}\n"
    )
    out, kept = io.StringIO(), RunLog(tmp_path / "log")
    settings = Settings(data_dir=tmp_path, config_dir=tmp_path, bootstrap="127.0.0.1:1")
    asyncio.run(RunGround(settings, fresh=False, sample=False, report=RunReport(out, kept)).open())
    kept.close()
    assert out.getvalue().split(maxsplit=1) == [
        "routes",
        "receiver fx: no secret in the variable NO_SUCH_TOKEN: nothing goes out there until it is set\n",
    ]
