"""A notification as Slack takes it: blocks without markup, so that no headline can ping or break the layout."""

from collections.abc import Iterable, Mapping, Sequence

from pydantic import JsonValue

from streams.alerts.alert import DeskAlert
from streams.ids import DeliveryId
from streams.latency import Ledger
from streams.routing.notification import UnlessAcked
from streams.routing.render import Notice, notice, sources_line
from streams.routing.render_text import Piece, calm, plain, shortened

HEADER_CHARS, TEXT_CHARS, CONTEXT_CHARS = 150, 3_000, 1_900
SOURCES_BLOCK = "tocsin-sources"
EVENT_TYPE = "tocsin_alert"
Payload = dict[str, JsonValue]


def slack_message(
    alert: DeskAlert, ledger: Ledger, *, delivery_id: DeliveryId, unless_acked: UnlessAcked | None = None
) -> Payload:
    """Return what `chat.postMessage` takes but channel and thread: text, blocks and metadata.

    Headline, marks and reasons are rich text and plain text: Slack reads no markup there. The one text that it
    does read, `text` (shown in push messages), is escaped. Far below 50 blocks and 12,000 characters.
    """
    said = notice(alert, ledger, unless_acked)
    return {
        "text": escaped(f"{said.tag}: {said.headline}")[:TEXT_CHARS],
        "blocks": slack_blocks(said),
        "metadata": {
            "event_type": EVENT_TYPE,
            "event_payload": {
                "delivery_id": delivery_id,
                "story_id": alert.story_id,
                "event_id": alert.event_id,
                "revision": alert.head.revision,
            },
        },
        "unfurl_links": False,
        "unfurl_media": False,
        "link_names": False,
        "parse": "none",
    }


def slack_blocks(said: Notice) -> list[JsonValue]:
    """Return header, of a step up its reason, marked text, reasons, sources and latency, and the link."""
    text = [*_runs(said.title, bold=True)]
    if said.lead:
        text += [_run("\n"), *_runs(said.lead)]
    news = [f"New: {said.news}"] if said.news else []
    return [
        {"type": "header", "text": _plain_text(f"{said.tag} · {said.headline}", HEADER_CHARS)},
        *([_context("tocsin-step-up", said.step_up)] if said.step_up else []),
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": text}]},
        _context("tocsin-why", "\n".join([*news, *(f"Why {reason}" for reason in said.why)]) or "Why: no rule"),
        sources_block(said.sources),
        _context("tocsin-took", said.took),
        *([_link(said.link, said.publisher)] if said.link else []),
    ]


def sources_block(line: str) -> JsonValue:
    """Return the block that names the sources: the only one that a confirmation changes."""
    return _context(SOURCES_BLOCK, line)


def with_sources(blocks: Sequence[JsonValue], alert: DeskAlert) -> list[JsonValue] | None:
    """Return the blocks of a root message with the sources of a later alert, or None if it has no such block."""
    places = [place for place, block in enumerate(blocks) if _block_id(block) == SOURCES_BLOCK]
    if not places:
        return None
    return [*blocks[: places[0]], sources_block(sources_line(alert)), *blocks[places[0] + 1 :]]


def escaped(text: str) -> str:
    """Return the text for a place where Slack reads markup: `& < >` escaped, and nothing left to format with.

    A mention, a link and a date all need `<`; bold, italic, strike and code need their sign at a word's edge,
    which a word joiner takes away.
    """
    harmless = plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\u2060{sign}" if sign in "*_~`" else sign for sign in harmless)


def metadata_ids(messages: Iterable[JsonValue]) -> Mapping[str, str]:
    """Return delivery id to message `ts` of every message that carries our metadata (a read-back's answer)."""
    found: dict[str, str] = {}
    for message in messages:
        carried = _at(_at(_at(message, "metadata"), "event_payload"), "delivery_id")
        sent_at = _at(message, "ts")
        if isinstance(carried, str) and isinstance(sent_at, str):
            found[carried] = sent_at
    return found


def _at(value: JsonValue, name: str) -> JsonValue:
    return value.get(name) if isinstance(value, dict) else None


def _block_id(block: JsonValue) -> JsonValue:
    return _at(block, "block_id")


def _plain_text(text: str, most: int) -> JsonValue:
    return {"type": "plain_text", "text": shortened(calm(text), most), "emoji": False}


def _context(block_id: str, text: str) -> JsonValue:
    return {"type": "context", "block_id": block_id, "elements": [_plain_text(text, CONTEXT_CHARS)]}


def _runs(text: Iterable[Piece], *, bold: bool = False) -> list[JsonValue]:
    return [_run(piece.text, bold=bold or piece.marked, code=piece.marked) for piece in text]


def _run(text: str, *, bold: bool = False, code: bool = False) -> JsonValue:
    style: JsonValue = {name: True for name, on in (("bold", bold), ("code", code)) if on}
    run: Payload = {"type": "text", "text": calm(text)}
    return run | {"style": style} if style else run


def _link(url: str, publisher: str) -> JsonValue:
    link: JsonValue = {"type": "link", "url": url, "text": f"Read at {calm(publisher)}"}
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [link]}]}
