"""A webhook on 127.0.0.1 that checks signatures by its own reading of Standard Webhooks, and keeps what came when."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

TOLERANCE_S = 300


@dataclass(frozen=True, slots=True)
class Received:
    """One request: when its first byte came (monotonic seconds), and what it held."""

    at: float
    webhook_id: str
    headers: dict[str, str]
    body: bytes
    signed: bool

    @property
    def event(self) -> Any:  # noqa: ANN401 - JSON
        """Return the CloudEvent."""
        return json.loads(self.body)


@dataclass
class WebhookSink:
    """Takes what comes. `faults` are met by the next requests, one each; else `choose` (id, how often it came) says.

    A fault is a status (`503/2`: with Retry-After 2), `hang`, `drop` (read, then broken off), `redirect` or `flood`.
    """

    keys: tuple[bytes, ...] = ()
    faults: list[str] = field(default_factory=list)
    always: str | None = None
    choose: Callable[[str, int], str | None] = lambda _id, _times: None
    received: list[Received] = field(default_factory=list)
    followed: int = 0
    port: int = 0
    slow_s: float = 0.0
    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/hook/{name}", self._take)
        app.router.add_route("*", "/elsewhere", self._elsewhere)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]  # aiohttp has no name for it
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner:
            await self._runner.cleanup()

    def url(self, name: str = "secret-path") -> str:
        """Return the address of one hook."""
        return f"http://127.0.0.1:{self.port}/hook/{name}"

    @property
    def allow(self) -> tuple[str, ...]:
        """Return what `allow_addresses` must hold."""
        return (f"127.0.0.1:{self.port}",)

    @property
    def ids(self) -> list[str]:
        """Return the webhook-ids in the order in which they came, twins included."""
        return [one.webhook_id for one in self.received]

    async def _take(self, request: web.Request) -> web.StreamResponse:
        at = time.monotonic()
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.received.append(Received(at, headers.get("webhook-id", ""), headers, body, self._is_signed(headers, body)))
        await asyncio.sleep(self.slow_s)
        name = headers.get("webhook-id", "")
        fault = self.faults.pop(0) if self.faults else self.always or self.choose(name, self.ids.count(name))
        return web.Response(text="thanks") if fault is None else await self._fail(request, fault)

    async def _fail(self, request: web.Request, fault: str) -> web.StreamResponse:
        match fault:
            case "hang":
                with suppress(asyncio.CancelledError):
                    await asyncio.sleep(30)
            case "drop":
                assert request.transport is not None
                request.transport.abort()
                raise asyncio.CancelledError
            case "redirect":
                return web.Response(status=307, headers={"Location": "/elsewhere"})
            case "flood":
                return web.Response(body=b"x" * 2_000_000)
        status, _, wait = fault.partition("/")
        return web.Response(status=int(status), headers={"Retry-After": wait} if wait else {})

    async def _elsewhere(self, request: web.Request) -> web.Response:  # noqa: ARG002 - a handler's signature
        self.followed += 1
        return web.Response()

    def _is_signed(self, headers: dict[str, str], body: bytes) -> bool:
        try:
            age_s = abs(time.time() - int(headers["webhook-timestamp"]))
            given = [part.split(",", 1) for part in headers["webhook-signature"].split(" ")]
        except (KeyError, ValueError):
            return False
        content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        right = {base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode() for key in self.keys}
        return age_s < TOLERANCE_S and any(version == "v1" and value in right for version, value in given)
