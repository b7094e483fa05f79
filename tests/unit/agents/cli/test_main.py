import subprocess
import sys
from types import ModuleType

import pytest
from aiokafka.errors import KafkaConnectionError

from agents.cli import main
from agents.cli.main import COMMANDS, Command
from streams.errors import ConfigurationError, NewerSchemaError, UnavailableError
from tests.support.command_line import Tocsin

HEAVY = ("pydantic", "structlog", "aiokafka", "faust", "aiohttp", "lark", "yaml", "rich", "asyncio")


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A command `fail` that raises what the test puts into its module."""
    module = ModuleType("agents.cli.fail")
    monkeypatch.setitem(sys.modules, "agents.cli.fail", module)
    monkeypatch.setitem(COMMANDS, "fail", Command("fail", "Fails."))
    return module


def raising(module: ModuleType, err: BaseException) -> None:
    def fail() -> None:
        raise err

    module.fail = fail  # type: ignore[attr-defined]


def test_help_names_every_command_and_imports_nothing_heavy() -> None:
    script = (
        "import sys; from agents.cli.main import run; code = run(['--help']);"
        f"print(code, [name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert all(f"  {name} " in done.stdout for name in COMMANDS)
    assert "..." not in done.stdout.partition("Commands:")[2]  # each line of help is whole
    assert done.stdout.splitlines()[-1] == "0 []"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_help(tocsin: Tocsin, name: str) -> None:
    said = tocsin(name, "--help")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"Usage: tocsin {name}")


@pytest.mark.parametrize(
    ("name", "command"),
    [(name, command) for name, entry in COMMANDS.items() if entry.group for command in main.load(name).commands],
)
def test_every_command_of_a_group_has_its_help(tocsin: Tocsin, name: str, command: str) -> None:
    said = tocsin(name, command, "--help")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"Usage: tocsin {name} {command}")


@pytest.mark.parametrize("asked", ["version", "--version"])
def test_the_version_is_printed(tocsin: Tocsin, asked: str) -> None:
    said = tocsin(asked)
    assert said.code == 0
    assert said.out.startswith("tocsin 0.")


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        pytest.param(("vrsion",), "Did you mean 'version'?", id="an unknown command"),
        pytest.param(("rules", "chek"), "Did you mean 'check'?", id="an unknown command of a group"),
        pytest.param(("version", "--nope"), "No such option", id="an unknown flag"),
        pytest.param((), "Commands:", id="nothing"),
        pytest.param(("rules",), "Commands:", id="a group without a command"),
        pytest.param(("routes", "test"), "Missing option '--labels'", id="a missing flag"),
    ],
)
def test_a_slip_on_the_command_line_is_exit_2_with_a_hint(
    tocsin: Tocsin, arguments: tuple[str, ...], hint: str
) -> None:
    said = tocsin(*arguments)
    assert said.code == 2
    assert hint in said.err + said.out


@pytest.mark.parametrize(
    ("err", "code", "lines"),
    [
        pytest.param(ConfigurationError("a: wrong", "b: wrong"), 78, ["a: wrong", "b: wrong"], id="configuration"),
        pytest.param(UnavailableError("no broker"), 69, ["no broker"], id="unavailable"),
        pytest.param(NewerSchemaError("x/2", 1), 75, ["record has schema x/2"], id="a newer schema"),
        pytest.param(KafkaConnectionError("gone"), 69, ["the broker does not answer as it should"], id="the client"),
        pytest.param(
            KafkaConnectionError("Unable to bootstrap from [('127.0.0.1', 1, <AddressFamily.AF_INET: 2>)]"),
            69,
            ["no broker answers at 127.0.0.1:1: is it up, is that its address (--bootstrap) and"],
            id="nobody at an address",
        ),
        pytest.param(
            KafkaConnectionError("('127.0.0.1', 1, <AddressFamily.AF_INET: 2>) closed"),
            69,
            ["the broker does not answer as it should: KafkaConnectionError: 127.0.0.1:1 closed"],
            id="an address",
        ),
        pytest.param(
            ValueError("oops"), 70, ["a fault of tocsin's own: ValueError: oops (again with --debug"], id="a bug"
        ),
        pytest.param(
            ExceptionGroup("x", [UnavailableError("one"), ConfigurationError("two")]), 78, ["one", "two"], id="several"
        ),
        pytest.param(KeyboardInterrupt(), 130, [], id="Ctrl-C"),
        pytest.param(SystemExit(71), 71, [], id="an exit"),
        pytest.param(SystemExit("why"), 1, [], id="an exit with words"),
    ],
)
def test_an_error_is_a_line_and_an_exit_code(
    tocsin: Tocsin, failing: ModuleType, err: BaseException, code: int, lines: list[str]
) -> None:
    raising(failing, err)
    said = tocsin("fail")
    assert said.code == code
    assert "Traceback" not in said.err
    assert len(said.err.splitlines()) == len(lines)
    assert all(found.startswith(line) for found, line in zip(said.err.splitlines(), lines, strict=True))


def test_debug_shows_where_an_error_comes_from(tocsin: Tocsin, failing: ModuleType) -> None:
    raising(failing, ConfigurationError("a: wrong"))
    with pytest.raises(ConfigurationError):
        tocsin("fail", "--debug")


def test_debug_changes_nothing_for_a_slip_on_the_command_line(tocsin: Tocsin) -> None:
    assert tocsin("--debug", "vrsion").code == 2


def test_a_command_can_say_its_own_exit_code(tocsin: Tocsin, failing: ModuleType) -> None:
    failing.fail = lambda: 1  # type: ignore[attr-defined]
    assert tocsin("fail").code == 1


@pytest.mark.parametrize("lines", [pytest.param(1, id="a line"), pytest.param(100_000, id="more than a pipe holds")])
def test_a_reader_that_has_enough_is_told_nothing(lines: int) -> None:
    script = (
        "import sys, types; from agents.cli import main; module = types.ModuleType('agents.cli.fail');"
        f"module.fail = lambda: print(*['x'] * {lines}, sep=chr(10));"
        "sys.modules['agents.cli.fail'] = module; main.COMMANDS['fail'] = main.Command('fail', '');"
        "sys.stdin.readline(); main.main(['fail'])"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        _, err = process.communicate("go\n")
    assert (process.returncode, err) == (1, "")
