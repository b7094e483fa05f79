"""The data folder of a run: one run at a time, its report and its log."""

import io
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from agents import log
from agents.run import supervisor
from agents.run.supervisor import RunningError, held
from config.settings import Settings
from streams.errors import ConfigurationError


def test_a_second_instance_on_the_same_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    with held(tmp_path), pytest.raises(RunningError) as caught, held(tmp_path):
        pass
    words = f"{tmp_path}: another tocsin runs there (process {os.getpid()}); stop it, or give another folder with"
    assert str(caught.value) == f"{words} --data-dir"
    assert caught.value.exit_code == 69
    with held(tmp_path):
        assert (tmp_path / "run.lock").read_text() == str(os.getpid())


def test_a_data_folder_that_can_not_be_written_is_a_line_with_its_cure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=r"Not a directory.; give another folder with --data-dir"):
        held(tmp_path / "file" / "data").__enter__()


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.usefixtures("logging_as_before")
def test_the_report_and_the_log_are_made_in_the_data_folder(tmp_path: Path) -> None:
    out = io.StringIO()
    with supervisor.reporting(Settings(data_dir=tmp_path / "new"), out) as report:
        log.named("broker").info("embedded broker ready")
        report.notice("here")
        with pytest.raises(RunningError), held(tmp_path / "new"):
            pass
    kept = (tmp_path / "new" / "log" / "tocsin.log").read_text()
    assert "embedded broker ready" in kept
    assert kept.endswith("run      here\n")
    assert out.getvalue() == "  here\n"
