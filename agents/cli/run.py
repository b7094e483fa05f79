"""`tocsin run`: everything on this machine."""

import asyncio
import sys
from typing import Annotated

import typer

from agents.cli.options import with_settings
from config.settings import Settings


@with_settings
def run(
    settings: Settings,
    *,
    fresh: Annotated[bool, typer.Option("--fresh", help="Delete what earlier runs kept in the data folder.")] = False,
    no_sample: Annotated[
        bool, typer.Option("--no-sample", help="Without the sample wire's invented articles.")
    ] = False,
) -> int:
    """Start everything on this machine: broker, topics, files, stages. Alerts go to stdout, all else to stderr."""
    from agents.run import supervisor  # noqa: PLC0415 - brings the clients along; --help must not wait for them
    from agents.run.ground import RunGround  # noqa: PLC0415 - as above

    with supervisor.reporting(settings, sys.stderr) as report:
        ground = RunGround(settings, fresh=fresh, sample=not no_sample, report=report)
        return asyncio.run(supervisor.run(settings, ground, report))
