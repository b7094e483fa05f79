"""A news wire under load: an origin of many feeds, and a webhook that takes what comes; both count and keep times."""

import asyncio
import random
import time
from collections import deque
from dataclasses import dataclass, field
from email.utils import formatdate
from html import escape
from itertools import count

from aiohttp import web

WINDOW = 40  # items that a feed's document holds; what turned over before it was polled is lost to everybody
ROOM = 10
SYLLABLES = (
    "ka",
    "lo",
    "mi",
    "ren",
    "tas",
    "vel",
    "dor",
    "shi",
    "bra",
    "nok",
    "pel",
    "ula",
    "gan",
    "tor",
    "fen",
    "wix",
)
TEMPLATES = (
    "Tariffs on {0} {1} raised to {2} percent",
    "Rare earth shipments from {0} {1} halted after {2} days",
    "Trump and Xi plan a summit in {0} {1} with {2} delegates",
    "China widens export controls on {0} {1} to {2} firms",
    "Concert in {0} {1} draws {2} visitors",
)


@dataclass(slots=True)
class Item:
    """One published item; times are seconds of this process's monotonic clock."""

    number: int
    feed: int
    title: str
    published: float
    dated: float
    first_request: float | None = None

    @property
    def marker(self) -> str:
        """Return the word that stands in this item's title only."""
        return marker(self.number)


def marker(number: int) -> str:
    """Return a word that no rule knows and that is one token."""
    return f"dispatch{number:06d}"


@dataclass
class Origin:
    """Many feeds behind one address. `publish` adds an item to the next feed in turn."""

    feeds: int
    seed: int = 7
    host: str = "127.0.0.1"
    port: int = 0
    items: list[Item] = field(default_factory=list)
    requests: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._documents: list[deque[Item]] = [deque(maxlen=WINDOW) for _ in range(self.feeds)]
        self._versions = [0] * self.feeds
        self._known = [0] * self.feeds
        self._numbers = count()

    def publish(self) -> Item:
        """Add one item, dated now, to a feed."""
        number = next(self._numbers)
        words = [self._word(), self._word(), str(self._random.randrange(11, 10_000))]
        title = f"{self._random.choice(TEMPLATES).format(*words)}, {marker(number)} {self._word()} {self._word()}"
        item = Item(number=number, feed=number % self.feeds, title=title, published=time.monotonic(), dated=time.time())
        self._documents[item.feed].append(item)
        self._versions[item.feed] += 1
        self.items.append(item)
        return item

    @property
    def has_room(self) -> bool:
        """Return whether each feed can take ten items more, and none goes that its poller does not say that it knows.

        It says so by the version that it asks by: it remembers that only once the articles are on their topic.
        """
        return all(version - known <= WINDOW - ROOM for version, known in zip(self._versions, self._known, strict=True))

    def _word(self) -> str:
        return "".join(self._random.choices(SYLLABLES, k=4))

    async def start(self) -> None:
        """Listen on 127.0.0.1."""
        app = web.Application()
        app.router.add_get("/feed/{number}", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port, backlog=1024)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close."""
        await self._runner.cleanup()

    def url(self, number: int) -> str:
        """Return a feed's address."""
        return f"http://{self.host}:{self.port}/feed/{number}"

    async def _answer(self, request: web.Request) -> web.Response:
        arrived = time.monotonic()
        self.requests += 1
        number = int(request.match_info["number"])
        etag = f'"{number}-{self._versions[number]}"'
        asked_by = request.headers.get("If-None-Match", "")
        if asked_by:
            self._known[number] = max(self._known[number], int(asked_by.strip('"').rpartition("-")[2]))
        if asked_by == etag:
            return web.Response(status=304, headers={"ETag": etag})
        document = self._documents[number]
        for item in document:
            item.first_request = item.first_request or arrived
        return web.Response(text=rss(number, document), content_type="application/rss+xml", headers={"ETag": etag})


def rss(number: int, items: deque[Item]) -> str:
    """Return the feed's document, newest first."""
    entries = "".join(
        f"<item><guid isPermaLink='false'>{item.marker}</guid><title>{escape(item.title)}</title>"
        f"<link>http://127.0.0.1/{item.marker}</link><pubDate>{formatdate(item.dated, usegmt=True)}</pubDate>"
        f"<description>{escape(item.title)}. Nothing further was said.</description></item>"
        for item in reversed(items)
    )
    head = f"<title>Wire {number}</title><link>http://127.0.0.1/</link><description>load</description>"
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>{head}{entries}</channel></rss>'


@dataclass
class Sink:
    """A webhook that answers 204 and keeps, for each webhook-id, when it first came and how often."""

    host: str = "127.0.0.1"
    port: int = 0
    arrivals: dict[str, float] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)

    async def start(self) -> None:
        """Listen on 127.0.0.1."""
        app = web.Application()
        app.router.add_post("/hook", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port, backlog=1024).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close."""
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        """Return the webhook's address."""
        return f"http://{self.host}:{self.port}/hook"

    async def _answer(self, request: web.Request) -> web.Response:
        arrived = time.monotonic()
        name, event = request.headers["webhook-id"], await request.json()
        self.arrivals.setdefault(name, arrived)
        self.titles.setdefault(name, event["data"]["head"]["title"])
        self.times[name] = self.times.get(name, 0) + 1
        return web.Response(status=204)


async def until_polled(origin: Origin) -> None:
    """Return once every feed was polled, and polled again: from then on all is new."""
    while origin.requests < 2 * origin.feeds:  # noqa: ASYNC110 - a count in another task's hands, looked at ten times a second
        await asyncio.sleep(0.1)


async def publish_steadily(origin: Origin, *, per_second: float, seconds: float) -> None:
    """Publish at a steady rate; late wake-ups are caught up, so that the count is exact."""
    started, wanted = time.monotonic(), int(per_second * seconds)
    for number in range(wanted):
        await asyncio.sleep(max(0.0, started + number / per_second - time.monotonic()))
        origin.publish()
