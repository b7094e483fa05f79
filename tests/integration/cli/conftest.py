"""The command line against the real Kafka."""

import os
from pathlib import Path

import pytest

from agents.broker.server import Broker
from tests.support.command_line import Tocsin, command_line


@pytest.fixture
def tocsin(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    broker: Broker,
    topic_prefix: str,
) -> Tocsin:
    for name in [name for name in os.environ if name.startswith("TOCSIN_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tocsin.d").mkdir()
    monkeypatch.setenv("TOCSIN_BOOTSTRAP", broker.bootstrap)
    monkeypatch.setenv("TOCSIN_TOPIC_PREFIX", topic_prefix)
    monkeypatch.setenv("TOCSIN_USER", "ann")
    return command_line(capsys)
