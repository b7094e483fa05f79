"""What each child of `tocsin run` is told: the settings as variables, a stable name, and its port for metrics."""

import json
import os
import socket
from pathlib import Path

from pydantic import SecretStr

from agents.broker.server import PortTakenError, free_port, refuse_taken
from config.settings import Settings

STAGES = ("deliver", "agents", "poll")  # consumers first, so that nothing waits when the first article comes


def child_environment(settings: Settings, stage: str, port: int) -> dict[str, str]:
    """Return a child's environment: ours, with flags as variables, a stable instance name and a port for metrics."""
    given = {name: getattr(settings, name) for name in settings.model_fields_set}
    told = {f"TOCSIN_{name.upper()}": as_variable(value) for name, value in given.items() if value is not None}
    own = {
        "TOCSIN_INSTANCE": f"{settings.instance or default_instance(settings)}-{stage}",
        "TOCSIN_METRICS_PORT": str(port),
        "TOCSIN_LOG_FORMAT": "json",
        "PYTHONUNBUFFERED": "1",  # an alert shows when it comes, into a pipe too
    }
    return {**os.environ, **told, **own}


def as_variable(value: object) -> str:
    """Return a setting as its environment variable has it."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value) if isinstance(value, str | Path) else json.dumps(value)


def default_instance(settings: Settings) -> str:
    """Return a name that stays the same, and differs between machines that share a broker."""
    return "run" if settings.bootstrap is None else f"run-{socket.gethostname()}"


class Ports:
    """The ports for metrics: --metrics-port and those after it, or free ones."""

    def __init__(self, first: int) -> None:
        self._fixed = {stage: first + number for number, stage in enumerate(STAGES)} if first else {}
        self._ports = self._fixed or {stage: free_port() for stage in STAGES}

    def __getitem__(self, stage: str) -> int:
        """Return the stage's port as of its last start."""
        return self._ports[stage]

    def at_start(self, stage: str) -> int:
        """Return the port for a stage that starts: a free one that somebody took meanwhile gives way to another."""
        if not self._fixed:
            try:
                refuse_taken(self._ports[stage])
            except PortTakenError:
                self._ports[stage] = free_port()
        return self._ports[stage]
