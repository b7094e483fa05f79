"""What runs first in a child of `tocsin run`: it dies with its parent, imports early, and waits until it may begin.

`python -P -m agents.run.child PARENT STAGE`. Imports take longer than anything else in a start, and need no broker; the
parent writes a line to stdin once topics and rules are there.
"""

import ctypes
import importlib
import os
import runpy
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress

PR_SET_PDEATHSIG = 1
EARLY = ("typer", "agents.app")  # what every stage imports when it begins, which is where the seconds are


def die_with(parent: int) -> None:
    """Have the kernel end this process when its parent ends, however it ends (Linux).

    SIGKILL: a clean end would need the broker, which ends at the same moment. Nothing is lost by it, and a new start
    finds no leftover that fights over its partitions.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the process that started this one is gone")


def import_early(names: Iterable[str]) -> None:
    """Import what the stage will need; a module that fails here fails again, in words, when the stage begins."""
    for name in names:
        with suppress(Exception):
            importlib.import_module(name)


def main(parent: str, *command: str) -> None:
    """Become `tocsin COMMAND` once the parent says so; end if it never does."""
    die_with(int(parent))
    import_early(EARLY)
    if sys.stdin.readline():
        sys.argv = ["tocsin", *command]
        runpy.run_module("agents.cli.main", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
