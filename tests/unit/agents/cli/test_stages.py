import sys
from pathlib import Path
from types import ModuleType

import pytest

from config.settings import Settings
from tests.support.command_line import Tocsin

Ran = list[tuple[str, Settings, object]]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> Ran:
    """What the commands would run, in place of the stages."""
    calls: Ran = []
    app = ModuleType("agents.app")

    def runner(name: str) -> object:
        async def run(settings: Settings, *, only: str | None = None) -> None:
            calls.append((name, settings, only))

        return run

    for name in ("run_poll", "run_agents", "run_deliver"):
        setattr(app, name, runner(name))
    monkeypatch.setitem(sys.modules, "agents.app", app)
    return calls


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(("agents",), ("run_agents", None), id="all three"),
        pytest.param(("agents", "--only", "fan-out"), ("run_agents", "fan_out"), id="one of them"),
        pytest.param(("deliver",), ("run_deliver", None), id="deliver"),
        pytest.param(("poll",), ("run_poll", None), id="poll"),
    ],
)
def test_a_stage_runs_with_its_settings(
    tocsin: Tocsin, ran: Ran, arguments: tuple[str, ...], expected: tuple[str, object]
) -> None:
    said = tocsin(*arguments, "--bootstrap", "127.0.0.1:9", "--topic-prefix", "x.")
    assert (said.code, said.out) == (0, "")
    ((name, settings, only),) = ran
    assert (name, only) == expected
    assert (settings.bootstrap, settings.topic_prefix) == ("127.0.0.1:9", "x.")


def test_the_poller_is_told_what_its_file_says(tocsin: Tocsin, ran: Ran, tmp_path: Path) -> None:
    (tmp_path / "tocsin.d/feeds.yaml").write_text(
        "version: 1\ncontact: ops@x.test\nallow_addresses: ['127.0.0.1:80']\nfeeds: []\n"
    )
    assert tocsin("poll", "--bootstrap", "127.0.0.1:9").code == 0
    assert (ran[0][1].contact, ran[0][1].allow_addresses) == ("ops@x.test", ("127.0.0.1:80",))


def test_a_poller_does_not_start_with_a_wrong_file(tocsin: Tocsin, ran: Ran, tmp_path: Path) -> None:
    (tmp_path / "tocsin.d/feeds.yaml").write_text("version: 1\nfeds: []\n")
    said = tocsin("poll", "--bootstrap", "127.0.0.1:9")
    assert said.code == 78
    assert len(said.err.splitlines()) == 2
    assert ran == []


def test_a_part_that_is_none_is_exit_2(tocsin: Tocsin, ran: Ran) -> None:
    assert tocsin("agents", "--only", "poll", "--bootstrap", "127.0.0.1:9").code == 2
    assert ran == []
