"""A workflow of Microsoft Teams on 127.0.0.1: it answers 202, and judges each card by its own reading of the rules."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.support.bad_server import Asked, BadServer

MOST_BYTES = 28_672
CARD_TYPE = "application/vnd.microsoft.card.adaptive"
ELEMENTS = {
    "AdaptiveCard": {"$schema", "version", "msteams", "body", "actions"},
    "Container": {"id", "style", "bleed", "items", "selectAction"},
    "RichTextBlock": {"inlines", "spacing"},
    "TextRun": {"text", "weight", "size", "isSubtle", "highlight", "selectAction"},
    "Action.OpenUrl": {"title", "url"},
}


@dataclass
class TeamsSink(BadServer):
    """Takes cards. `flaws` are those of all of them; with `old` it answers as the connectors before workflows did."""

    cards: list[Any] = field(default_factory=list)
    flaws: list[str] = field(default_factory=list)
    old: bool = False

    async def answer(self, asked: Asked) -> web.StreamResponse:
        """Return 202 before anything was posted, as a workflow does."""
        self.flaws += flaws(asked.body)
        self.cards.append(json.loads(asked.body)["attachments"][0]["content"])
        return web.Response(text="1") if self.old else web.Response(status=202)


def counted_bytes(body: bytes) -> int:
    """Return the bytes as Teams counts them: the card stands as a string in JSON, each quote with a backslash."""
    return len(json.dumps(body.decode()))


def flaws(body: bytes) -> list[str]:
    """Return what is wrong with a message: its size, a mention, an element or property that a card may not have."""
    message = json.loads(body)
    (attachment,) = message["attachments"]
    found = [] if counted_bytes(body) <= MOST_BYTES else ["too large"]
    if message["type"] != "message" or attachment["contentType"] != CARD_TYPE:
        found.append("no card")
    if "entities" in attachment["content"].get("msteams", {}):
        found.append("a mention")
    return found + list(_flaws(attachment["content"]))


def _flaws(value: Any) -> Iterator[str]:  # noqa: ANN401 - walks JSON
    if isinstance(value, list):
        for each in value:
            yield from _flaws(each)
    elif isinstance(value, dict) and "type" in value:
        unknown = set(value) - ELEMENTS.get(value["type"], set()) - {"type"}
        if value["type"] not in ELEMENTS or unknown:
            yield f"{value['type']} with {sorted(unknown)}"
        if value["type"] == "TextRun" and not value["text"]:
            yield "an empty text"
        for each in value.values():
            yield from _flaws(each)
