import asyncio
import io
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agents.broker.server import free_port
from agents.run import supervisor
from agents.run.child_settings import Ports
from agents.run.children import Child, ChildEndedError
from agents.run.report import RunLog, RunReport
from agents.run.supervisor import Supervisor, ask, delivered
from agents.run.terminal import Terminal
from config.settings import Settings
from streams.errors import ConfigurationError, TocsinError, UnavailableError

SERVE = """
import http.server, sys
METRICS = b'tocsin_deliveries_total{receiver="console",outcome="delivered"} 2.0\\n'
sys.stdin.readline()
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        ready = self.path == "/metrics" or sys.argv[2] == "ready"
        self.send_response(200 if ready else 503)
        self.end_headers()
        self.wfile.write(METRICS if ready else b"state")
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""
FAIL = "import sys; sys.stdin.readline(); print('feeds.yaml:3:5 no such key', file=sys.stderr); sys.exit(78)"


@dataclass
class Ground:
    """A ground that stands when it is told to."""

    calls: list[str] = field(default_factory=list)
    refused: TocsinError | None = None
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    environment: Mapping[str, str] = field(default_factory=dict)

    async def open(self) -> None:
        self.calls.append("open")

    async def prepare(self) -> None:
        if self.refused:
            raise self.refused
        self.calls.append("prepare")

    async def watch(self) -> None:
        await self.lost.wait()
        raise UnavailableError("the broker is gone")

    async def close(self) -> None:
        self.calls.append("close")


@dataclass
class Stage:
    """A supervisor over real processes, with what it said."""

    folder: Path
    ground: Ground = field(default_factory=Ground)
    out: io.StringIO = field(default_factory=io.StringIO)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.kept = RunLog(self.folder / "tocsin.log")
        self.report = RunReport(self.out, self.kept)
        self.ports = Ports(0)
        self.children: dict[str, Child] = {}

    def child(self, name: str, script: str = SERVE, kind: str = "ready") -> None:
        self.children[name] = Child(
            name,
            [sys.executable, "-c", script, str(self.ports[name]), kind],
            environment=lambda: os.environ,
            on_line=self.report.line,
            on_restart=self.report.restarted,
        )

    def run(self) -> asyncio.Task[None]:
        made = Supervisor(self.ground, list(self.children.values()), self.ports, self.report)
        self.tasks.append(asyncio.create_task(made.run(self.stop.wait())))
        return self.tasks[-1]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.stop.set()
    for child in stage.children.values():
        child.kill()
    await asyncio.gather(*stage.tasks, return_exceptions=True)
    stage.kept.close()


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.02)


async def test_a_run_tells_what_is_ready_and_when_the_first_alert_came(stage: Stage) -> None:
    stage.child("deliver")
    stage.child("agents")
    life = stage.run()
    await until(lambda: stage.out.getvalue().count("\n") >= 3)
    stage.stop.set()
    await life
    said = stage.out.getvalue()
    assert f"metrics http://127.0.0.1:{stage.ports['deliver']}/metrics" in said
    assert f"metrics http://127.0.0.1:{stage.ports['agents']}/metrics" in said
    assert said.count("first alert after ") == 1
    assert [child.pid for child in stage.children.values()] == [None, None]


async def test_children_begin_only_when_the_ground_stands(stage: Stage) -> None:
    stage.ground.refused = UnavailableError("no broker")
    stage.child("deliver", "import sys; print('began', sys.stdin.readline(), file=sys.stderr)")
    with pytest.raises(UnavailableError, match="no broker"):
        await stage.run()
    assert "began" not in stage.kept.path.read_text()
    assert stage.children["deliver"].pid is None


async def test_wrong_configuration_in_a_child_stops_everything(stage: Stage) -> None:
    stage.child("deliver")
    stage.child("poll", FAIL)
    with pytest.raises(ChildEndedError, match=r"poll ended \(exit 78, configuration\)") as caught:
        await stage.run()
    assert caught.value.code == 78
    assert "poll     feeds.yaml:3:5 no such key\n" in stage.out.getvalue()
    assert stage.children["deliver"].pid is None


async def test_a_killed_child_comes_back_and_the_others_stay(stage: Stage) -> None:
    stage.child("deliver")
    stage.child("poll")
    stage.run()
    await until(lambda: stage.out.getvalue().count("/metrics") == 2)
    others, killed = stage.children["deliver"].pid, stage.children["poll"].pid
    os.kill(killed or 0, signal.SIGKILL)
    await until(lambda: stage.children["poll"].pid not in (None, killed))
    assert stage.children["deliver"].pid == others
    assert "poll     ended (killed by SIGKILL), starts again in 0.5 s\n" in stage.out.getvalue()


@pytest.mark.timeout(60)
async def test_a_terminal_that_nobody_reads_keeps_no_child_from_coming_back(stage: Stage) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb"), os.fdopen(writing, "w", encoding="utf-8") as out, closing(Terminal(out)) as terminal:
        stage.report = RunReport(terminal, stage.kept)
        for _ in range(5_000):
            stage.report.notice("a line of a run that goes on and on")
        stage.child("poll")
        stage.run()
        await until(lambda: stage.children["poll"].pid)
        killed = stage.children["poll"].pid
        os.kill(killed or 0, signal.SIGKILL)
        await until(lambda: stage.children["poll"].pid not in (None, killed))
        assert "ended (killed by SIGKILL)" in stage.kept.path.read_text()


async def test_a_ground_that_is_lost_stops_everything(stage: Stage) -> None:
    stage.child("deliver")
    life = stage.run()
    await until(lambda: "deliver" in stage.out.getvalue())
    stage.ground.lost.set()
    with pytest.raises(UnavailableError, match="the broker is gone"):
        await life
    assert stage.children["deliver"].pid is None


async def test_a_stage_that_is_slow_says_what_it_waits_for(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "SLOW_AFTER_S", 0.5)
    stage.child("agents", kind="waits")
    stage.run()
    await until(lambda: "not ready yet" in stage.out.getvalue())
    assert "agents   not ready yet: state\n" in stage.out.getvalue()


async def test_a_child_that_does_not_end_is_killed_and_named(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "CHILDREN_END_WITHIN_S", 0.2)
    stage.child("deliver", f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{SERVE}")
    life = stage.run()
    await until(lambda: "deliver" in stage.out.getvalue())
    stage.stop.set()
    await life
    assert "deliver  did not end within 0 s and was killed\n" in stage.out.getvalue()


async def test_asking_a_child_that_is_not_there_gives_nothing() -> None:
    assert await ask(free_port(), "/readyz") == (0, "")


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        pytest.param("", False, id="nothing"),
        pytest.param('tocsin_deliveries_total{receiver="a",outcome="delivered"} 0.0\n', False, id="none yet"),
        pytest.param('tocsin_deliveries_total{receiver="a",outcome="dead"} 3.0\n', False, id="only dead ones"),
        pytest.param('x 1\ntocsin_deliveries_total{outcome="delivered",receiver="a"} 1.0\n', True, id="one"),
    ],
)
def test_the_first_alert_is_seen_in_the_metrics(metrics: str, expected: bool) -> None:
    assert delivered(metrics) is expected


@dataclass
class Quick(Ground):
    """A ground that fails while it is opened, or never stands at all."""

    never: bool = False

    async def open(self) -> None:
        await super().open()
        if self.refused:
            raise self.refused

    async def prepare(self) -> None:
        if self.never:
            await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("refused", "code"),
    [
        pytest.param(ConfigurationError("feeds.yaml:3:5 one", "rules.yaml:1:1 two"), 78, id="wrong files"),
        pytest.param(UnavailableError("feeds.yaml:3:5 one\nrules.yaml:1:1 two"), 69, id="something is not there"),
        pytest.param(ChildEndedError("poll", 75), 75, id="a child that a restart does not cure"),
    ],
)
async def test_what_stops_a_run_is_told_line_by_line_and_is_its_exit_code(
    refused: TocsinError, code: int, stage: Stage
) -> None:
    ground = Quick(refused=refused)
    assert await supervisor.run(Settings(), ground, stage.report) == code
    for line in str(refused).splitlines():
        assert f"run      {line}\n" in stage.out.getvalue()
    assert ground.calls == ["open", "close"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_a_signal_ends_a_run_even_before_it_stands(how: signal.Signals, stage: Stage) -> None:
    ground = Quick(never=True)
    life = asyncio.create_task(supervisor.run(Settings(), ground, stage.report))
    await until(lambda: "open" in ground.calls)
    await asyncio.sleep(0.1)
    os.kill(os.getpid(), how)
    assert await life == 0
    assert stage.out.getvalue().endswith("  stopping\n  stopped\n")
    assert ground.calls[-1] == "close"
