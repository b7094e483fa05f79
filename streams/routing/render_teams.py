"""A notification as Microsoft Teams takes it: an Adaptive Card of text runs, in which Teams reads no markup.

Text blocks and facts of a card are read as Markdown, text runs are not: a mark can lie in the middle of a word of a
script without spaces, and no headline can make a link, a list or a heading. A mention would need an entity of the
card beside its `<at>`; no card has any, and `<at>` is taken apart all the same.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from types import MappingProxyType

from pydantic import JsonValue

from streams.alerts.alert import DeskAlert
from streams.ids import DeliveryId
from streams.latency import Ledger
from streams.matching.rule import Urgency
from streams.routing.digest import Digest, DigestItem
from streams.routing.notification import UnlessAcked
from streams.routing.render import Notice, notice
from streams.routing.render_digest import FEWER_ITEMS, counted, item_time, opening
from streams.routing.render_text import Piece, calm, shortened

# Teams refuses more than 28,672 bytes, in which it counts the card as a string within JSON: each quote is two bytes
# there. Workflows answers 202 before that is known, so nobody would hear of it (MicrosoftDocs/msteams-docs#11274).
MESSAGE_BYTES = 28_000
SHORT_CHARS = 200
CARD_TYPE = "application/vnd.microsoft.card.adaptive"
STYLES = MappingProxyType({Urgency.FLASH: "attention", Urgency.URGENT: "warning", Urgency.ROUTINE: "accent"})
_READ = re.compile(r"<(?=/?at)|\{(?=\{)", re.IGNORECASE)  # mentions and attachments; {{DATE(...)}} and {{TIME(...)}}
_INSTEAD = MappingProxyType({"<": "\u2039", "{": "{\u2060"})
Element = dict[str, JsonValue]


def teams_message(
    alert: DeskAlert, ledger: Ledger, *, delivery_id: DeliveryId, unless_acked: UnlessAcked | None = None
) -> bytes:
    """Return the body of a message: a card of at most 28 kB, the same bytes at every attempt.

    One that is larger loses, step by step, what is least needed: marks in the lead, long reasons, marks in the
    headline, the lead, the link. `id` of its first element is the delivery id, by which a flow can drop what it knows.
    """
    said = notice(alert, ledger, unless_acked)
    body = _notice_card(said, delivery_id)
    for lessen in _LESS:
        if _counted_bytes(body) <= MESSAGE_BYTES:
            return body
        said = lessen(said)
        body = _notice_card(said, delivery_id)
    return body


def digest_teams(digest: Digest) -> bytes:
    """Return the body of a message that tells a digest: one card of at most 28 kB, with fewer headlines if need be."""
    bodies = (_digest_card(digest, most) for most in FEWER_ITEMS)
    return next((body for body in bodies if _counted_bytes(body) <= MESSAGE_BYTES), _digest_card(digest, 0))


def harmless(text: str) -> str:
    """Return the text without what a card reads in text runs: mentions, attachments, dates and times."""
    return _READ.sub(lambda sign: _INSTEAD[sign[0]], calm(text))


def _counted_bytes(body: bytes) -> int:
    return len(json.dumps(body.decode("ascii")))


def _notice_card(said: Notice, delivery_id: DeliveryId) -> bytes:
    facts = [*([f"New: {said.news}"] if said.news else []), *(f"Why {reason}" for reason in said.why)]
    return _message(
        [
            _banner(delivery_id, said.urgency, " · ".join(filter(None, (said.tag, said.publisher)))),
            *([_rich([_run(said.step_up, weight="Bolder")])] if said.step_up else []),
            _headline(said),
            *([_rich(_runs(said.lead))] if said.lead else []),
            *(_small(text) for text in (*facts, said.sources, said.took)),
        ],
        [_open(said.link, f"Read at {said.publisher}")] if said.link else [],
    )


def _digest_card(digest: Digest, most: int) -> bytes:
    shown = digest.items[:most]
    more = len(digest.members) - len(shown)
    return _message(
        [
            _banner(digest.digest_id, next(iter(digest.counts)), opening(digest)),
            _small(counted(digest)),
            *(_item(item, digest) for item in shown),
            *([_small(f"and {more} more")] if more else []),
        ],
        [],
    )


def _message(body: Sequence[Element], actions: Sequence[Element]) -> bytes:
    card: Element = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": list(body),
        **({"actions": list(actions)} if actions else {}),
    }
    return json.dumps({"type": "message", "attachments": [{"contentType": CARD_TYPE, "content": card}]}).encode()


def _banner(name: DeliveryId, urgency: Urgency, text: str) -> Element:
    """Return the strip that shows the urgency by its colour, and in words for those who see none."""
    line = _rich([_run(text, weight="Bolder")])
    return {"type": "Container", "id": name, "style": STYLES[urgency], "bleed": True, "items": [line]}


def _headline(said: Notice) -> Element:
    items: list[JsonValue] = [_rich(_runs(said.title, size="Large"))]
    link: Element = {"selectAction": _open(said.link, f"Read at {said.publisher}")} if said.link else {}
    return {"type": "Container", **link, "items": items}


def _item(item: DigestItem, digest: Digest) -> Element:
    link: Element = {"selectAction": _open(item.url, f"Read at {item.publisher}")} if item.url else {}
    before = _run(f"{item_time(item, digest)} {item.tag} {item.publisher}: ")
    return _rich([before, _run(item.title, weight="Bolder") | link])


def _open(url: str, title: str) -> Element:
    return {"type": "Action.OpenUrl", "title": harmless(title), "url": url}


def _small(text: str) -> Element:
    return _rich([_run(text, size="Small", isSubtle=True)]) | {"spacing": "Small"}


def _rich(runs: Iterable[Element]) -> Element:
    return {"type": "RichTextBlock", "inlines": list(runs)}


def _runs(text: Iterable[Piece], **style: JsonValue) -> Iterator[Element]:
    for piece in text:
        marks: Element = {"weight": "Bolder", "highlight": True} if piece.marked else {}
        yield _run(piece.text, **style, **marks)


def _run(text: str, **style: JsonValue) -> Element:
    return {"type": "TextRun", "text": harmless(text), **style}


def _unmarked(text: Iterable[Piece]) -> tuple[Piece, ...]:
    return (Piece("".join(piece.text for piece in text)),)


def _short_words(said: Notice) -> Notice:
    return replace(
        said,
        why=tuple(shortened(reason, SHORT_CHARS) for reason in said.why[:1]),
        news=shortened(said.news, SHORT_CHARS),
    )


_LESS: tuple[Callable[[Notice], Notice], ...] = (
    lambda said: replace(said, lead=_unmarked(said.lead) if said.lead else ()),
    _short_words,
    lambda said: replace(said, title=_unmarked(said.title)),
    lambda said: replace(said, lead=()),
    lambda said: replace(said, link=None),
)
