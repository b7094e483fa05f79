"""The product's own processes as children of a test: told by variables, logging to files, killed at will."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ROLES = ("poll", "agents", "deliver")


@dataclass
class Children:
    """Processes against one broker and prefix; `folder` holds their configuration and their logs."""

    folder: Path
    bootstrap: str
    prefix: str
    told: Mapping[str, str] = field(default_factory=dict)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def environment(self, instance: str) -> dict[str, str]:
        """Return what a process is told."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
        return kept | {
            "TOCSIN_BOOTSTRAP": self.bootstrap,
            "TOCSIN_TOPIC_PREFIX": self.prefix,
            "TOCSIN_CONFIG_DIR": str(self.folder),
            "TOCSIN_INSTANCE": instance,
            "TOCSIN_LOG_FORMAT": "json",
            **self.told,
        }

    def tocsin(self, *arguments: str) -> str:
        """Run one command to its end; return what it printed. Raises: AssertionError with its words if it failed."""
        done = subprocess.run(
            [sys.executable, "-m", "agents.cli.main", *arguments],
            cwd=ROOT, env=self.environment("cli"), capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, f"tocsin {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def apply(self) -> None:
        """Make topics, routes, rules and feeds as the folder's files say."""
        for command in ("topics", "routes", "rules", "feeds"):
            self.tocsin(command, "apply")

    def start(self, role: str, name: str | None = None) -> None:
        """Start a process of a role; `name` tells several of one role apart."""
        name = name or role
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", "agents.cli.main", role],
                cwd=ROOT, env=self.environment(f"test-{name}"), stdout=log, stderr=log,
            )  # fmt: skip

    def kill(self, name: str) -> None:
        """End a process as a power cut would."""
        child = self.running.pop(name)
        child.kill()
        child.wait()

    def ended(self) -> dict[str, int]:
        """Return the exit codes of processes that ended by themselves."""
        return {name: code for name, child in self.running.items() if (code := child.poll()) is not None}

    def revive(self) -> list[str]:
        """Start again whatever ended by itself, as a supervisor would; return the names with their exit codes."""
        ended = self.ended()
        for name in ended:
            self.start(name.partition("-")[0], name)
        return [f"{name}: {code}" for name, code in ended.items()]

    def stop(self, *names: str) -> dict[str, int]:
        """End these, or all, with SIGTERM; return their exit codes, -9 for one that had to be killed after 20 s."""
        chosen = {name: self.running.pop(name) for name in names or tuple(self.running)}
        for child in chosen.values():
            child.send_signal(signal.SIGTERM)
        return {name: _ended(child) for name, child in chosen.items()}

    def logs(self) -> str:
        """Return everything that the processes wrote."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))


def _ended(child: subprocess.Popen[bytes]) -> int:
    try:
        return child.wait(timeout=20)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()
