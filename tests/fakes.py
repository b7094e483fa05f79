"""A real feed origin on 127.0.0.1 with scripted answers, and a clock that stands still."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

from aiohttp import web

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@dataclass
class FixedClock:
    """Says the same time until it is moved."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> datetime:
        """Move the clock on, and return what it says then."""
        self.now += timedelta(seconds=seconds)
        return self.now


@dataclass(frozen=True)
class Answer:
    """One scripted answer. With an etag, a request that brings it back gets a 304."""

    body: bytes | str = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str | None = None
    last_modified: str | None = None
    send: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None


@dataclass(frozen=True)
class Asked:
    """One request as the origin saw it; `at_s` is the event loop's time."""

    path: str
    headers: Mapping[str, str]
    at_s: float


class FeedOrigin:
    """Serves each path its script: the answers in order, the last one for ever. An unknown path is a 404."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.host = host
        self.asked: list[Asked] = []
        self._scripts: dict[str, list[Answer]] = {}
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port)
        await site.start()
        self.port = int(self._runner.addresses[0][1])
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def address(self) -> str:
        """Return `host:port`, as the guard's allow-list wants it."""
        return f"{self.host}:{self.port}"

    def url(self, path: str) -> str:
        """Return the URL of a path."""
        return f"http://{self.address}{path}"

    def script(self, path: str, *answers: Answer) -> str:
        """Set what a path answers, and return its URL."""
        self._scripts[path] = list(answers)
        return self.url(path)

    def requests(self, path: str) -> list[Asked]:
        """Return the requests for a path so far."""
        return [asked for asked in self.asked if asked.path == path]

    async def wait_for(self, path: str, count: int, *, timeout_s: float = 10.0) -> list[Asked]:
        """Return the requests for a path once there are so many."""
        async with asyncio.timeout(timeout_s):
            while len(self.requests(path)) < count:  # noqa: ASYNC110 - a test watches from outside
                await asyncio.sleep(0.01)
        return self.requests(path)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(Asked(request.path, dict(request.headers), asyncio.get_running_loop().time()))
        script = self._scripts.get(request.path)
        if not script:
            return web.Response(status=404)
        answer = script.pop(0) if len(script) > 1 else script[0]
        if answer.send is not None:
            return await answer.send(request)
        return _response(request, answer)


def _response(request: web.Request, answer: Answer) -> web.Response:
    headers = {"Content-Type": "application/rss+xml", **answer.headers}
    if answer.etag is not None:
        headers["ETag"] = answer.etag
    if answer.last_modified is not None:
        headers["Last-Modified"] = answer.last_modified
    same = answer.etag is not None and request.headers.get("If-None-Match") == answer.etag
    if same:
        return web.Response(status=304, headers=headers)
    body = answer.body.encode() if isinstance(answer.body, str) else answer.body
    return web.Response(status=answer.status, headers=headers, body=body)


@dataclass(frozen=True)
class FeedItem:
    """An item for `rss`; a date of None is left out."""

    guid: str
    title: str
    text: str = ""
    link: str | None = None
    published: datetime | None = START


def rss(items: Sequence[FeedItem], *, more: str = "") -> bytes:
    """Return an RSS 2.0 document with the items."""
    written = "".join(_item(item) for item in items)
    head = f"<title>Fake</title><link>http://fake.test/</link><description>fake</description>{more}"
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>{head}{written}</channel></rss>'.encode()


def _item(item: FeedItem) -> str:
    link = f"http://fake.test/{item.guid}" if item.link is None else item.link
    date = f"<pubDate>{item.published:%a, %d %b %Y %H:%M:%S} GMT</pubDate>" if item.published else ""
    return (
        f'<item><guid isPermaLink="false">{item.guid}</guid><title>{item.title}</title><link>{link}</link>'
        f"<description>{item.text}</description>{date}</item>"
    )


def gzip_bomb(size_bytes: int = 2**30) -> Answer:
    """Return an answer of about a thousandth of the size that it inflates to."""
    member = gzip.compress(bytes(2**24), 9)
    body = member * (size_bytes // 2**24)
    return Answer(body, headers={"Content-Encoding": "gzip"})


def slow_loris(pause_s: float) -> Answer:
    """Return an answer that drips one byte after each pause, without end."""

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/rss+xml"})
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(pause_s)

    return Answer(send=drip)


def endless() -> Answer:
    """Return an answer of zeros that never ends."""

    async def pour(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(bytes(2**16))

    return Answer(send=pour)


def redirect(location: str, *, status: int = 301) -> Answer:
    """Return a redirect."""
    return Answer(status=status, headers={"Location": location})
