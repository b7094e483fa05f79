"""One page through a pipeline of its own: a throw-away broker, a feed with one item, the real stages."""

import asyncio
import tempfile
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from pathlib import Path

from aiohttp import web

from agents import app
from agents.apply import apply_feeds, apply_routes, apply_rules, apply_topics
from agents.broker.server import Broker
from agents.cli.page import Page
from agents.kafka import Incoming, Producer
from agents.loops.follower import read_all
from agents.loops.settled import settled
from agents.run.ground import jar_cache
from config.entities import Entry
from config.settings import Settings
from streams import topics
from streams.alerts.alert import DeskAlert
from streams.articles.article import Article, ArticleKind
from streams.errors import UnavailableError
from streams.feeds.feed import Feed, FeedStatus, Gap
from streams.ids import DeskId, FeedId
from streams.routing.route import Desk, RouteNode, Routes
from streams.topics import Topic

DESK = DeskId("verify")
ROUTES = Routes(desks={DESK: Desk(desk_id=DESK, permissions=("public",))}, route=RouteNode(desk=DESK))
CHAIN = (("match", topics.ARTICLES), ("alert", topics.MATCHES), ("fan-out", topics.ALERTS))
LOOK_EVERY_S = 0.1
PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of the page: the article that the pipeline made of it, and what the desk was sent."""

    article: Article
    alerts: Sequence[DeskAlert]


async def send_through(page: Page, settings: Settings, entries: Sequence[Entry]) -> Seen:
    """Return what the real stages make of the page, with these rules and entities.

    Raises: UnavailableError when it isn't through after two minutes; whatever the broker's start raises.
    """
    with tempfile.TemporaryDirectory(prefix="tocsin-verify-") as folder:
        async with AsyncExitStack() as opened:
            return await _send(page, settings, entries, Path(folder), opened)


async def _send(page: Page, settings: Settings, entries: Sequence[Entry], folder: Path, opened: AsyncExitStack) -> Seen:
    feed, address = await _serve(page, opened)
    told = {
        "data_dir": folder,
        "metrics_port": 0,
        "allow_addresses": (address,),
        "instance": None,
        "topic_prefix": "verify.",
    }
    settings = settings.model_copy(update=told)

    async def with_topics(bootstrap: str) -> None:
        while True:
            try:
                await apply_topics(settings.model_copy(update={"bootstrap": bootstrap}), ROUTES)
            except UnavailableError:
                await asyncio.sleep(LOOK_EVERY_S)
            else:
                return

    broker = Broker(folder / "broker", cache=jar_cache(), ready=with_topics)
    await broker.start()
    opened.push_async_callback(broker.stop)
    opened.push_async_callback(broker.kill)  # nobody reads its records again: a clean end would take half a second
    settings = settings.model_copy(update={"bootstrap": broker.bootstrap})
    stages = asyncio.gather(app.Process(settings).run(app.wire_agents), app.Process(settings).run(app.wire_poll))
    try:
        return await asyncio.wait_for(_first_of(stages, _seen(settings, entries, feed)), PATIENCE_S)
    except TimeoutError:
        raise UnavailableError(f"the page wasn't through after {PATIENCE_S:.0f} s; is the machine very busy?") from None
    finally:
        stages.cancel()
        await asyncio.gather(stages, return_exceptions=True)


async def _first_of(stages: "asyncio.Future[tuple[None, None]]", seen: Coroutine[None, None, Seen]) -> Seen:
    """Return what was seen, unless a stage ends before: then raise why it did."""
    looking = asyncio.ensure_future(seen)
    stages.add_done_callback(lambda _: looking.cancel())
    try:
        return await looking
    except asyncio.CancelledError:
        if stages.done():
            await stages
        raise


async def _serve(page: Page, opened: AsyncExitStack) -> tuple[Feed, str]:
    """Serve the page as the one item of an RSS feed; return the feed, and the address that the guard must let by."""
    item = (
        f"<item><guid isPermaLink='false'>page</guid><title>{escape(page.title)}</title>"
        f"<pubDate>{format_datetime(datetime.now(UTC), usegmt=True)}</pubDate>"
        f"<description>{escape(page.content)}</description></item>"
    )
    body = (
        f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>Page</title>{item}</channel></rss>"
    )

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body.encode("utf-8", "replace"), content_type="application/rss+xml", charset="utf-8")

    served = web.Application()
    served.router.add_get("/feed", answer)
    runner = web.AppRunner(served, access_log=None)
    await runner.setup()
    opened.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = f"127.0.0.1:{runner.addresses[0][1]}"
    url = f"http://{address}/feed"
    gap = Gap(min_s=1, max_s=1)
    return Feed(feed_id=FeedId("page"), url=url, fetch_url=url, publisher="Page", tier=1, gap=gap,
                status=FeedStatus.VERIFIED, managed_by="files"), address  # fmt: skip


async def _apply(settings: Settings, entries: Sequence[Entry], feed: Feed) -> None:
    """Tell the stages, which start meanwhile, what to do; the feed comes last, when rules and routes are there."""
    producer = Producer(settings)
    await producer.start()
    try:
        await asyncio.gather(apply_routes(settings, producer, ROUTES), apply_rules(settings, producer, entries))
        await apply_feeds(settings.model_copy(update={"managed_by": feed.managed_by}), producer, [feed])
    finally:
        await producer.stop()


async def _seen(settings: Settings, entries: Sequence[Entry], feed: Feed) -> Seen:
    """Return the page's article and alerts, once every stage has done all that came before it."""
    await _apply(settings, entries, feed)
    article = await _article(settings)
    await settled(settings, CHAIN)
    records = await _records(settings, topics.desk_topic(DESK))
    alerts = [DeskAlert.from_json(record.value) for record in records]
    return Seen(article, [alert for alert in alerts if alert.head.article_id == article.article_id])


async def _article(settings: Settings) -> Article:
    """Return the page's article as soon as the poller has published it."""
    while True:
        for record in await _records(settings, topics.ARTICLES):
            article = Article.from_json(record.value)
            if article.kind is not ArticleKind.HEARTBEAT:
                return article
        await asyncio.sleep(LOOK_EVERY_S)


async def _records(settings: Settings, topic: Topic) -> list[Incoming]:
    records: list[Incoming] = []
    await read_all(settings, topic, records.append)
    return records
