import importlib.util
import os
import subprocess
import sys

import pytest

from agents.run import child


def begin(parent: int, command: str, gate: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "agents.run.child", str(parent), command],
        input=gate, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_child_becomes_the_command_once_it_is_told_to() -> None:
    done = begin(os.getpid(), "version", "begin\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert "0.1.0" in done.stdout


def test_a_child_that_is_never_told_to_begin_ends() -> None:
    done = begin(os.getpid(), "version", "")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_child_of_somebody_else_does_not_begin() -> None:
    done = begin(1, "version", "begin\n")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "the process that started this one is gone\n"


@pytest.mark.parametrize("name", child.EARLY)
def test_what_is_imported_early_is_there(name: str) -> None:
    assert importlib.util.find_spec(name)


def test_a_module_that_can_not_be_imported_is_left_to_the_stage() -> None:
    child.import_early(["no_such_module", "wave"])
    assert "wave" in sys.modules
