"""PagerDuty's Events API v2 on 127.0.0.1: it checks each event by its own reading, and keeps the open incidents."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.support.bad_server import Asked, BadServer

ROUTING_KEY = "0123456789abcdef0123456789abcdef"
SEVERITIES = {"critical", "error", "warning", "info"}
SUMMARY_CHARS, DEDUP_CHARS, EVENT_BYTES = 1_024, 255, 512_000


@dataclass
class PagerDutySink(BadServer):
    """One integration. `incidents`: how many events each open incident has had; `opened`: how often each key opened."""

    events: list[Any] = field(default_factory=list)
    incidents: dict[str, int] = field(default_factory=dict)
    opened: Counter[str] = field(default_factory=Counter)

    @property
    def api_url(self) -> str:
        """Return the address that stands for https://events.pagerduty.com/v2/enqueue."""
        return self.url("v2/enqueue")

    async def answer(self, asked: Asked) -> web.StreamResponse:
        """Return 202 for a valid event, 400 with its errors for another."""
        event = json.loads(asked.body)
        if event.pop("routing_key", None) != ROUTING_KEY:
            return _invalid(["Invalid routing key"])
        if found := flaws(event):
            return _invalid(found)
        self._open(event)
        body = {"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]}
        return web.json_response(body, status=202)

    def resolve(self, key: str) -> None:
        """Resolve an incident, as a person does."""
        del self.incidents[key]

    def _open(self, event: Any) -> None:  # noqa: ANN401 - JSON
        key = event["dedup_key"]
        self.events.append(event)
        self.opened[key] += key not in self.incidents
        self.incidents[key] = self.incidents.get(key, 0) + 1


def flaws(event: Mapping[str, Any]) -> list[str]:
    """Return what PagerDuty would refuse an event for."""
    payload = event.get("payload", {})
    found = [f"'payload.{name}' is missing or blank" for name in ("summary", "source") if not payload.get(name)]
    if len(payload.get("summary", "")) > SUMMARY_CHARS or len(event.get("dedup_key", "")) > DEDUP_CHARS:
        found.append("a text is too long")
    if payload.get("severity") not in SEVERITIES:
        found.append("'payload.severity' is invalid")
    if event.get("event_action") != "trigger" or len(json.dumps(event)) > EVENT_BYTES:
        found.append("no event, or one that is too large")
    if any(not link["href"].startswith("http") for link in event.get("links", [])):
        found.append("'links' is invalid")
    return found


def _invalid(errors: list[str]) -> web.Response:
    body = {"status": "invalid event", "message": "Event object is invalid", "errors": errors}
    return web.json_response(body, status=400)
