"""What `tocsin run` says: few lines on the terminal, everything in a rotated file."""

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from logging import makeLogRecord
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

from agents.log import CLIENTS, without_secrets

LOG_BYTES, LOG_FILES = 10_000_000, 4
NAME_WIDTH = 8
MOST_REPEATS, REPEATS_FOR_S = 3, 600.0
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
    details = [f"{name}={value}" for name, value in fields.items() if name not in WITHOUT_WORTH]
    cause = str(fields.get("exception", "")).strip().rpartition("\n")[2]
    text = "  ".join([str(event), *details, *([cause] if cause else [])])
    return Said(str(level), text, str(event), str(fields.get("logger", "")))


class RunLog:
    """The rotated file that keeps every line of every process: 10 MB and four files at most."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES - 1, encoding="utf-8")

    def keep(self, name: str, line: str) -> None:
        """Append one line of a process."""
        self._file.emit(makeLogRecord({"msg": f"{name:<{NAME_WIDTH}} {line}"}))

    def close(self) -> None:
        """Close the file; may be called twice."""
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


class RunReport:
    """The words on the terminal, on stderr, as stdout is for alerts."""

    def __init__(self, out: TextIO, log: RunLog, *, now: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._now = now
        self._repeats: dict[tuple[str, str], list[float]] = {}
        self._log = log
        self._colours = out.isatty() and not os.environ.get("NO_COLOR")

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
        """Say what went wrong, in a process of that name."""
        self._say(f"{self._in('yellow', f'{name:<{NAME_WIDTH}}')} {text}", f"{name}: {text}")

    def line(self, name: str, line: str) -> None:
        """Keep a process's line, and show it if it is a warning or worse."""
        line = without_secrets(line)  # ours are clean; a stack trace or a library's print may not be
        self._log.keep(name, line)
        said = read_line(line)
        if said.shown and said.text.strip() and (text := self._unless_repeated(name, said)):
            colour = SHOWN.get(said.level or "", "dim")
            self._write(f"{self._in(colour, f'{name:<{NAME_WIDTH}}')} {text}")

    def _unless_repeated(self, name: str, said: Said) -> str | None:
        """Return what to show; None for what was said often of late (twenty feeds fail at once without a network)."""
        if not said.event:
            return said.text
        shown = [at for at in self._repeats.get((name, said.event), []) if self._now() - at < REPEATS_FOR_S]
        self._repeats[name, said.event] = [*shown, self._now()][: MOST_REPEATS + 1]
        if len(shown) == MOST_REPEATS:
            return f"{said.event}: more of these, all in {self._log.path}"
        return said.text if len(shown) < MOST_REPEATS else None

    def restarted(self, name: str, why: str, pause_s: float) -> None:
        """Say that a child ended and when it starts again."""
        self.problem(name, f"ended ({why}), starts again in {pause_s:.1f} s")

    def _in(self, colour: str, text: str) -> str:
        return f"{COLOURS[colour]}{text}{PLAIN}" if self._colours else text

    def _say(self, shown: str, kept: str) -> None:
        self._log.keep("run", kept)
        self._write(shown)

    def _write(self, text: str) -> None:
        with suppress(OSError):  # a terminal that was closed must not keep anything from a clean end
            self._out.write(text + "\n")
            self._out.flush()
