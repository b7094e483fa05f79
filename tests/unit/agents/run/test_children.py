import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agents.run import children
from agents.run.children import Child, ChildEndedError, describe, pause_s, stop_all

SAY = "import sys; print(sys.argv[1], file=sys.stderr)"
WAIT_FOR_GATE = (
    "import sys; print('up', file=sys.stderr, flush=True); print(repr(sys.stdin.readline()), file=sys.stderr)"
)
RUN = "import signal, sys, time; print('running', file=sys.stderr, flush=True); time.sleep(60)"
DEAF = "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + RUN


@dataclass
class Watched:
    lines: list[str] = field(default_factory=list)
    restarts: list[tuple[str, float]] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)

    def child(self, script: str, *arguments: str, **environment: str) -> Child:
        child = Child(
            "poll",
            [sys.executable, "-c", script, *arguments],
            environment=lambda: {**os.environ, **environment},
            on_line=lambda name, line: self.lines.append(f"{name}: {line}"),
            on_restart=lambda _name, why, pause: self.restarts.append((why, pause)),
        )
        self.children.append(child)
        return child

    def supervise(self, child: Child) -> asyncio.Task[None]:
        self.tasks.append(asyncio.create_task(child.supervise()))
        return self.tasks[-1]


@pytest.fixture
async def watched() -> AsyncIterator[Watched]:
    watched = Watched()
    yield watched
    for child in watched.children:
        child.kill()
    await asyncio.gather(*watched.tasks, return_exceptions=True)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "FIRST_PAUSE_S", 0.01)


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("failures", "expected"),
    [
        pytest.param(1, 0.5, id="first"),
        pytest.param(2, 1.0, id="second"),
        pytest.param(6, 16.0, id="sixth"),
        pytest.param(7, 30.0, id="never longer than 30 s"),
        pytest.param(5_000, 30.0, id="a night of them"),
    ],
)
def test_the_pause_doubles_up_to_30_s(failures: int, expected: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "FIRST_PAUSE_S", 0.5)
    assert pause_s(failures) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param(78, "exit 78, configuration", id="configuration"),
        pytest.param(70, "exit 70, gave up uncommitted", id="gave up"),
        pytest.param(-9, "killed by SIGKILL", id="killed"),
        pytest.param(3, "exit 3", id="another code"),
    ],
)
def test_an_exit_is_told_in_words(code: int, expected: str) -> None:
    assert describe(code) == expected


@pytest.mark.parametrize("code", [69, 70, 71, 0, 1])
async def test_a_child_that_ends_is_started_again(watched: Watched, code: int) -> None:
    child = watched.child(f"import sys; sys.exit({code})")
    watched.supervise(child)
    await until(lambda: len(watched.restarts) >= 3)
    assert [pause for _, pause in watched.restarts[:3]] == [0.01, 0.02, 0.04]
    assert watched.restarts[0][0] == describe(code)
    assert child.restarts >= 3


async def test_a_child_that_is_killed_is_started_again(watched: Watched) -> None:
    child = watched.child(RUN)
    watched.supervise(child)
    await until(lambda: watched.lines)
    os.kill(child.pid or 0, signal.SIGKILL)
    await until(lambda: len(watched.lines) == 2)
    assert watched.restarts == [("killed by SIGKILL", 0.01)]


async def test_after_a_long_life_the_pauses_begin_anew(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "STEADY_AFTER_S", 0.0)
    watched.supervise(watched.child("import sys; sys.exit(70)"))
    await until(lambda: len(watched.restarts) >= 3)
    assert {pause for _, pause in watched.restarts} == {0.01}


async def test_the_environment_is_asked_at_each_start(watched: Watched) -> None:
    child = watched.child("import os, sys; sys.exit('round ' + os.environ['ROUND'])")
    child._environment = lambda: {**os.environ, "ROUND": str(child.restarts)}
    watched.supervise(child)
    await until(lambda: len(watched.lines) >= 2)
    assert watched.lines[:2] == ["poll: round 0", "poll: round 1"]


@pytest.mark.parametrize("code", [2, 75, 78])
async def test_what_a_restart_does_not_cure_ends_everything_with_the_childs_words(watched: Watched, code: int) -> None:
    script = f"import sys; print('feeds.yaml:3:5 what is wrong', file=sys.stderr); sys.exit({code})"
    with pytest.raises(ChildEndedError, match=f"poll ended .exit {code}, ") as caught:
        await watched.child(script).supervise()
    assert caught.value.code == code
    assert watched.lines == ["poll: feeds.yaml:3:5 what is wrong"]
    assert watched.restarts == []


async def test_a_child_waits_until_it_is_released_and_begins_at_once_after_a_restart(watched: Watched) -> None:
    child = watched.child(WAIT_FOR_GATE)
    watched.supervise(child)
    await until(lambda: watched.lines)
    await asyncio.sleep(0.2)
    assert watched.lines == ["poll: up"]
    child.release()
    await until(lambda: len(watched.lines) >= 4)
    assert watched.lines[:4] == ["poll: up", r"poll: 'begin\n'", "poll: up", r"poll: 'begin\n'"]


async def test_every_line_arrives_whole_in_order_even_if_it_is_no_text(watched: Watched) -> None:
    script = "import sys; sys.stderr.buffer.write(b'one\\n\\xff two\\n' + b'x' * 3_000_000 + b'\\nlast'); sys.exit(78)"
    with suppress(ChildEndedError):
        await watched.child(script).supervise()
    assert watched.lines[:2] == ["poll: one", "poll: \N{REPLACEMENT CHARACTER} two"]
    assert watched.lines[-1] == "poll: last"


async def test_an_end_is_noticed_though_a_grandchild_holds_the_pipe(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(children, "LAST_LINES_S", 0.2)
    note = tmp_path / "pid"
    script = (
        "import os, subprocess, sys; one = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(30)']);"
        f"open({str(note)!r}, 'w').write(str(one.pid)); os._exit(78)"
    )
    with pytest.raises(ChildEndedError):
        await watched.child(script).supervise()
    os.kill(int(note.read_text()), signal.SIGKILL)


async def test_stopping_ends_children_cleanly(watched: Watched) -> None:
    child = watched.child(RUN)
    life = watched.supervise(child)
    await until(lambda: watched.lines)
    assert await stop_all([child], [life], within_s=20) == []
    assert child.pid is None
    assert watched.restarts == []


async def test_a_child_that_does_not_listen_is_killed_and_named(watched: Watched) -> None:
    child = watched.child(DEAF)
    life = watched.supervise(child)
    await until(lambda: watched.lines)
    assert await stop_all([child], [life], within_s=0.2) == ["poll"]
    assert child.pid is None


async def test_stopping_during_a_pause_starts_nothing_more(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "FIRST_PAUSE_S", 30)
    child = watched.child("import sys; sys.exit(69)")
    life = watched.supervise(child)
    await until(lambda: watched.restarts)
    assert await stop_all([child], [life], within_s=20) == []
    assert child.restarts == 1


async def test_stopping_before_the_start_starts_nothing(watched: Watched) -> None:
    child = watched.child(RUN)
    child.terminate()
    await child.supervise()
    assert watched.lines == []


async def test_a_stop_that_comes_while_the_process_is_made_still_ends_it(watched: Watched) -> None:
    child = watched.child(RUN)
    life = watched.supervise(child)
    await asyncio.sleep(0)
    child.terminate()
    async with asyncio.timeout(20):
        await life
    assert child.pid is None


async def test_a_child_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-c",
        "import os, subprocess, sys, time\n"
        "one = subprocess.Popen([sys.executable, '-P', '-m', 'agents.run.child', str(os.getpid()), 'version'],"
        " stdin=subprocess.PIPE)\n"
        f"open({str(note)!r}, 'w').write(str(one.pid))\n"
        "time.sleep(60)",
    )  # fmt: skip
    await until(lambda: note.exists() and note.read_text())
    child = int(note.read_text())
    await until(lambda: b"agents.run.child" in Path(f"/proc/{child}/cmdline").read_bytes())
    await asyncio.sleep(0.5)  # it asks the kernel first thing; the parent must not be gone before
    parent.kill()
    assert await parent.wait() == -signal.SIGKILL
    await until(lambda: not is_running(child))
    assert not is_running(child)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_a_child_whose_parent_is_gone_does_not_begin() -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "agents.run.child", "1", "version",
        stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, words = await child.communicate(b"begin\n")
    assert (child.returncode, words) == (1, b"the process that started this one is gone\n")
