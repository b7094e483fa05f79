"""The command `tocsin`: finds the command's module, and turns errors into lines and exit codes.

Nothing heavy is imported before the command is known, so that `tocsin --help` answers at once.
"""

import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module

import typer
from typer.core import TyperGroup

from agents.cli.collision import collision
from streams.errors import NoBrokerError, TocsinError, UnavailableError

USAGE, INTERNAL, CONFIGURATION, INTERRUPTED = 2, 70, 78, 130
DEBUG = "--debug"
NOBODY = re.compile(r"Unable to bootstrap from \[(.*)\]")
ADDRESS = re.compile(r"\('([^']*)', (\d+), <[^>]*>\)")  # as the client prints one


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its module in this package, its help, and whether it has commands of its own (`COMMANDS` there)."""

    module: str
    text: str
    group: bool = False


COMMANDS = {
    "run": Command("run", "Start everything on this machine, and show alerts."),
    "verify": Command("verify", "Send one page through the whole pipeline, with a verdict."),
    "poll": Command("stages", "Poll feeds and publish articles."),
    "agents": Command("stages", "Match articles, raise alerts, fan them out to desks."),
    "deliver": Command("stages", "Send notifications to receivers."),
    "feeds": Command("feeds", "Feeds: check and apply the file, list what is live.", group=True),
    "rules": Command("rules", "Rules: check, test, explain, backtest, diff, apply.", group=True),
    "routes": Command("routes", "Routes: check, test a way through the tree, apply.", group=True),
    "alerts": Command("alerts", "Alerts: follow, list, show, acknowledge; those not told.", group=True),
    "deliveries": Command("deliveries", "Deliveries: list, show, send anew, account for each.", group=True),
    "dead-letters": Command("dead_letters", "Records that a stage could not process: list, show, redrive.", group=True),
    "receivers": Command("receivers", "Receivers: list what is known of each, pause, resume.", group=True),
    "silences": Command("silences", "Timed mutes: add, list, end.", group=True),
    "audit": Command("audit", "What was done and how each delivery ended: verify, export.", group=True),
    "topics": Command("topics", "Topics at the broker against the catalogue.", group=True),
    "explain": Command("explain", "Say why an article or alert was told, or why not."),
    "replay": Command("replay", "Decide a time again; compare with what was recorded."),
    "config": Command("config", "Check all files; show every setting and where it comes from.", group=True),
    "version": Command("version", "Print the version."),
}


class Tocsin(TyperGroup):
    """The group of all commands; the module of one is imported when it is called."""

    def resolve_command(self, ctx, args):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, D102 - typer's own, its types are private
        if args and args[0] in COMMANDS:
            self.commands[args[0]] = load(args[0])
        return super().resolve_command(ctx, args)


def load(name: str):  # type: ignore[no-untyped-def]  # noqa: ANN201 - typer's command class is private
    """Return a command, or a group of commands, from its module."""
    command = COMMANDS[name]
    module = import_module(f"agents.cli.{command.module}")
    app = new_app(name, command.text)
    functions: Mapping[str, Callable[..., object]] = module.COMMANDS if command.group else {name: getattr(module, name)}
    for own_name, function in functions.items():
        app.command(own_name)(function)
    if command.group:
        app.callback()(_nothing)
    return typer.main.get_command(app)


def new_app(name: str, text: str, *, cls: type[TyperGroup] | None = None) -> typer.Typer:
    """Return an empty application with plain help and errors: no boxes, no colours, no traceback of its own."""
    return typer.Typer(
        name=name, help=text, cls=cls, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True,
        add_completion=name == "tocsin",
    )  # fmt: skip


def build() -> typer.Typer:
    """Return the application: a name and a line of help for each command."""
    app = new_app("tocsin", "Real-time news alerts, every one explained.", cls=Tocsin)
    for name, command in COMMANDS.items():
        app.command(name, help=command.text)(_nothing)
    app.callback()(_nothing)
    return app


def _nothing() -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Return the exit code of a command line: 0, 1 failed check, 2 usage, or the error's own; each error is a line."""
    given = [argument for argument in arguments if argument != DEBUG]
    given = ["version"] if given == ["--version"] else given
    if (foreign := collision()) is not None:
        return _fail(foreign, code=CONFIGURATION)
    try:
        found = build()(given, prog_name="tocsin", standalone_mode=False)
        sys.stdout.flush()
    except BaseException as err:
        if len(given) != len(arguments) and not isinstance(err, typer.TyperException):
            raise
        return _code(err)
    return found if isinstance(found, int) else 0


def _code(err: BaseException) -> int:
    """Return the exit code of an error, and say on stderr what it was: a line for each problem."""
    if isinstance(err, BaseExceptionGroup):
        return max(_code(one) for one in err.exceptions)
    if isinstance(err, typer.TyperException):
        getattr(err, "show", lambda: _fail(str(err), code=USAGE))()
        return err.exit_code
    if isinstance(err, TocsinError):
        return _fail(str(err), code=err.exit_code)
    return _foreign_code(err)


def _foreign_code(err: BaseException) -> int:
    if isinstance(err, BrokenPipeError):
        return _closed_pipe()
    if isinstance(err, KeyboardInterrupt | typer.Abort):
        return INTERRUPTED
    if isinstance(err, SystemExit):
        return err.code if isinstance(err.code, int) else 1
    if type(err).__module__.startswith("aiokafka."):
        return _fail(_of_broker(str(err)), code=UnavailableError.exit_code)
    text = f"a fault of tocsin's own: {type(err).__name__}: {err} (again with {DEBUG} for the traceback)"
    return _fail(text, code=INTERNAL)


def _of_broker(said: str) -> str:
    """Return the line for what the client said: with a cure if nobody answered at all."""
    said = ADDRESS.sub(r"\1:\2", said)
    nobody = NOBODY.search(said)
    return str(NoBrokerError(nobody[1])) if nobody else f"the broker does not answer as it should: {said}"


def _fail(*lines: str, code: int) -> int:
    for line in lines:
        print(line, file=sys.stderr)
    return code


def _closed_pipe() -> int:
    """Return 1, as typer does: who read our output has enough (`| head`). What is still to be flushed goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


if __name__ == "__main__":
    main()
