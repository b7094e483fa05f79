"""A digest as Slack, a webhook and a terminal take it. No text of it holds markup of any of them."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from pydantic import JsonValue

from streams.ids import DeliveryId
from streams.routing.digest import Digest, DigestItem
from streams.routing.render_console import COLOURS, INDENT, LEAST_WIDTH, RESET
from streams.routing.render_event import BODY_BYTES
from streams.routing.render_slack import HEADER_CHARS, TEXT_CHARS, Payload, escaped
from streams.routing.render_text import calm, shortened
from streams.routing.render_width import cut

OPENINGS = MappingProxyType(
    {
        "expired": "While this channel could not be reached, {} expired",
        "fallback": "{} that another channel did not take",
        "storm": "Storm: {} at once, told together",
        "schedule": "Digest of {}",
    }
)
LINKS_CHARS = 6_000  # of a message, which may have 12,000 characters in all; the headlines take 5,000 at most
EVENT_TYPE = "tocsin_digest"
SHORT_ID = 10  # 40 bits of a member's id: the metadata of a message holds 300 of them in 3.3 kB
FEWER_ITEMS = (20, 15, 10, 5, 2)


def opening(digest: Digest) -> str:
    """Return why there is a digest, and of how many alerts."""
    count = len(digest.members)
    return OPENINGS.get(digest.cause, "Digest of {}").format("1 alert" if count == 1 else f"{count} alerts")


def counted(digest: Digest) -> str:
    """Return how many of each urgency there are, and from when to when they came."""
    counts = ", ".join(f"{count} {urgency}" for urgency, count in digest.counts.items())
    until = f"{digest.until:%H:%M}" if digest.since.date() == digest.until.date() else f"{digest.until:%m-%d %H:%M}"
    return f"{counts}; {digest.since:%Y-%m-%d %H:%M} to {until} UTC"


def digest_lines(digest: Digest, *, at: datetime, styled: bool, width: int | None = None) -> tuple[str, ...]:
    """Return the lines that a terminal shows, of `width` columns if that is known; a link is never cut."""
    room = width - 1 if width is not None and width >= LEAST_WIDTH else None
    lines = [f"{at:%H:%M:%S} DIGEST {opening(digest)}", INDENT + counted(digest)]
    for item in digest.items:
        line = _cut(f"{INDENT}{item_time(item, digest)} {item.tag} {item.publisher}: {item.title}", room)
        tag = f"{COLOURS[item.urgency]}{item.tag}{RESET}"
        lines += [line.replace(item.tag, tag, 1) if styled else line, *([INDENT + item.url] if item.url else [])]
    more = [f"{INDENT}and {digest.more} more"] if digest.more else []
    return (*(_cut(line, room) for line in lines[:2]), *lines[2:], *more, *([] if width is None else [""]))


def digest_slack(digest: Digest) -> Payload:
    """Return what `chat.postMessage` takes but the channel: rich text and plain text, where Slack reads no markup."""
    return {
        "text": escaped(opening(digest))[:TEXT_CHARS],
        "blocks": [
            {"type": "header", "text": _plain_text(opening(digest), HEADER_CHARS)},
            {"type": "context", "elements": [_plain_text(counted(digest), TEXT_CHARS)]},
            {"type": "rich_text", "elements": list(_sections(digest))},
        ],
        "metadata": {
            "event_type": EVENT_TYPE,
            "event_payload": {
                "delivery_id": digest.digest_id,
                "desk": digest.desk,
                "members": " ".join(member[:SHORT_ID] for member in digest.members),
            },
        },
        "unfurl_links": False,
        "unfurl_media": False,
        "link_names": False,
        "parse": "none",
    }


def members_shown(messages: Iterable[JsonValue], members: Sequence[DeliveryId]) -> tuple[str, frozenset[DeliveryId]]:
    """Return the `ts` of a message that tells some of the members, and which; of several the one that tells most.

    Empty if there is none. The messages are a read-back's answer, with their metadata.
    """
    found: tuple[str, frozenset[DeliveryId]] = ("", frozenset())
    for message in messages:
        match message:
            case {"ts": str(sent_at), "metadata": {"event_type": "tocsin_digest", "event_payload": {"members": told}}}:
                names = set(str(told).split())
                shown = frozenset(member for member in members if member[:SHORT_ID] in names)
                found = max(found, (sent_at, shown), key=lambda each: len(each[1]))
    return found


def digest_event(members_of: Digest, *, time: datetime) -> bytes:
    """Return the body of a webhook: a CloudEvent of at most 20 kB, with fewer headlines if they are long.

    `id` is the digest's: the same at every attempt as long as it has the same members.
    """
    bodies = (_event(members_of, time, most) for most in FEWER_ITEMS)
    return next((body for body in bodies if len(body) <= BODY_BYTES), _event(members_of, time, 0))


def _event(digest: Digest, time: datetime, most: int) -> bytes:
    told = digest.model_copy(update={"items": digest.items[:most]})
    event: Mapping[str, JsonValue] = {
        "specversion": "1.0",
        "id": digest.digest_id,
        "type": Digest.ce_type(),
        "source": f"/tocsin/desks/{digest.desk}",
        "subject": digest.desk,
        "time": time.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "tocsinurgency": next(iter(digest.counts)).value,
        **({"tocsinshortened": True} if len(told.items) < len(digest.items) else {}),
    }
    envelope = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return envelope[:-1] + b',"data":' + told.to_json() + b"}"


def _sections(digest: Digest) -> Iterator[JsonValue]:
    left = LINKS_CHARS
    for item in digest.items:
        run: Payload = {"type": "text", "text": calm(item.title), "style": {"bold": True}}
        if item.url and len(item.url) <= left:
            left -= len(item.url)
            run = {"type": "link", "url": item.url, "text": calm(item.title)}
        before = f"{item_time(item, digest)} {item.tag} {calm(item.publisher)}: "
        yield {"type": "rich_text_section", "elements": [{"type": "text", "text": before}, run, _text("\n")]}
    if digest.more:
        yield {"type": "rich_text_section", "elements": [_text(f"and {digest.more} more")]}


def _text(text: str) -> JsonValue:
    return {"type": "text", "text": text}


def _plain_text(text: str, most: int) -> JsonValue:
    return {"type": "plain_text", "text": shortened(calm(text), most), "emoji": False}


def item_time(item: DigestItem, digest: Digest) -> str:
    """Return the time of day, with the date where the digest holds more than one (UTC)."""
    return f"{item.at:%H:%M}" if digest.since.date() == digest.until.date() else f"{item.at:%m-%d %H:%M}"


def _cut(line: str, room: int | None) -> str:
    return line if room is None else cut(line, room)
