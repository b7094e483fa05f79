"""One HTTP client for feeds: what goes wrong outside is a value, and every limit counts as the bytes come in."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from importlib.metadata import version
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import aiohttp

from agents.net import address_guard
from agents.net.address_guard import AddressRefusedError, connector
from agents.net.inflate import BadEncodingError, Inflater, TooLargeError

TOTAL_S, CONNECT_S, READ_S = 20.0, 5.0, 10.0
MOST_BYTES = 10 * 2**20
MOST_REDIRECTS = 5
CHUNK_BYTES = 64 * 2**10
PERMANENT = frozenset({301, 308})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)
ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"


class FetchTrouble(StrEnum):
    """Why there is no answer."""

    TIMEOUT = "timeout"
    CONNECT_ERROR = "connect_error"
    REFUSED_ADDRESS = "refused_address"
    TOO_LARGE = "too_large"
    BAD_ANSWER = "bad_answer"
    TOO_MANY_REDIRECTS = "too_many_redirects"


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """What to ask for; validators go out verbatim, quotes and all. `authorization` never crosses an origin."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
    authorization: str | None = field(default=None, repr=False)

    @property
    def conditional(self) -> bool:
        """Return whether the answer may be that nothing changed."""
        return bool(self.etag or self.last_modified)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """An answer, whatever its status. `url` is where it came from, `moved_to` where permanent redirects led."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    url: str
    moved_to: str | None
    started_at: datetime
    answered_at: datetime

    @property
    def content_type(self) -> str:
        """Return the header Content-Type, or an empty string."""
        return self.headers.get("Content-Type", "")

    @property
    def max_age_s(self) -> float | None:
        """Return max-age of Cache-Control (seconds), or None."""
        found = _MAX_AGE.search(self.headers.get("Cache-Control", ""))
        return float(found[1]) if found else None

    @property
    def retry_after_s(self) -> float | None:
        """Return Retry-After (seconds from the answer), given as seconds or as a date; None if absent or unreadable."""
        return retry_after_s(self.headers.get("Retry-After", ""), now=self.answered_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchProblem:
    """No answer, and why."""

    trouble: FetchTrouble
    detail: str
    started_at: datetime
    answered_at: datetime


def retry_after_s(text: str, *, now: datetime) -> float | None:
    """Return how long a server wants to be left alone (seconds), from RFC 9110's two forms."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return max((until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds(), 0.0)


def user_agent(contact: str | None) -> str:
    """Return name, version and contact, as polite pollers give them."""
    return f"tocsin/{version('tocsin')}" + (f" ({contact})" if contact else "")


def _now() -> datetime:
    return datetime.now(UTC)


class Fetcher:
    """The client. It keeps no cookies, sends no referrer, reads no proxy settings; use it as a context."""

    def __init__(
        self,
        *,
        contact: str | None = None,
        allow: Collection[str] = (),
        total_s: float = TOTAL_S,
        read_s: float = READ_S,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._agent = user_agent(contact)
        self._allow = allow
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=read_s)
        self._total_s = total_s
        self._clock = clock
        self._hosts: dict[str, asyncio.Semaphore] = {}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def open(self) -> None:
        """Open the client; it connects when it is first asked."""
        self._session = aiohttp.ClientSession(
            connector=connector(self._allow),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=self._timeout,
            headers={"User-Agent": self._agent, "Accept": ACCEPT, "Accept-Encoding": "gzip, deflate", "A-IM": "feed"},
        )

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection; may be called twice."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def get(self, request: FetchRequest) -> Fetched | FetchProblem:
        """Return the answer to a GET after at most 5 redirects, or why there is none; 20 s at most in all.

        Waiting for one of the host's two connections doesn't count: the clock starts with the request.
        """
        async with self._turn(request.url):
            started = self._clock()
            try:
                async with asyncio.timeout(self._total_s):
                    return await self._follow(request, started)
            except (aiohttp.ClientError, OSError, ValueError, TooLargeError, BadEncodingError) as err:
                trouble, detail = _trouble_of(err), f"{type(err).__name__}: {err}"[:200]
                return FetchProblem(trouble=trouble, detail=detail, started_at=started, answered_at=self._clock())

    @asynccontextmanager
    async def _turn(self, url: str) -> AsyncIterator[None]:
        """Hold one of the two places at a host."""
        place = urlsplit(url).netloc
        async with self._hosts.setdefault(place, asyncio.Semaphore(address_guard.CONNECTIONS_A_HOST)):
            yield

    async def _follow(self, request: FetchRequest, started: datetime) -> Fetched | FetchProblem:
        moved_to, permanent = None, True
        for _ in range(MOST_REDIRECTS + 1):
            answer = await self._ask(request, started)
            location = answer.headers.get("Location", "")
            if answer.status not in REDIRECTS or not location:
                return replace(answer, moved_to=moved_to)
            url = urljoin(request.url, location)
            if urlsplit(url).scheme not in {"http", "https"}:
                raise AddressRefusedError(urlsplit(url).scheme, 0)
            permanent = permanent and answer.status in PERMANENT
            moved_to = url if permanent else moved_to
            request = _redirected(request, url)
        return FetchProblem(
            trouble=FetchTrouble.TOO_MANY_REDIRECTS,
            detail=f"more than {MOST_REDIRECTS} redirects",
            started_at=started,
            answered_at=self._clock(),
        )

    async def _ask(self, request: FetchRequest, started: datetime) -> Fetched:
        if self._session is None:
            raise ValueError("the fetcher is used outside of its context")
        given = {
            "If-None-Match": request.etag,
            "If-Modified-Since": request.last_modified,
            "Authorization": request.authorization,
        }
        async with self._session.get(
            request.url,
            headers={name: value for name, value in given.items() if value},
            allow_redirects=False,
        ) as response:
            wanted = response.status not in REDIRECTS and response.status < HTTP_ERRORS
            body = await _read(response) if wanted else b""
            return Fetched(
                status=response.status,
                headers=response.headers,
                body=body,
                url=request.url,
                moved_to=None,
                started_at=started,
                answered_at=self._clock(),
            )


HTTP_ERRORS = 400


def _redirected(request: FetchRequest, url: str) -> FetchRequest:
    """Return the request at another address; validators stay, for they are the answer's at the end of the chain."""
    same = origin_of(url) == origin_of(request.url)
    return replace(request, url=url, authorization=request.authorization if same else None)


def origin_of(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port (RFC 6454). Raises: ValueError for a port that is none."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Return the body, decompressed, counted chunk by chunk. Raises: TooLargeError, BadEncodingError."""
    if response.content_length is not None and response.content_length > MOST_BYTES:
        raise TooLargeError(MOST_BYTES)
    inflater = Inflater(response.headers.get("Content-Encoding", ""), most_bytes=MOST_BYTES)
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        for _ in inflater.feed(chunk):
            await asyncio.sleep(0)
    return inflater.end()


def _trouble_of(err: Exception) -> FetchTrouble:
    cause = err.os_error if isinstance(err, aiohttp.ClientConnectorError) else err
    if isinstance(cause, AddressRefusedError) or "is not a public address" in str(cause):
        return FetchTrouble.REFUSED_ADDRESS
    if isinstance(err, TimeoutError):
        return FetchTrouble.TIMEOUT
    if isinstance(err, TooLargeError):
        return FetchTrouble.TOO_LARGE
    broken = (aiohttp.ClientPayloadError, aiohttp.ClientResponseError, aiohttp.InvalidURL, ValueError, BadEncodingError)
    return FetchTrouble.BAD_ANSWER if isinstance(err, broken) else FetchTrouble.CONNECT_ERROR
