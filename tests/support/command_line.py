"""The command line, called in this process: exit code, stdout and stderr."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import structlog

from agents.cli.main import run


@dataclass(frozen=True)
class Said:
    """What a command said."""

    code: int
    out: str
    err: str


Tocsin = Callable[..., Said]


@contextmanager
def logging_kept() -> Iterator[None]:
    """Put logging back as it was: a command configures it for its whole process."""
    handlers, level, configured = list(logging.root.handlers), logging.root.level, structlog.get_config()
    try:
        yield
    finally:
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)
        structlog.configure(**configured)


def command_line(capsys: pytest.CaptureFixture[str]) -> Tocsin:
    """Return a function that runs `tocsin` with its arguments."""

    def tocsin(*arguments: str) -> Said:
        capsys.readouterr()
        with logging_kept():
            code = run(arguments)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return tocsin
