"""What `tocsin run` says: few lines on the terminal, everything in a rotated file."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from logging import LogRecord, makeLogRecord
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

from agents.log import CLIENTS, without_secrets
from agents.run.terminal import Terminal
from streams.errors import ConfigurationError
from streams.routing.render_width import cut

LOG_BYTES, LOG_FILES = 10_000_000, 4
NAME_WIDTH = 8
GATHERED_FOR_S, QUIET_FOR_S, MOST_TOLD, MOST_WAITING = 3.0, 600.0, 3, 200
TOLD_EVERY_S = 0.5
MOST_VALUES, VALUE_CHARS = 3, 40
SHOWN = {"warning": "yellow", "error": "red", "critical": "red"}
COLOURS = {"dim": "\x1b[2m", "bold": "\x1b[1m", "green": "\x1b[32m", "yellow": "\x1b[33m", "red": "\x1b[31m"}
PLAIN = "\x1b[0m"
WITHOUT_WORTH = frozenset({"event", "level", "timestamp", "stage", "exception", "logger"})


@dataclass(frozen=True, slots=True)
class Said:
    """A line of a process's log; without a level if it is not one of ours, such as a stack trace."""

    level: str | None
    text: str
    event: str = ""
    logger: str = ""
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown(self) -> bool:
        """Return whether it belongs on the terminal: warnings and worse, and whatever is not ours.

        Not what Kafka's clients say in passing: what comes of it is said by the stage.
        """
        return self.level is None or (self.level in SHOWN and not self.logger.startswith(CLIENTS))


def read_line(line: str) -> Said:
    """Return what a line of a log says, for a person."""
    try:
        fields = json.loads(line)
        level, event = fields["level"], fields["event"]
    except (ValueError, KeyError, TypeError):
        return Said(None, line)
    details = {name: str(value) for name, value in fields.items() if name not in WITHOUT_WORTH}
    cause = str(fields.get("exception", "")).strip().rpartition("\n")[2]
    text = "  ".join([str(event), *(f"{name}={value}" for name, value in details.items()), *([cause] if cause else [])])
    return Said(str(level), text, str(event), str(fields.get("logger", "")), details)


def summary(said: Sequence[Said], *, times: int) -> str:
    """Return many lines of one event as one: what all share, and the first few values of what differs."""
    words = [f"{said[0].event}, {times} times"]
    for name in said[0].details:
        values = list(dict.fromkeys(one.details[name] for one in said if name in one.details))
        shown = [value for value in values if len(value) <= VALUE_CHARS]
        if shown == values:
            more = len(values) - MOST_VALUES
            words.append(f"{name}={', '.join(values[:MOST_VALUES])}" + (f" and {more} more" if more > 0 else ""))
    return "  ".join(words)


@dataclass(slots=True)
class Gathered:
    """Lines of one event in one process, which are told together; of very many the rest are only counted."""

    waiting: list[Said] = field(default_factory=list)
    more: int = 0
    since: float = 0.0
    told_at: list[float] = field(default_factory=list)

    def add(self, said: Said, now: float) -> None:
        """Have one more wait."""
        self.since = self.since if self.waiting else now
        if len(self.waiting) < MOST_WAITING:
            self.waiting.append(said)
        else:
            self.more += 1

    def due(self, now: float) -> bool:
        """Return whether to tell: warnings after three seconds, worse at once; nothing once three were told of late."""
        patience = GATHERED_FOR_S if all(one.level == "warning" for one in self.waiting) else 0.0
        return bool(self.waiting) and now - self.since >= patience and len(self._of_late(now)) < MOST_TOLD

    def over(self, now: float) -> bool:
        """Return whether nothing waits, and nothing was told of late."""
        return not self.waiting and not self._of_late(now)

    def _of_late(self, now: float) -> list[float]:
        return [at for at in self.told_at if now - at < QUIET_FOR_S]

    def take(self, now: float) -> Said:
        """Return what to say of those that wait, and note that it is told now."""
        taken, times = self.waiting, len(self.waiting) + self.more
        self.waiting, self.more = [], 0
        self.told_at = [*self.told_at, now][-MOST_TOLD:]
        return taken[0] if times == 1 else Said(taken[-1].level, summary(taken, times=times))


class LogFile(RotatingFileHandler):
    """A rotated file that remembers why it could not be written, where the library prints a stack trace a line."""

    problem = ""

    def handleError(self, record: LogRecord) -> None:  # noqa: ARG002, N802 - the base class's
        """Note the error that is being handled."""
        self.problem = str(sys.exc_info()[1])


class RunLog:
    """The rotated file that keeps every line of every process: 10 MB and four files at most.

    Raises: ConfigurationError where no file can be made. Later (a full disk) lines are lost, and `problem` says why.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = LogFile(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES - 1, encoding="utf-8")
        except OSError as err:
            problem = f"{path}: can't be written ({err.strerror}); give another folder with --data-dir"
            raise ConfigurationError(problem) from err

    @property
    def problem(self) -> str:
        """Return why a line was lost, empty if none was."""
        return self._file.problem

    def keep(self, name: str, line: str) -> None:
        """Append one line of a process."""
        self._file.emit(makeLogRecord({"msg": f"{name:<{NAME_WIDTH}} {line}"}))

    def close(self) -> None:
        """Close the file; may be called twice."""
        with suppress(OSError):  # a full disk, again
            self._file.close()


class OwnLines:
    """A text stream for the supervisor's own log: its lines go the way of a child's."""

    def __init__(self, name: str, on_line: Callable[[str, str], None]) -> None:
        self._name = name
        self._on_line = on_line

    def write(self, text: str) -> int:
        """Take whole lines."""
        for line in text.splitlines():
            self._on_line(self._name, line)
        return len(text)

    def flush(self) -> None:
        """Do nothing: a line is handed on when it comes."""

    def isatty(self) -> bool:
        """Return False: what is written here is read by a program."""
        return False


def columns_of(out: TextIO | Terminal) -> int | None:
    """Return how wide the terminal is now; None for what is none."""
    try:
        return os.get_terminal_size(out.fileno()).columns or None
    except (OSError, ValueError):
        return None


class RunReport:
    """The words on the terminal, on stderr, as stdout is for alerts."""

    def __init__(self, out: TextIO | Terminal, log: RunLog, *, now: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._now = now
        self._gathered: dict[tuple[str, str], Gathered] = {}
        self._log = log
        self._lossy = False
        self._colours = out.isatty() and not os.environ.get("NO_COLOR")

    @property
    def log_path(self) -> Path:
        """Return the file that keeps every line."""
        return self._log.path

    def title(self, text: str) -> None:
        """Say what runs."""
        self._say(self._in("bold", text), text)

    def step(self, what: str, took_s: float | None = None, note: str = "") -> None:
        """Say that something stands, how long it took (seconds), and what is worth knowing of it."""
        time = f"{'' if took_s is None else f'{took_s:.1f} s':>7}"
        self._say(f"  {what:<10} {self._in('green', time)}  {note}".rstrip(), f"{what} {time.strip()} {note}")

    def notice(self, text: str) -> None:
        """Say something in passing."""
        self._say(self._in("dim", f"  {text}"), text)

    def problem(self, name: str, text: str) -> None:
        """Say what went wrong, in a process of that name, after what it said of it."""
        self.tell(at_once=True)
        self._say(f"{self._in('yellow', f'{name:<{NAME_WIDTH}}')} {text}", f"{name}: {text}")

    def line(self, name: str, line: str) -> None:
        """Keep a process's line. It is shown if it is a warning or worse: see `tell`."""
        line = without_secrets(line)  # ours are clean; a stack trace or a library's print may not be
        self._keep(name, line)
        said = read_line(line)
        if not said.shown or not said.text.strip():
            return
        if said.event:
            self._gathered.setdefault((name, said.event), Gathered()).add(said, self._now())
            self.tell()
        else:
            self._show(name, said)

    def tell(self, *, at_once: bool = False) -> None:
        """Show what has gathered: one line as it stands, many of one event (twenty feeds, no network) as one line."""
        now = self._now()
        for (name, event), gathered in list(self._gathered.items()):
            if gathered.due(now) or (at_once and gathered.waiting):
                self._show(name, gathered.take(now))
            elif gathered.over(now):
                del self._gathered[name, event]

    async def telling(self) -> None:
        """Call `tell` again and again, until cancelled."""
        while True:
            self.tell()
            await asyncio.sleep(TOLD_EVERY_S)

    def _show(self, name: str, said: Said) -> None:
        head = self._in(SHOWN.get(said.level or "", "dim"), f"{name:<{NAME_WIDTH}}")
        width = columns_of(self._out) if said.level == "warning" else None
        self._write(f"{head} {said.text if width is None else cut(said.text, width - NAME_WIDTH - 2)}")

    def restarted(self, name: str, why: str, pause_s: float) -> None:
        """Say that a child ended and when it starts again."""
        self.problem(name, f"ended ({why}), starts again in {pause_s:.1f} s")

    def _in(self, colour: str, text: str) -> str:
        return f"{COLOURS[colour]}{text}{PLAIN}" if self._colours else text

    def _say(self, shown: str, kept: str) -> None:
        self._keep("run", kept)
        self._write(shown)

    def _keep(self, name: str, line: str) -> None:
        self._log.keep(name, line)
        if self._log.problem and not self._lossy:
            self._lossy = True
            self._write(f"the log has lost lines and may lose more: {self._log.problem}")

    def _write(self, text: str) -> None:
        with suppress(OSError):  # a terminal that was closed must not keep anything from a clean end
            self._out.write(text + "\n")
            self._out.flush()
