"""`tocsin feeds`: check the file, list what is live, apply."""

import asyncio

from agents.apply import apply_feeds, live_feeds
from agents.cli.applying import produce, report
from agents.cli.options import Json, with_broker, with_settings
from agents.cli.output import print_rows
from config.feeds import FeedFile, load_feeds
from config.settings import Settings
from streams.feeds.feed import Feed


@with_settings
def check(settings: Settings, *, json: Json = False) -> None:
    """Check feeds.yaml and show its feeds; nothing is fetched."""
    print_rows(map(_row, _load(settings).feeds), as_json=json, empty="feeds.yaml is right, and holds no feed")


@with_broker
def list_(settings: Settings, *, json: Json = False) -> None:
    """List the feeds that are live."""
    live = asyncio.run(live_feeds(settings))
    print_rows((_row(live[name]) for name in sorted(live)), as_json=json, empty="no feed is live: `tocsin feeds apply`")


@with_broker
def apply(settings: Settings, *, json: Json = False) -> int:
    """Make feeds.yaml live; exit 1 naming what others changed.

    What differs is published, what is gone is deleted.
    """
    feeds = _load(settings).feeds
    return report(produce(settings, lambda producer: apply_feeds(settings, producer, feeds)), as_json=json)


def _load(settings: Settings) -> FeedFile:
    return load_feeds(settings.config_dir, managed_by=settings.managed_by, contact=settings.contact)


def _row(feed: Feed) -> dict[str, object]:
    return {
        "id": feed.feed_id,
        "status": feed.status.value,
        "tier": feed.tier,
        "permission": feed.permission,
        "publisher": feed.publisher,
        "managed_by": feed.managed_by,
        "url": feed.url,
        "reason": feed.reason,
    }


COMMANDS = {"check": check, "list": list_, "apply": apply}
