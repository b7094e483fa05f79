"""Topics as the command line reads them: once, from their start to their present end."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import typer

from agents.kafka import Incoming
from agents.loops.follower import read_all
from config.settings import Settings
from streams.errors import ConfigurationError, PoisonError
from streams.record import Record
from streams.topics import Topic

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Found(Generic[R]):
    """A record, with how it came."""

    record: R
    incoming: Incoming


async def collect(
    settings: Settings, topic: Topic, kind: type[R], keep: Callable[[R], bool] = lambda _: True
) -> list[Found[R]]:
    """Return the records of a topic that are to be kept, oldest first; those that can't be read are passed over."""
    found: list[Found[R]] = []

    def take(record: Incoming) -> None:
        try:
            read = kind.from_json(record.value, schema=record.schema)
        except PoisonError:
            return
        if keep(read):
            found.append(Found(read, record))

    await read_all(settings, topic, take)
    return sorted(found, key=lambda one: one.incoming.appended_at)


async def newest_by_key(settings: Settings, topic: Topic, kind: type[R]) -> list[Found[R]]:
    """Return the last record of each key of a compacted topic, oldest first; deleted keys are gone."""
    live: dict[str, Found[R]] = {}

    def take(record: Incoming) -> None:
        live.pop(record.key, None)
        try:
            if record.value is not None:
                live[record.key] = Found(kind.from_json(record.value, schema=record.schema), record)
        except PoisonError:
            return

    await read_all(settings, topic, take)
    return sorted(live.values(), key=lambda one: one.incoming.appended_at)


def read(settings: Settings, topic: Topic, kind: type[R], keep: Callable[[R], bool] = lambda _: True) -> list[Found[R]]:
    """Return what `collect` does, for a command that awaits nothing else."""
    return asyncio.run(collect(settings, topic, kind, keep))


def beginning(given: str) -> str:
    """Return the id, or the beginning of one. Raises: typer.BadParameter for nothing, which every id begins with."""
    if not given.strip():
        raise typer.BadParameter("an id, or the beginning of one, is needed")
    return given.strip()


def one(found: list[Found[R]], what: str) -> Found[R]:
    """Return the newest of what was found. Raises: ConfigurationError when nothing was."""
    if not found:
        raise ConfigurationError(f"no {what}: is the id right, and is it within the topic's retention?")
    return found[-1]
