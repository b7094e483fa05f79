"""`tocsin run`: the broker, topics, rules and feeds, then deliver, agents and poll as children, until told to stop."""

import asyncio
import fcntl
import os
import re
import signal
import sys
import time
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Protocol, TextIO

from agents import log
from agents.run.child_settings import STAGES, Ports, child_environment
from agents.run.children import Child, ChildEndedError, stop_all
from agents.run.report import OwnLines, RunLog, RunReport
from agents.run.terminal import Terminal
from config.settings import Settings
from streams.errors import ConfigurationError, TocsinError, UnavailableError

CHILDREN_END_WITHIN_S = 7.0  # of the 10 s that a stop may take; the broker needs half a second
ASKED_EVERY_S = 0.2
SLOW_AFTER_S = 30.0
ANSWER_WITHIN_S = 3.0
DELIVERED = re.compile(r'^tocsin_deliveries_total\{[^}]*outcome="delivered"[^}]*\} ([0-9.e+]+)', re.MULTILINE)


class RunningError(UnavailableError):
    """Another `tocsin run` holds the data folder."""

    def __init__(self, path: Path, pid: str) -> None:
        self.path = path
        who = f"process {pid}" if pid else "its process is not known"
        super().__init__(f"{path}: another tocsin runs there ({who}); stop it, or give another folder with --data-dir")


class Ground(Protocol):
    """What the children stand on: a broker with topics, routes, rules and feeds."""

    async def open(self) -> None:
        """Take what needs no waiting, so that `environment` is known."""

    @property
    def environment(self) -> Mapping[str, str]:
        """Return what the children must be told of it."""

    async def prepare(self) -> None:
        """Return once everything is there."""

    async def watch(self) -> None:
        """Keep it there; raise when that is not possible."""

    async def close(self) -> None:
        """Take it down; may be called twice."""


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the data folder: two runs with the same instance names would throw each other out of their groups.

    Raises: RunningError; ConfigurationError for a folder that can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "run.lock").open("a+", encoding="ascii")
    except OSError as err:
        problem = f"{folder}: can't be written ({err.strerror}); give another folder with --data-dir"
        raise ConfigurationError(problem) from err
    with lock:
        lock.seek(0)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunningError(folder, lock.read().strip()) from None
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        yield


class Supervisor:
    """Keeps the children running on their ground, and says how that goes."""

    def __init__(self, ground: Ground, children: Sequence[Child], ports: Ports, report: RunReport) -> None:
        self._ground = ground
        self._children = children
        self._ports = ports
        self._report = report
        self._started = time.monotonic()

    async def run(self, stop: Awaitable[object]) -> None:
        """Return after `stop`, with everything ended. Raises: whatever makes going on useless."""
        lives = [asyncio.create_task(child.supervise(), name=child.name) for child in self._children]
        stopping, work = asyncio.ensure_future(stop), asyncio.create_task(self._work())
        try:
            await asyncio.wait({stopping, work, *lives}, return_when=asyncio.FIRST_COMPLETED)
            if stopping.done():
                self._report.notice("stopping")
            else:
                for task in (*lives, work):
                    if task.done():
                        task.result()
        finally:
            await self._end(lives, work)
            stopping.cancel()

    async def _end(self, lives: Sequence[asyncio.Task[None]], work: asyncio.Task[None]) -> None:
        work.cancel()
        killed = await stop_all(self._children, lives, within_s=CHILDREN_END_WITHIN_S)
        for name in killed:
            self._report.problem(name, f"did not end within {CHILDREN_END_WITHIN_S:.0f} s and was killed")
        await asyncio.gather(work, return_exceptions=True)

    async def _work(self) -> None:
        await self._ground.prepare()
        released = time.monotonic()
        for child in self._children:
            child.release()
        telling = [asyncio.create_task(self._tell_ready(child.name, released)) for child in self._children]
        telling.append(asyncio.create_task(self._tell_first_alert()))
        try:
            await self._ground.watch()
        finally:
            for task in telling:
                task.cancel()
            await asyncio.gather(*telling, return_exceptions=True)

    async def _tell_ready(self, name: str, released: float) -> None:
        slow_at = released + SLOW_AFTER_S
        while (answer := await ask(self._ports[name], "/readyz"))[0] != 200:  # noqa: PLR2004 - HTTP's OK
            if time.monotonic() > slow_at:
                slow_at += SLOW_AFTER_S
                self._report.problem(name, f"not ready yet: {answer[1].strip() or 'it does not answer'}")
            await asyncio.sleep(ASKED_EVERY_S)
        address = f"http://127.0.0.1:{self._ports[name]}/metrics"
        self._report.step(name, time.monotonic() - released, f"metrics {address}")

    async def _tell_first_alert(self) -> None:
        # Read from the metrics: the console's lines go from the child to stdout without passing here.
        while not delivered((await ask(self._ports["deliver"], "/metrics"))[1]):  # noqa: ASYNC110 - it happens in another process
            await asyncio.sleep(ASKED_EVERY_S)
        self._report.notice(f"first alert after {time.monotonic() - self._started:.1f} s")


def delivered(metrics: str) -> bool:
    """Return whether these metrics know of an alert that reached a receiver."""
    return any(float(count) > 0 for count in DELIVERED.findall(metrics))


async def ask(port: int, path: str) -> tuple[int, str]:
    """Return status and body of a child's answer; 0 and nothing while it does not answer."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            with closing(writer):
                writer.write(f"GET {path} HTTP/1.0\r\n\r\n".encode())
                head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
            return int(head.split()[1]), body
    except (OSError, TimeoutError, ValueError, IndexError):
        return 0, ""


async def run(settings: Settings, ground: Ground, report: RunReport) -> int:
    """Run everything until SIGTERM, SIGINT or SIGHUP; return the exit code."""
    stop, ports = stop_signal(), Ports(settings.metrics_port)
    telling = asyncio.create_task(report.telling())
    report.title(f"tocsin {version('tocsin')}, its log in {report.log_path}")
    try:
        await ground.open()
        children = [_child(settings, stage, ports, ground.environment, report) for stage in STAGES]
        await Supervisor(ground, children, ports, report).run(stop.wait())
    except TocsinError as err:
        for line in str(err).splitlines():
            report.problem("run", line)
        return err.code if isinstance(err, ChildEndedError) else err.exit_code
    finally:
        await ground.close()
        telling.cancel()
        report.tell(at_once=True)
    report.notice("stopped")
    return 0


def _child(settings: Settings, stage: str, ports: Ports, told: Mapping[str, str], report: RunReport) -> Child:
    return Child(
        stage,
        (sys.executable, "-P", "-m", "agents.run.child", str(os.getpid()), stage),
        environment=lambda: {**child_environment(settings, stage, ports.at_start(stage)), **told},
        on_line=report.line,
        on_restart=report.restarted,
    )


def stop_signal() -> asyncio.Event:
    """Return what is set on the first signal that asks for an end; more of them change nothing."""
    told, loop = asyncio.Event(), asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(each, told.set)
    return told


@contextmanager
def reporting(settings: Settings, out: TextIO) -> Iterator[RunReport]:
    """Yield the report on a terminal, with this process's own log beside the children's in the data folder."""
    folder = settings.data_dir.expanduser()
    with held(folder), closing(RunLog(folder / "log" / "tocsin.log")) as kept, closing(Terminal(out)) as terminal:
        report = RunReport(terminal, kept)
        log.configure(form="json", level=settings.log_level, stream=OwnLines("run", report.line))
        yield report
