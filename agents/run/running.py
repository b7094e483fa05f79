"""Where `tocsin run` runs: it leaves a note in its data folder, and other commands find its broker by that."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "running.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A `tocsin run` with a broker of its own: its process, the broker's host:port, and its topics' prefix."""

    pid: int
    bootstrap: str
    topic_prefix: str


def announce(folder: Path, *, bootstrap: str, topic_prefix: str) -> None:
    """Leave the note; whoever reads meanwhile sees the old one or the new one."""
    note = Running(pid=os.getpid(), bootstrap=bootstrap, topic_prefix=topic_prefix)
    unfinished = folder / f"{FILE}.new"
    unfinished.write_text(json.dumps(asdict(note)), encoding="utf-8")
    unfinished.replace(folder / FILE)


def withdraw(folder: Path) -> None:
    """Take the note away; may be called twice."""
    (folder / FILE).unlink(missing_ok=True)


def running(folder: Path) -> Running | None:
    """Return the run that the folder belongs to; None without one, and if it was killed and left its note."""
    try:
        note = Running(**json.loads((folder / FILE).read_text(encoding="utf-8")))
        os.kill(note.pid, 0)
    except PermissionError as err:
        return None if err.filename else note  # a file that we may not read, or a process of another user: that lives
    except (OSError, ValueError, TypeError):
        return None
    return note
