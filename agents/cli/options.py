"""The flags that commands share, and the settings that they make together with the variables."""

import os
import sys
from collections.abc import Callable
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from agents import log
from agents.run.running import running
from config.settings import Settings, load_settings, unknown_variables
from streams.errors import ConfigurationError

T = TypeVar("T")
First = Callable[[Settings, set[str]], tuple[object, ...]]
MADE = ("settings", "flags")  # the arguments that a command gets ready-made, and that are no flags of its own
Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="The newest so many.")]


def _flag(text: str) -> object:
    return typer.Option(help=text, show_default=False)


FLAGS: dict[str, object] = {
    "bootstrap": Annotated[str | None, _flag("Kafka as host:port,...")],
    "config_dir": Annotated[Path | None, _flag("Holds feeds, entities, rules and routes .yaml (default ./tocsin.d).")],
    "data_dir": Annotated[Path | None, _flag("Of `tocsin run`: the broker's data, the log; where others find it.")],
    "topic_prefix": Annotated[str | None, _flag("Stands before every topic and consumer group.")],
    "metrics_port": Annotated[str | None, _flag("Where metrics and health are served; 0 takes a free one.")],
    "log_format": Annotated[str | None, _flag("auto, console or json.")],
    "log_level": Annotated[str | None, _flag("DEBUG, INFO, WARNING or ERROR.")],
    "instance": Annotated[str | None, _flag("A stable name: a crash costs no rebalance.")],
}


def with_settings(function: Callable[..., T]) -> Callable[..., T]:
    """Return the command with the shared flags; `function` gets the settings as its first argument.

    Every other setting has a variable, `TOCSIN_...`; `tocsin config show` lists them all.
    """
    return _sharing(function, lambda settings, _: (settings,))


def with_origins(function: Callable[..., T]) -> Callable[..., T]:
    """Return the command as `with_settings` does; its second argument are the names of the flags that were given."""
    return _sharing(function, lambda settings, flags: (settings, flags))


def with_broker(function: Callable[..., T]) -> Callable[..., T]:
    """Return the command as `with_settings` does; without a broker it takes that of the running `tocsin run`."""
    return _sharing(function, lambda settings, _: (connected(found(settings)),))


def with_given_broker(function: Callable[..., T]) -> Callable[..., T]:
    """Return the command as `with_settings` does; without a broker it says so before it does anything."""
    return _sharing(function, lambda settings, _: (connected(settings),))


def found(settings: Settings) -> Settings:
    """Return the settings; if they name no broker, with that of a running `tocsin run`, which is said on stderr."""
    run = running(settings.data_dir.expanduser()) if settings.bootstrap is None else None
    if run is None:
        return settings
    print(f"using the broker of `tocsin run` (process {run.pid}) at {run.bootstrap}", file=sys.stderr)
    prefix = {} if "topic_prefix" in settings.model_fields_set else {"topic_prefix": run.topic_prefix}
    return settings.model_copy(update={"bootstrap": run.bootstrap, **prefix})


def connected(settings: Settings) -> Settings:
    """Return the settings. Raises: ConfigurationError when they name no broker."""
    if settings.bootstrap is None:
        cure = (
            f"give --bootstrap HOST:PORT or TOCSIN_BOOTSTRAP, or start `tocsin run` (none is up in {settings.data_dir})"
        )
        raise ConfigurationError(f"no broker is configured: {cure}")
    return settings


def _sharing(function: Callable[..., T], first: First) -> Callable[..., T]:
    @wraps(function)
    def command(**given: object) -> T:
        flags = {name: given.pop(name) for name in FLAGS}
        settings = load_settings(**flags)
        asked = "log_level" in settings.model_fields_set
        log.configure(form=settings.log_format, level=settings.log_level, libraries=asked)
        for line in unknown_variables(os.environ):
            print(f"warning: {line}", file=sys.stderr)
        return function(*first(settings, {name for name in FLAGS if flags[name] is not None}), **given)

    own = [
        parameter.replace(kind=Parameter.KEYWORD_ONLY)
        for parameter in signature(function).parameters.values()
        if parameter.name not in MADE
    ]
    shared = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in FLAGS.items()
    ]
    command.__signature__ = Signature([*own, *shared])  # type: ignore[attr-defined]  # inspect reads it
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in (*own, *shared)}
    return command
