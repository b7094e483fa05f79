"""Slack's Web API on 127.0.0.1, as strict as the real one: a message a second for each channel, 429, threads, edits.

It counts what a client must not do: calls inside a Retry-After, payloads over a limit, read methods called with JSON.
"""

import asyncio
import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl

from aiohttp import web

MOST_BLOCKS, HEADER_CHARS, TEXT_CHARS, ALL_CHARS = 50, 150, 3_000, 12_000
TOKEN = "xoxb-of-the-emulator"
INCOMING = "/services/T0/B0/secret"


@dataclass
class SlackEmulator:
    """A workspace. `faults` are met by the next calls, one each: an error code, `500`, `hang`, `drop` or `drop_after`.

    `drop_after` takes the message and breaks the connection; `drop` breaks it and takes nothing.
    """

    per_second: float = 1e9
    retry_after_s: int = 1
    faults: list[str] = field(default_factory=list)
    methods: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    answered_429: int = 0
    channels: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    port: int = 0
    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    _runner: web.AppRunner | None = None
    _sent_at: dict[str, float] = field(default_factory=dict)
    _closed_until: dict[str, float] = field(default_factory=dict)
    _clock: int = 0

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/api/{method}", self._api)
        app.router.add_post(INCOMING, self._incoming)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]  # aiohttp has no name for it
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner:
            await self._runner.cleanup()

    @property
    def api_url(self) -> str:
        """Return the address that stands for https://slack.com/api/."""
        return f"http://127.0.0.1:{self.port}/api/"

    @property
    def incoming_url(self) -> str:
        """Return the address of the incoming webhook."""
        return f"http://127.0.0.1:{self.port}{INCOMING}"

    @property
    def allow(self) -> tuple[str, ...]:
        """Return what `allow_addresses` must hold."""
        return (f"127.0.0.1:{self.port}",)

    def roots(self, channel: str) -> list[dict[str, Any]]:
        """Return the messages of a channel that are no replies."""
        return [
            message for message in self.channels[channel] if message.get("thread_ts", message["ts"]) == message["ts"]
        ]

    def replies(self, channel: str) -> list[dict[str, Any]]:
        """Return the replies of a channel."""
        return [
            message for message in self.channels[channel] if message.get("thread_ts", message["ts"]) != message["ts"]
        ]

    def delivery_ids(self, channel: str) -> list[str]:
        """Return the delivery ids of all messages of a channel, edits apart."""
        return [message["metadata"]["event_payload"]["delivery_id"] for message in self.channels[channel]]

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method, body = request.match_info["method"], await request.text()
        self.methods[method] += 1
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _no("invalid_auth")
        given = self.read(method, request.content_type, body)
        fault = self.faults.pop(0) if self.faults else None
        if fault and fault != "drop_after":
            return await self._fail(request, fault)
        answer = self.answer(method, given)
        return await self._fail(request, "drop") if fault else answer

    def answer(self, method: str, given: dict[str, Any]) -> web.Response:
        """Return the answer to a call that came with a good token."""
        channel = given.get("channel", "")
        if not channel.startswith("C"):
            return _no("channel_not_found")
        match method:
            case "chat.postMessage":
                return self._too_soon(channel) or self._post(channel, given)
            case "chat.update":
                return self._update(channel, given)
            case "conversations.history":
                return self._history(self.roots(channel), given)
            case "conversations.replies":
                thread = [one for one in self.channels[channel] if given["ts"] in (one["ts"], one.get("thread_ts"))]
                return self._history(thread, given, oldest_first=True) if thread else _no("thread_not_found")
        return _no("unknown_method")

    def read(self, method: str, content_type: str, body: str) -> dict[str, Any]:
        """Return the arguments of a call, and note one that came in the wrong form."""
        reads = method.startswith("conversations.")
        if reads != (content_type == "application/x-www-form-urlencoded"):
            self.violations.append(f"{method} called with {content_type}")
        if not reads:
            return dict(json.loads(body))
        return dict(parse_qsl(body))

    def _too_soon(self, channel: str) -> web.Response | None:
        now = self.clock()
        if now < self._closed_until.get(channel, 0.0):
            self.violations.append(f"called {channel} inside a Retry-After")
        if now - self._sent_at.get(channel, -1e9) >= 1 / self.per_second * 0.98:
            self._sent_at[channel] = now
            return None
        self.answered_429 += 1
        self._closed_until[channel] = now + self.retry_after_s * 0.98
        return web.json_response(
            {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": str(self.retry_after_s)}
        )

    def _post(self, channel: str, given: dict[str, Any]) -> web.Response:
        if wrong := _over_limits(given):
            self.violations.append(wrong)
            return _no("invalid_blocks")
        root = given.get("thread_ts")
        if root and root not in {message["ts"] for message in self.channels[channel]}:
            return _no("thread_not_found")
        self._clock += 1
        sent_at = f"{self.wall():.3f}{self._clock:03d}"
        self.channels[channel].append({**given, "ts": sent_at})
        return web.json_response({"ok": True, "channel": channel, "ts": sent_at})

    def _update(self, channel: str, given: dict[str, Any]) -> web.Response:
        for message in self.channels[channel]:
            if message["ts"] == given["ts"]:
                message |= {name: given[name] for name in ("text", "blocks") if name in given}
                message["edits"] = message.get("edits", 0) + 1
                return web.json_response({"ok": True, "ts": given["ts"]})
        return _no("message_not_found")

    def _history(
        self, messages: list[dict[str, Any]], given: dict[str, Any], *, oldest_first: bool = False
    ) -> web.Response:
        found = [message for message in messages if float(message["ts"]) >= float(given.get("oldest", 0))]
        ordered = found if oldest_first else found[::-1]
        begin, limit = int(given.get("cursor", 0)), int(given.get("limit", 100))
        shown = ordered[begin : begin + limit]
        if given.get("include_all_metadata") != "true":
            shown = [{name: value for name, value in message.items() if name != "metadata"} for message in shown]
        cursor = str(begin + limit) if begin + limit < len(ordered) else ""
        return web.json_response({"ok": True, "messages": shown, "response_metadata": {"next_cursor": cursor}})

    async def _fail(self, request: web.Request, fault: str) -> web.StreamResponse:
        if fault == "drop":
            assert request.transport is not None
            request.transport.abort()
            raise asyncio.CancelledError
        if fault == "hang":
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(30)
        if fault == "nonsense":
            return web.Response(text="<html>")
        return web.Response(status=int(fault)) if fault.isdigit() else _no(fault)

    async def _incoming(self, request: web.Request) -> web.StreamResponse:
        if self.faults:
            return web.Response(status=int(self.faults.pop(0)))
        self.channels["incoming"].append({**await request.json(), "ts": str(len(self.channels["incoming"]))})
        return web.Response(text="ok")


def _no(error: str) -> web.Response:
    return web.json_response({"ok": False, "error": error})


def _over_limits(given: dict[str, Any]) -> str | None:
    blocks = given.get("blocks", [])
    texts = list(_texts(blocks))
    header = next((block["text"]["text"] for block in blocks if block["type"] == "header"), "")
    if len(blocks) > MOST_BLOCKS or len(header) > HEADER_CHARS:
        return "blocks or header over the limit"
    if any(not 0 < len(text) <= TEXT_CHARS for text in texts) or sum(map(len, texts)) > ALL_CHARS:
        return "a text is empty or over the limit"
    return None


def _texts(value: Any) -> list[str]:  # noqa: ANN401 - walks JSON
    if isinstance(value, dict):
        own = [value["text"]] if isinstance(value.get("text"), str) else []
        return own + [text for each in value.values() for text in _texts(each)]
    return [text for each in value for text in _texts(each)] if isinstance(value, list) else []
