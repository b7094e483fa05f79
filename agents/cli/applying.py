"""What `apply` commands share: a producer for the time of the call, and the report of what was done."""

import asyncio
import sys
from collections.abc import Awaitable, Callable

from agents.apply import Applied
from agents.cli.output import print_json
from agents.kafka import Producer
from config.settings import Settings


def produce(settings: Settings, work: Callable[[Producer], Awaitable[Applied]]) -> Applied:
    """Return what the work applied, with a producer that lives as long as the call."""

    async def run() -> Applied:
        producer = Producer(settings)
        try:
            await producer.start()
            return await work(producer)
        finally:
            await producer.stop()

    return asyncio.run(run())


def report(applied: Applied, *, as_json: bool) -> int:
    """Print what was done; return 1 if another writer was first somewhere, else 0."""
    if as_json:
        print_json(
            {
                "published": applied.published,
                "deleted": applied.deleted,
                "unchanged": applied.unchanged,
                "lost": applied.lost,
            },
        )
    else:
        for name in applied.published:
            print(f"{name} deleted" if name in applied.deleted else name)
        deletions = f", {len(applied.deleted)} of them deletions" if applied.deleted else ""
        print(f"{len(applied.published)} published{deletions}, {applied.unchanged} unchanged")
    for name in applied.lost:
        print(f"{name}: another writer was first; look at what it wrote, and apply again", file=sys.stderr)
    return 1 if applied.lost else 0
