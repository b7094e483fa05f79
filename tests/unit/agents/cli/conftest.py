"""The command line as a fixture, with an environment that says nothing."""

import os
from pathlib import Path

import pytest

from tests.support.command_line import Tocsin, command_line


@pytest.fixture
def tocsin(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tocsin:
    for name in [name for name in os.environ if name.startswith("TOCSIN_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))  # no `tocsin run` of this machine is found
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tocsin.d").mkdir()
    return command_line(capsys)
