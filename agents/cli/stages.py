"""`tocsin poll`, `agents` and `deliver`: the stages, each a process of its own."""

import asyncio
from enum import StrEnum
from importlib import import_module
from types import ModuleType
from typing import Annotated

import typer

from agents.cli.options import with_given_broker
from config.feeds import load_feeds
from config.poll_settings import with_file
from config.settings import Settings


class Stage(StrEnum):
    """The parts of `tocsin agents`."""

    MATCH = "match"
    ALERT = "alert"
    FAN_OUT = "fan-out"


@with_given_broker
def poll(settings: Settings) -> None:
    """Poll feeds and publish articles."""
    file = load_feeds(settings.config_dir, managed_by=settings.managed_by, contact=settings.contact)
    asyncio.run(_app().run_poll(with_file(settings, file)))


@with_given_broker
def agents(
    settings: Settings, only: Annotated[Stage | None, typer.Option(help="Run one of them alone.")] = None
) -> None:
    """Match articles against rules, raise alerts, fan them out to desks."""
    asyncio.run(_app().run_agents(settings, only=only.value.replace("-", "_") if only else None))


@with_given_broker
def deliver(settings: Settings) -> None:
    """Send notifications to receivers."""
    asyncio.run(_app().run_deliver(settings))


def _app() -> ModuleType:
    # The stages bring Faust and the matcher along: only for the process that runs them, and not for its --help.
    return import_module("agents.app")
