"""A poller on its own: a real origin, a log in memory, and no broker."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from prometheus_client import CollectorRegistry

from agents.kafka import Incoming, Outgoing
from agents.metrics import Metrics
from agents.poll.poller import Poller
from config.settings import Settings
from streams.articles.article import Article, ArticleKind
from streams.articles.notes import OWN_FEED
from streams.feeds.feed import Feed, FeedState, Gap
from streams.ids import FeedId
from streams.topics import ARTICLES, FEED_STATES, FEEDS, Names
from tests.fakes import FeedItem, FeedOrigin

NUMBER = 3
NAMES = Names("tocsin.")


def item(number: int, *, age_s: float = 0.0, text: str = "Tariffs rise.") -> FeedItem:
    return FeedItem(f"item-{number}", f"Title {number}", text, published=datetime.now(UTC) - timedelta(seconds=age_s))


class MemoryLog:
    """A log in memory that keeps what is delivered, and can refuse, or stop between articles and state."""

    def __init__(self) -> None:
        self.records: list[Outgoing] = []
        self.refuses: type[Exception] | None = None
        self.stops_before_states = False
        self.stopped = asyncio.Event()

    async def deliver(self, outputs: Sequence[Outgoing]) -> None:
        await asyncio.sleep(0)
        if self.refuses is not None:
            raise self.refuses("no")
        if self.stops_before_states and outputs[0].topic is FEED_STATES:
            self.stopped.set()
            await asyncio.Event().wait()
        self.records += outputs

    def articles(self) -> list[Article]:
        values = (record.value for record in self.records if record.topic is ARTICLES)
        articles = [Article.from_json(value) for value in values]
        return [article for article in articles if article.feed_id != OWN_FEED]

    def notes(self) -> list[Article]:
        values = (record.value for record in self.records if record.topic is ARTICLES)
        return [note for note in map(Article.from_json, values) if note.kind is ArticleKind.HEALTH]

    def states(self) -> list[FeedState]:
        return [FeedState.from_json(record.value) for record in self.records if record.topic is FEED_STATES]

    async def until(self, articles: int = 0, states: int = 0) -> None:
        async with asyncio.timeout(10):
            while len(self.articles()) < articles or len(self.states()) < states:  # noqa: ASYNC110 - watched from outside
                await asyncio.sleep(0.01)


class Owned:
    """Says that every number is owned, until it is lost."""

    def __init__(self) -> None:
        self.lost = False

    async def recheck(self, number: int) -> bool:
        return number == NUMBER and not self.lost


def incoming(record: Feed | FeedState, *, key: str | None = None) -> Incoming:
    is_state = isinstance(record, FeedState)
    return Incoming(
        topic=NAMES.of(FEED_STATES if is_state else FEEDS),
        partition=NUMBER,
        offset=0,
        key=key or record.feed_id,
        value=record.to_json(),
        headers=(("ce_id", f"{record.feed_id}@{record.seq}".encode()),) if is_state else (),
        appended_at=datetime.now(UTC),
    )


def tombstone(feed: Feed) -> Incoming:
    return Incoming(
        topic=NAMES.of(FEEDS), partition=NUMBER, offset=0, key=feed.feed_id, value=None, headers=(),
        appended_at=datetime.now(UTC),
    )  # fmt: skip


def feed_of(url: str, name: str = "wire", *, gap_s: float = 0.05, **given: object) -> Feed:
    return Feed(
        feed_id=FeedId(name), url=url, fetch_url=url, publisher="Wire", gap=Gap(min_s=gap_s, max_s=gap_s), **given
    )  # fmt: skip


class Bench:
    """A poller on its own, with an origin and a log in memory."""

    def __init__(self, origin: FeedOrigin) -> None:
        self.origin = origin
        self.log = MemoryLog()
        self.owned = Owned()
        self.allow = [origin.address]
        self.registry = CollectorRegistry()
        self.poller = self.new()

    def new(self, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Poller:
        self.registry = CollectorRegistry()
        settings = Settings(allow_addresses=tuple(self.allow), requests_per_second=1_000.0)
        metrics = Metrics(self.registry)
        return Poller(settings, owner=self.owned, producer=self.log, metrics=metrics, clock=clock, jitter=lambda: 0.0)

    async def start(self, *records: Incoming) -> None:
        self.poller.begin(NUMBER)
        for record in records:
            self.poller.restore(record)
        await self.poller.start(NUMBER)

    async def end(self) -> None:
        await self.poller.end(NUMBER)

    async def again(self, *feeds: Feed) -> None:
        """Start a new poller on what the log holds."""
        self.poller = self.new()
        await self.start(*map(incoming, feeds), *map(incoming, self.log.states()))


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    async with FeedOrigin() as origin:
        made = Bench(origin)
        try:
            yield made
        finally:
            await made.end()
