"""What a process tells about itself on one small port: /metrics, /livez and /readyz.

The server is a thread of its own, on the standard library. On the process's loop it would fall silent with a blocked
loop, the very thing that /livez is to report, and a scrape (a few ms of text) would stand in the way of an alert.
"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from threading import Thread
from typing import ClassVar, TypeVar

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from streams.errors import UnavailableError

LIVE_WITHIN_S = 10.0
BEAT_EVERY_S = 1.0
ANSWER_WITHIN_S = 2.0  # how long a request waits for the loop; a scrape's own limit is 10 s
CLIENT_TIMEOUT_S = 5.0  # a client that says nothing is dropped
STOP_SEEN_WITHIN_S = 0.1
READY = "ready"

log = structlog.get_logger()
T = TypeVar("T")


class PortTakenError(UnavailableError):
    """The port for metrics can't be listened on; the message has the address, why, and the cure."""

    def __init__(self, host: str, port: int, why: str) -> None:
        self.port = port
        super().__init__(f"--metrics-port {host}:{port}: {why}; give another port, or 0 for a free one")


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request is answered with."""

    status: HTTPStatus
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Part:
    """Something that must be there before the process does its work."""

    ready: Callable[[], bool]
    waiting: str

    def state(self) -> str:
        """Return `ready`, or what the part waits for; a check that fails is a part that is not ready."""
        try:
            return READY if self.ready() else self.waiting
        except Exception as err:  # noqa: BLE001 - whatever is wrong with a part, the others are still shown
            return f"can't tell: {type(err).__name__}"


class Health:
    """The health of one process, served from `start()` to `stop()`; parts are named before or while it serves."""

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.host = host
        self.port = port
        self._registry = registry
        self._now = now
        self._beaten_at = now()
        self._parts: dict[str, Part] = {}
        self._refreshes: list[Callable[[], None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._heartbeat: asyncio.Task[None] | None = None
        self._server: Server | None = None

    def part(self, name: str, ready: Callable[[], bool], *, waiting: str) -> None:
        """Name a part of /readyz. `ready` runs on the process's loop; `waiting` is what is shown until it holds."""
        self._parts[name] = Part(ready, waiting)

    def at_scrape(self, refresh: Callable[[], None]) -> None:
        """Have gauges set (on the process's loop) just before they are read, such as the consumer's lag."""
        self._refreshes.append(refresh)

    async def start(self) -> None:
        """Serve; `port` is then the real one, and stands in the log. Raises: PortTakenError."""
        try:
            self._server = Server((self.host, self.port), self)
        except OSError as err:
            raise PortTakenError(self.host, self.port, err.strerror or str(err)) from err
        self.port = self._server.server_address[1]
        self._loop = asyncio.get_running_loop()
        self._heartbeat = asyncio.create_task(self._beat(), name="heartbeat")
        Thread(target=self._server.serve_forever, args=(STOP_SEEN_WITHIN_S,), name="health", daemon=True).start()
        log.info("health is served", address=f"{self.host}:{self.port}")

    async def stop(self) -> None:
        """Stop serving; may be called twice."""
        server, heartbeat = self._server, self._heartbeat
        self._server = self._heartbeat = None
        if server is not None:
            await asyncio.to_thread(server.shutdown)
            server.server_close()
        if heartbeat is not None:
            heartbeat.cancel()
            await asyncio.gather(heartbeat, return_exceptions=True)

    async def _beat(self) -> None:
        while True:
            self._beaten_at = self._now()
            await asyncio.sleep(BEAT_EVERY_S)

    def answer(self, path: str, accept: str = "") -> Answer:
        """Return the answer to one request, from the server's thread."""
        match path.partition("?")[0]:
            case "/metrics":
                return self._metrics(accept)
            case "/livez":
                return self._livez()
            case "/readyz":
                return self._readyz()
        return as_json(HTTPStatus.NOT_FOUND, {"paths": ["/metrics", "/livez", "/readyz"]})

    def _livez(self) -> Answer:
        age_s = self._now() - self._beaten_at
        live = age_s < LIVE_WITHIN_S
        return as_json(_status(good=live), {"live": live, "heartbeat_age_s": round(age_s, 1)})

    def _readyz(self) -> Answer:
        parts = self._on_loop(lambda: {name: part.state() for name, part in self._parts.items()})
        if parts is None:
            parts = {"loop": "does not answer"}
        ready = bool(parts) and all(state == READY for state in parts.values())
        return as_json(_status(good=ready), {"ready": ready, "parts": parts})

    def _metrics(self, accept: str) -> Answer:
        self._on_loop(self._refresh)  # a blocked loop leaves the last values, and its other metrics stay readable
        encode, content_type = choose_encoder(accept)
        return Answer(HTTPStatus.OK, content_type, encode(self._registry))

    def _refresh(self) -> None:
        for refresh in self._refreshes:
            try:
                refresh()
            except Exception:
                log.exception("a gauge could not be read")

    def _on_loop(self, work: Callable[[], T]) -> T | None:
        """Return what `work` returns, run on the process's loop where its data lives; None if the loop is blocked."""

        async def run() -> T:
            return work()

        if self._loop is None or self._loop.is_closed():
            return None
        asked = asyncio.run_coroutine_threadsafe(run(), self._loop)
        try:
            return asked.result(ANSWER_WITHIN_S)
        except TimeoutError:
            asked.cancel()
            return None


class Server(ThreadingTCPServer):
    """The listening socket. Not http.server's, which asks the name service for its own name before it listens."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, address: tuple[str, int], health: Health) -> None:
        self.health = health
        super().__init__(address, Request)

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 - the base class's
        """Note a client that went away; the default prints a stack trace on the terminal."""
        log.debug("a health request broke off")


class Request(BaseHTTPRequestHandler):
    """One request."""

    timeout: ClassVar[float] = CLIENT_TIMEOUT_S
    server: Server

    def do_GET(self) -> None:
        """Write the answer."""
        answer = self.server.health.answer(self.path, self.headers.get("Accept", ""))
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def version_string(self) -> str:
        """Return the Server header; the default tells the Python version to anyone."""
        return "tocsin"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Write nothing: a probe every few seconds is no news."""


def as_json(status: HTTPStatus, body: dict[str, object]) -> Answer:
    """Return an answer in JSON."""
    return Answer(status, "application/json", json.dumps(body).encode() + b"\n")


def _status(*, good: bool) -> HTTPStatus:
    return HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE
