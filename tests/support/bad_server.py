"""A server on 127.0.0.1 that answers a receiver's POST, or misbehaves as some do; a sink says what an answer is."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from aiohttp import web

HUGE_BYTES, CHUNK = 10_000_000_000, b"x" * 65_536
ERROR_TEXT = (
    "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error {} with ContextId x"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its path, headers in lower case, and body."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """Return all of it as one text, to look for a secret in."""
        return f"{self.path} {self.headers} {self.body.decode()}"


@dataclass
class BadServer:
    """Answers each POST with 200 and `ok`. `faults` are met by the next requests, one each, else `always`.

    A fault is a status (`503/2`: with Retry-After 2), `hang`, `drop` (read, then reset), `drop_after` (taken, then
    reset), `half` (a status, then reset), `redirect`, `endless` (10 GB), `says/413` (200 with the error of a service
    behind it as its text) or `json/{}`.
    """

    faults: list[str] = field(default_factory=list)
    always: str | None = None
    asked: list[Asked] = field(default_factory=list)
    followed: int = 0
    sent_bytes: int = 0
    closes: bool = False
    host: str = "127.0.0.1"
    port: int = 0
    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/elsewhere", self._elsewhere)
        app.router.add_post("/{path:.*}", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]  # aiohttp has no name for it
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner:
            await self._runner.cleanup()

    def url(self, path: str = "secret-path") -> str:
        """Return an address of this server."""
        return f"http://{self.host}:{self.port}/{path}"

    @property
    def allow(self) -> tuple[str, ...]:
        """Return what `allow_addresses` must hold."""
        return (f"{self.host}:{self.port}",)

    async def answer(self, asked: Asked) -> web.StreamResponse:  # noqa: ARG002 - a sink looks at it
        """Return the answer to a request that meets no fault."""
        return web.Response(text="ok")

    async def _take(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Asked(request.path, headers, await request.read())
        self.asked.append(asked)
        fault = self.faults.pop(0) if self.faults else self.always
        if fault == "drop_after":
            await self.answer(asked)
            return await _reset(request, begun=False)
        response = await self.answer(asked) if fault is None else await self._misbehave(request, fault)
        if self.closes:
            response.force_close()
        return response

    async def _misbehave(self, request: web.Request, fault: str) -> web.StreamResponse:
        kind, _, value = fault.partition("/")
        match kind:
            case "hang":
                with suppress(asyncio.CancelledError):
                    await asyncio.sleep(30)
            case "drop" | "half":
                return await _reset(request, begun=kind == "half")
            case "redirect":
                return web.Response(status=307, headers={"Location": "/elsewhere"})
            case "endless":
                return await self._endless(request)
            case "says" | "json":
                return web.Response(text=ERROR_TEXT.format(value) if kind == "says" else value)
        return web.Response(status=int(kind), headers={"Retry-After": value} if value else {})

    async def _endless(self, request: web.Request) -> web.StreamResponse:
        response = await _begun(request, HUGE_BYTES)
        while self.sent_bytes < HUGE_BYTES:
            await response.write(CHUNK)
            self.sent_bytes += len(CHUNK)
        return response

    async def _elsewhere(self, request: web.Request) -> web.Response:  # noqa: ARG002 - a handler's signature
        self.followed += 1
        return web.Response()


async def _begun(request: web.Request, length: int) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": str(length)})
    await response.prepare(request)
    return response


async def _reset(request: web.Request, *, begun: bool) -> web.StreamResponse:
    if begun:
        await _begun(request, 1_000)
    assert request.transport is not None
    request.transport.abort()
    raise asyncio.CancelledError
