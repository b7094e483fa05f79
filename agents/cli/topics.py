"""`tocsin topics`: the topics at the broker against the catalogue."""

import asyncio

from agents import topic_admin
from agents.apply import all_topics, apply_topics
from agents.cli.options import Json, with_broker
from agents.cli.output import print_rows
from agents.topic_admin import Difference
from config.routes import load_routes
from config.settings import Settings


@with_broker
def plan(settings: Settings, *, json: Json = False) -> int:
    """Show how topics differ from the catalogue; exit 1 if so."""
    differences = asyncio.run(topic_admin.plan(settings, all_topics(load_routes(settings.config_dir))))
    print_rows(map(_row, differences), as_json=json, empty="every topic is as the catalogue says")
    return 1 if differences else 0


@with_broker
def apply(settings: Settings, *, json: Json = False) -> None:
    """Create topics that are missing and set what differs."""
    done = asyncio.run(apply_topics(settings, load_routes(settings.config_dir)))
    print_rows(map(_row, done), as_json=json, empty="nothing to do")


def _row(found: Difference) -> dict[str, object]:
    return {"topic": found.topic, "what": found.kind.value, "there": found.there, "wanted": found.wanted}


COMMANDS = {"plan": plan, "apply": apply}
