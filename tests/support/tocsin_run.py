"""`tocsin run` as a person starts it: a real process with everything under it, in folders of its own."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 120.0
FILES = {
    "feeds.yaml": "version: 1\nfeeds: []\n",
    "entities.yaml": "version: 1\nentities:\n  - {id: xi, type: person, names: {en: [Xi Jinping]}}\n",
    "rules.yaml": "version: 1\nrules:\n  - {id: tariffs, query: 'tariff*', urgency: urgent, labels: {topic: trade}}\n",
}


def write_files(folder: Path, **changed: str) -> Path:
    """Return a configuration folder without feeds of the world: the sample wire is the only origin."""
    folder.mkdir(exist_ok=True)
    for name, text in {**FILES, **{f"{name}.yaml": text for name, text in changed.items()}}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


class TocsinRun:
    """One `tocsin run`, its output in files."""

    def __init__(self, folder: Path, *flags: str, config: Path | None = None) -> None:
        self.data = folder / "data"
        self.out, self.err = folder / "stdout", folder / "stderr"
        files = config or write_files(folder / "config")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
        command = [
            sys.executable,
            "-m",
            "agents.cli.main",
            "run",
            "--config-dir",
            files,
            "--data-dir",
            self.data,
            *flags,
        ]
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = subprocess.Popen(
                [str(part) for part in command], cwd=ROOT, env=kept, stdin=subprocess.DEVNULL, stdout=out, stderr=err
            )

    @property
    def alerts(self) -> str:
        """Return what came on stdout so far."""
        return self.out.read_text(encoding="utf-8")

    @property
    def said(self) -> str:
        """Return what came on stderr so far."""
        return self.err.read_text(encoding="utf-8")

    def until(self, true: Callable[[], object], what: str) -> None:
        """Return once it holds. Raises: AssertionError with the output if it never does."""
        deadline = time.monotonic() + PATIENCE_S
        while not true():
            assert time.monotonic() < deadline, f"{what} never came:\n{self.said}\n{self.alerts}"
            time.sleep(0.05)

    def until_said(self, *texts: str) -> None:
        """Return once all of these stand on stderr."""
        for text in texts:
            self.until(lambda text=text: text in self.said, text)

    def metrics_ports(self) -> dict[str, int]:
        """Return each stage's port, as it was said."""
        self.until_said("  deliver ", "  agents ", "  poll ")
        found = re.findall(r"^  (deliver|agents|poll) .*127\.0\.0\.1:(\d+)/metrics$", self.said, re.MULTILINE)
        return {stage: int(port) for stage, port in found}

    def bootstrap(self) -> str:
        """Return the broker's address, as it was said."""
        self.until_said("  broker ")
        return re.findall(r"^  broker .* (127\.0\.0\.1:\d+)", self.said, re.MULTILINE)[0]

    def processes(self) -> dict[str, int]:
        """Return the pid of each process under it: a stage's name, or broker."""
        return {kind: pid for pid in descendants(self.process.pid) if (kind := kind_of(pid))}

    def stop(self) -> int:
        """Return the exit code after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def kill(self) -> None:
        """End it as a power cut would, whatever is left of it too; may be called twice."""
        left = [self.process.pid, *descendants(self.process.pid)] if self.process.poll() is None else []
        for pid in left:
            send(pid, signal.SIGKILL)
        self.process.wait(PATIENCE_S)


def descendants(pid: int) -> list[int]:
    """Return the pids of all processes under one."""
    found = [child for child, parent in parents().items() if parent == pid]
    return [*found, *(each for child in found for each in descendants(child))]


def parents() -> dict[int, int]:
    """Return every process's parent."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            found[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def kind_of(pid: int) -> str | None:
    """Return what a process under `tocsin run` is, None if it is none of the four."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return None
    if "kafka.Kafka" in words:
        return "broker"
    return words[-2] if "agents.run.child" in words else None


def is_running(pid: int) -> bool:
    """Return whether a process lives."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def send(pid: int, how: signal.Signals) -> None:
    """Send a signal to one of the processes that a test started."""
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        return
