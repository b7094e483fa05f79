"""The child processes of `tocsin run`: started, restarted with back-off, and ended within a few seconds."""

import asyncio
import signal
import time
from asyncio.subprocess import PIPE
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from streams.errors import TocsinError

FIRST_PAUSE_S, LAST_PAUSE_S = 0.5, 30.0
STEADY_AFTER_S = 60.0  # a child that ran this long begins again with the first pause
LONGEST_LINE_BYTES = 1_048_576
LAST_LINES_S = 1.0
STDIN, STDERR = 0, 2
# Another start would end the same way: usage, a newer schema, configuration.
FINAL_EXITS: Mapping[int, str] = {2: "usage", 75: "needs a newer tocsin", 78: "configuration"}
OTHER_EXITS: Mapping[int, str] = {
    0: "by itself", 69: "something outside is not there", 70: "gave up uncommitted", 71: "watchdog",
}  # fmt: skip

Line = Callable[[str, str], None]  # takes a child's name and one line that it wrote to stderr


class ChildEndedError(TocsinError):
    """A child ended in a way that a restart doesn't cure; its own words came before."""

    def __init__(self, name: str, code: int) -> None:
        self.name = name
        self.code = code
        super().__init__(f"{name} ended ({describe(code)}); everything was stopped, as a restart would not help")


def describe(code: int) -> str:
    """Return an exit code in words."""
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    meaning = FINAL_EXITS.get(code) or OTHER_EXITS.get(code)
    return f"exit {code}, {meaning}" if meaning else f"exit {code}"


def pause_s(failures: int) -> float:
    """Return how long to wait before the next start, after so many short lives in a row (1 or more)."""
    return min(FIRST_PAUSE_S * 2.0 ** min(failures - 1, 10), LAST_PAUSE_S)


class Life(asyncio.SubprocessProtocol):
    """One life of a process. Its end is told by the kernel, not by its pipes, which a grandchild may hold open."""

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self.ended = asyncio.Event()
        self.silent = asyncio.Event()
        self._on_line = on_line
        self._rest = b""

    def pipe_data_received(self, _fd: int, data: bytes | str) -> None:
        """Hand over every line that is whole; one beyond 1 MB comes in pieces."""
        *lines, self._rest = (self._rest + bytes(data)).split(b"\n")  # type: ignore[arg-type]  # pipes of bytes
        if len(self._rest) > LONGEST_LINE_BYTES:
            lines, self._rest = [*lines, self._rest], b""
        for line in lines:
            self._on_line(line.decode("utf-8", "replace").rstrip("\r"))

    def pipe_connection_lost(self, fd: int, _err: Exception | None) -> None:
        """Note that no more lines come."""
        if fd == STDERR:
            self.silent.set()

    def process_exited(self) -> None:
        """Note the end."""
        self.ended.set()

    async def last_lines(self) -> None:
        """Wait a moment for what the process wrote last, and hand over a line without its end."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.silent.wait(), LAST_LINES_S)
        if self._rest:
            self.pipe_data_received(STDERR, b"\n")


class Child:
    """One process: `supervise()` keeps it running, `release()` lets it begin, `terminate()` ends it for good.

    `environment` is asked at each start.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Callable[[], Mapping[str, str]],
        on_line: Line,
        on_restart: Callable[[str, str, float], None],
    ) -> None:
        self.name = name
        self.restarts = 0
        self._command = tuple(command)
        self._environment = environment
        self._on_line = on_line
        self._on_restart = on_restart
        self._process: asyncio.SubprocessTransport | None = None
        self._released = asyncio.Event()
        self._stopping = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """Return the process id while the process runs."""
        running = self._process is not None and self._process.get_returncode() is None
        return self._process.get_pid() if running and self._process is not None else None

    def release(self) -> None:
        """Let the child begin its work; a later start begins at once."""
        self._released.set()

    async def supervise(self) -> None:
        """Run the child, again and again, until `terminate()` or `kill()`.

        Raises: ChildEndedError when it ended in a way that a restart doesn't cure.
        """
        failures = 0
        while not self._stopping.is_set():
            started = time.monotonic()
            code = await self._live()
            if self._stopping.is_set():
                return
            if code in FINAL_EXITS:
                raise ChildEndedError(self.name, code)
            failures = 1 if time.monotonic() - started > STEADY_AFTER_S else failures + 1
            await self._wait_before_restart(code, pause_s(failures))

    async def _wait_before_restart(self, code: int, pause: float) -> None:
        self.restarts += 1
        self._on_restart(self.name, describe(code), pause)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), pause)

    async def _live(self) -> int:
        """Return the exit code of one life. Its own session, so that Ctrl-C reaches the supervisor alone."""
        process, life = await asyncio.get_running_loop().subprocess_exec(
            lambda: Life(lambda line: self._on_line(self.name, line)),
            *self._command,
            env=self._environment(),
            stdin=PIPE,
            stdout=None,
            stderr=PIPE,
            start_new_session=True,
        )
        self._process = process
        if self._stopping.is_set():
            self.terminate()
        opening = asyncio.create_task(self._open_gate(process))
        try:
            await life.ended.wait()
            await life.last_lines()
        finally:
            opening.cancel()
            process.close()  # kills it if it still runs
        code = process.get_returncode()
        return 0 if code is None else code

    async def _open_gate(self, process: asyncio.SubprocessTransport) -> None:
        await self._released.wait()
        gate = process.get_pipe_transport(STDIN)
        if isinstance(gate, asyncio.WriteTransport):
            gate.write(b"begin\n")

    def terminate(self) -> None:
        """Ask the child to end, and start it no more."""
        self._stopping.set()
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End the child at once, and start it no more."""
        self._stopping.set()
        self._send(signal.SIGKILL)

    def _send(self, how: signal.Signals) -> None:
        if self._process is not None and self._process.get_returncode() is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(how)


async def stop_all(children: Sequence[Child], lives: Sequence[asyncio.Task[None]], *, within_s: float) -> list[str]:
    """End all children at once; return the names of those that had to be killed."""
    for child in children:
        child.terminate()
    if lives:
        await asyncio.wait(lives, timeout=within_s)
    late = [child for child in children if child.pid is not None]
    for child in late:
        child.kill()
    await asyncio.gather(*lives, return_exceptions=True)
    return [child.name for child in late]
