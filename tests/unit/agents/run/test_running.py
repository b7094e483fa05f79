import os
import subprocess
import sys
from pathlib import Path

import pytest

from agents.run.running import FILE, Running, announce, running, withdraw


def test_a_run_is_found_by_its_note_until_it_takes_it_away(tmp_path: Path) -> None:
    announce(tmp_path, bootstrap="127.0.0.1:9", topic_prefix="x.")
    assert running(tmp_path) == Running(pid=os.getpid(), bootstrap="127.0.0.1:9", topic_prefix="x.")
    withdraw(tmp_path)
    withdraw(tmp_path)
    assert running(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_the_note_of_a_run_that_was_killed_counts_for_nothing(tmp_path: Path) -> None:
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    (tmp_path / FILE).write_text(f'{{"pid": {int(gone.stdout)}, "bootstrap": "127.0.0.1:9", "topic_prefix": "x."}}')
    assert running(tmp_path) is None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("7", id="no mapping"),
        pytest.param('{"pid": 1}', id="another version's"),
        pytest.param('{"pid": "1", "bootstrap": "b", "topic_prefix": "t"}', id="no number"),
    ],
)
def test_a_note_that_makes_no_sense_counts_for_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    assert running(tmp_path) is None
