from pathlib import Path

import pytest

from agents.broker.server import free_port
from agents.run.running import announce
from tests.support.command_line import Tocsin

FOLDER = ".local/share/tocsin"


@pytest.fixture
def address(tmp_path: Path) -> str:
    """Where a `tocsin run` says that its broker is; nobody answers there."""
    address = f"127.0.0.1:{free_port()}"
    (tmp_path / FOLDER).mkdir(parents=True)
    announce(tmp_path / FOLDER, bootstrap=address, topic_prefix="own.")
    return address


def test_a_command_finds_the_run_of_this_machine_and_says_so(tocsin: Tocsin, address: str) -> None:
    said = tocsin("silences", "list")
    assert said.code == 69
    assert said.err.startswith("using the broker of `tocsin run` (process ")
    assert said.err.splitlines()[0].endswith(f") at {address}")


def test_a_broker_that_is_named_wins(tocsin: Tocsin, address: str) -> None:
    other = f"127.0.0.1:{free_port()}"
    said = tocsin("silences", "list", "--bootstrap", other)
    assert said.code == 69
    assert address not in said.err
    assert "tocsin run" not in said.err


@pytest.mark.parametrize("command", [("alerts", "tail"), ("topics", "plan"), ("rules", "apply"), ("silences", "list")])
def test_a_broker_that_is_not_there_is_one_line_with_its_cure(tocsin: Tocsin, command: tuple[str, ...]) -> None:
    at = f"127.0.0.1:{free_port()}"
    said = tocsin(*command, "--bootstrap", at)
    (line,) = said.err.splitlines()
    assert said.code == 69
    assert line.startswith(f"no broker answers at {at}: is it up, is that its address (--bootstrap) and its security")
    told = tocsin(*command, "--bootstrap", at, "--log-level", "INFO").err.splitlines()
    assert told[-1] == line
    assert any("Unable connect to" in each and "aiokafka" in each for each in told[:-1]), "asked for, its client speaks"


@pytest.mark.parametrize("stage", ["poll", "agents", "deliver"])
@pytest.mark.usefixtures("address")
def test_a_stage_never_joins_a_run_by_itself(tocsin: Tocsin, stage: str) -> None:
    said = tocsin(stage)
    assert (said.code, said.err.split(":")[0]) == (78, "no broker is configured")


def test_without_a_run_the_cure_is_named(tocsin: Tocsin, tmp_path: Path) -> None:
    said = tocsin("silences", "list", "--data-dir", str(tmp_path / "elsewhere"))
    assert said.code == 78
    assert said.err == (
        "no broker is configured: give --bootstrap HOST:PORT or TOCSIN_BOOTSTRAP, "
        f"or start `tocsin run` (none is up in {tmp_path / 'elsewhere'})\n"
    )
