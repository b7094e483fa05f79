"""The real processes on a real broker, with an origin before them and a webhook behind; killed at will."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.wire import Origin, Sink

ROOT = Path(__file__).resolve().parent.parent.parent
ROLES = ("poll", "agents", "deliver")
RULES = """\
version: 1
rules:
  - {id: tariffs, query: 'tariff* AND NOT concert', urgency: urgent, labels: {topic: trade}}
  - {id: rare-earths, query: '"rare earth" OR "rare earths"', urgency: urgent, labels: {topic: trade}}
  - {id: summit, query: '@trump NEAR/5 @xi AND title:summit', urgency: flash, labels: {topic: trade}}
  - {id: export-controls, query: '"export controls" AND @china', urgency: routine, labels: {topic: trade}}
"""
ENTITIES = """\
version: 1
entities:
  - {id: trump, type: person, names: {en: [Trump]}}
  - {id: xi, type: person, names: {en: [Xi]}}
  - {id: china, type: country, names: {en: [China]}}
"""
ROUTES = """\
version: 1
receivers:
  hook: {{type: webhook, url_env: TEST_HOOK_URL, allow_insecure: true, format: cloudevents,
          concurrency: {concurrency}, rate: {{per_second: 2000, burst: 2000}}, ttl: 24h}}
desks:
  trading: {{permissions: [public], zone: UTC}}
route:
  desk: trading
  routes:
    - matchers: ['topic="trade"']
      receivers: [hook]
"""


@dataclass
class Pipeline:
    """Poll, agents and deliver as child processes against one broker and prefix; logs in `folder`."""

    folder: Path
    bootstrap: str
    prefix: str
    origin: Origin
    sink: Sink
    gap_s: float = 1.0
    concurrency: int = 16
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def environment(self, instance: str) -> dict[str, str]:
        """Return what a process of this pipeline is told."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
        return kept | {
            "TOCSIN_BOOTSTRAP": self.bootstrap,
            "TOCSIN_TOPIC_PREFIX": self.prefix,
            "TOCSIN_CONFIG_DIR": str(self.folder),
            "TOCSIN_ALLOW_ADDRESSES": json.dumps([f"127.0.0.1:{self.origin.port}", f"127.0.0.1:{self.sink.port}"]),
            "TOCSIN_REQUESTS_PER_SECOND": "2000",
            "TOCSIN_INSTANCE": instance,
            "TOCSIN_LOG_FORMAT": "json",
            "TEST_HOOK_URL": self.sink.url,
        }

    def configure(self) -> None:
        """Write the four files (few rules: the slow twin has to follow), and apply them."""
        gap = f"{{min: {self.gap_s}s, max: {self.gap_s}s}}"
        feeds = "".join(
            f"  - {{id: wire-{number}, url: '{self.origin.url(number)}', publisher: Wire {number}, language: en,"
            f" tier: 1, permission: public, status: verified, gap: {gap}}}\n"
            for number in range(self.origin.feeds)
        )
        (self.folder / "feeds.yaml").write_text(f"version: 1\nfeeds:\n{feeds}")
        (self.folder / "rules.yaml").write_text(RULES)
        (self.folder / "entities.yaml").write_text(ENTITIES)
        (self.folder / "routes.yaml").write_text(ROUTES.format(concurrency=self.concurrency))
        for command in ("topics", "routes", "rules", "feeds"):
            self.tocsin(command, "apply")

    def tocsin(self, *arguments: str) -> str:
        """Run one command to its end; return what it printed. Raises: AssertionError with its words if it failed."""
        done = subprocess.run(
            [sys.executable, "-m", "agents.cli.main", *arguments],
            cwd=ROOT, env=self.environment("cli"), capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, f"tocsin {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def start(self, role: str, name: str | None = None) -> None:
        """Start a process of a role; `name` tells several of one role apart."""
        name = name or role
        with (self.folder / f"{name}.log").open("ab") as log:
            self.children[name] = subprocess.Popen(
                [sys.executable, "-m", "agents.cli.main", role],
                cwd=ROOT, env=self.environment(f"test-{name}"), stdout=log, stderr=log,
            )  # fmt: skip

    def kill(self, name: str) -> None:
        """End a process as a power cut would."""
        child = self.children.pop(name)
        child.kill()
        child.wait()

    def ended(self) -> dict[str, int]:
        """Return the exit codes of processes that ended by themselves."""
        return {name: code for name, child in self.children.items() if (code := child.poll()) is not None}

    def revive(self) -> list[str]:
        """Start again whatever ended by itself, as a supervisor would; return the names with their exit codes."""
        revived = []
        for name, code in self.ended().items():
            self.start(name.partition("-")[0], name)
            revived.append(f"{name}: {code}")
        return revived

    def stop(self) -> dict[str, int]:
        """End all with SIGTERM; return their exit codes."""
        for child in self.children.values():
            child.send_signal(signal.SIGTERM)
        codes = {}
        for name, child in self.children.items():
            try:
                codes[name] = child.wait(timeout=20)
            except subprocess.TimeoutExpired:
                child.kill()
                codes[name] = child.wait()
        self.children.clear()
        return codes
