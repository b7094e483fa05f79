"""The console: notifications as lines on standard output."""

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from threading import Thread
from typing import Final, TextIO

from agents.deliver.attempt import Attempt
from agents.deliver.outcome import Outcome, ambiguous, delivered, failed
from streams.latency import Ledger
from streams.routing.receiver import ConsoleOptions
from streams.routing.render_console import console_lines
from streams.routing.render_digest import digest_lines

PATIENCE_S: Final = 5.0
BLOCKED: Final = "output_blocked"
Written = asyncio.Future[Exception | None]


@dataclass(slots=True)
class Console:
    """Standard output. Each notification is one write, so that two processes don't mix their lines.

    A pager, or a terminal that was stopped, blocks a write for hours: it waits in a thread of its own, or no receiver
    would be sent to, no heartbeat go out, and no SIGTERM be heard.
    """

    options: ConsoleOptions
    now: Callable[[], datetime]
    out: TextIO = field(default_factory=lambda: sys.stdout)
    patience_s: float = PATIENCE_S
    _written: Written | None = None

    async def send(self, attempt: Attempt) -> Outcome:
        """Return `delivered` once the lines are written; a pipe that is closed is a failure like any other."""
        if self._written is not None and not await self._through(self._written):
            return failed(BLOCKED)
        ledger = attempt.ledger.stamped(delivered=self.now())
        try:
            lines = self._lines(attempt, ledger)
        except ValueError as err:
            return failed(type(err).__name__)
        self._written = written = written_aside(self.out, "\n".join(lines) + "\n")
        if not await self._through(written):
            return ambiguous(BLOCKED)
        problem = written.result()
        return delivered() if problem is None else failed(type(problem).__name__)

    def _lines(self, attempt: Attempt, ledger: Ledger) -> Sequence[str]:
        styled, width = self._styled(), width_of(self.out)
        if attempt.members:
            return digest_lines(attempt.digest(), at=self.now(), styled=styled, width=width)
        told = attempt.delivery
        return console_lines(told.alert, ledger, styled=styled, width=width, unless_acked=told.unless_acked)

    async def _through(self, written: Written) -> bool:
        done, _ = await asyncio.wait({written}, timeout=self.patience_s)
        return bool(done)

    def _styled(self) -> bool:
        if self.options.styles == "auto":
            return self.out.isatty() and not os.environ.get("NO_COLOR")
        return self.options.styles == "always"


def width_of(out: TextIO) -> int | None:
    """Return how many columns the terminal has now; None for what is none."""
    try:
        return os.get_terminal_size(out.fileno()).columns or None
    except (OSError, ValueError):
        return None


def written_aside(out: TextIO, text: str) -> Written:
    """Return what is done once the text is written, with the error if there was one; nothing waits for the thread."""
    loop = asyncio.get_running_loop()
    written: Written = loop.create_future()

    def work() -> None:
        err: Exception | None = None
        try:
            write(out, text)
        except (OSError, ValueError) as found:
            err = found
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(written.set_result, err)

    Thread(target=work, name="console", daemon=True).start()
    return written


def write(out: TextIO, text: str) -> None:
    """Write past the stream's own buffer, whose lock would make the process wait for a blocked thread at its end."""
    try:
        number = out.fileno()
    except OSError:  # no file, but a buffer in memory
        out.write(text)
        out.flush()
        return
    left = text.encode(out.encoding, "replace")
    while left:
        left = left[os.write(number, left) :]
