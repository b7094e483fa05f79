"""A notification as PagerDuty takes it: a trigger of Events API v2, without the routing key, which is a secret."""

from collections.abc import Sequence
from types import MappingProxyType

from pydantic import JsonValue

from streams.latency import STAGES, Ledger
from streams.matching.match import Span
from streams.matching.rule import Urgency
from streams.routing.digest import Digest
from streams.routing.notification import Delivery
from streams.routing.render import Notice, notice
from streams.routing.render_digest import counted, item_time, opening
from streams.routing.render_text import calm, plain, shortened

SUMMARY_CHARS, WORD_CHARS, MOST_SPANS, MOST_LINKS = 1_024, 60, 20, 10
LOUD = "broadcast"
SEVERITIES = MappingProxyType({Urgency.FLASH: "critical", Urgency.URGENT: "error", Urgency.ROUTINE: "info"})
Event = dict[str, JsonValue]


def pagerduty_event(delivery: Delivery, ledger: Ledger) -> Event:
    """Return the trigger: summary of at most 1,024 characters, severity by urgency, and what led to it as details.

    There is no `resolve`, not even for an article that was withdrawn: a resolve closes the incident without a page,
    whoever acted on the report has to hear of it, and whether that ends the matter is for a person to say.
    """
    alert, said = delivery.alert, notice(delivery.alert, ledger, delivery.unless_acked)
    words = (said.tag, said.publisher, said.headline)
    return {
        "event_action": "trigger",
        "dedup_key": dedup_key(delivery),
        "client": "tocsin",
        "payload": {
            "summary": shortened(calm(": ".join(filter(None, words))), SUMMARY_CHARS),
            "source": calm(said.publisher) or "tocsin",
            "severity": SEVERITIES[said.urgency],
            "timestamp": alert.head.fetched_at.isoformat(),
            "group": delivery.desk,
            "class": alert.told_as.value,
            "custom_details": _details(delivery, said, ledger),
        },
        "links": [{"href": said.link, "text": calm(f"Read at {said.publisher}")}] if said.link else [],
    }


def dedup_key(delivery: Delivery) -> str:
    """Return the key by which PagerDuty knows an open incident: one for each story of a desk.

    It depends on what is told alone, never on the attempt: one that is repeated because nobody knows whether it
    arrived falls onto the incident that it opened. So do the story's updates, which are then lines of its log; an
    update after somebody resolved it opens it anew. What is told loudly (a correction, a withdrawal, a step up: see
    `relations` in routes.yaml) must page even whoever acknowledged the story: its key ends with the delivery id.
    """
    story = f"tocsin/{delivery.desk}/{delivery.alert.story_id}"
    return f"{story}/{delivery.delivery_id}" if delivery.manner == LOUD else story


def digest_pagerduty(digest: Digest) -> Event:
    """Return the trigger that tells a digest: one incident, of the severity of its most urgent member.

    Its key is the digest's id, equal for equal members.
    """
    lines = [f"{item_time(item, digest)} {item.tag} {item.publisher}: {item.title}" for item in digest.items]
    links = [(item.url, item.title) for item in digest.items if item.url]
    return {
        "event_action": "trigger",
        "dedup_key": f"tocsin/{digest.desk}/digest/{digest.digest_id}",
        "client": "tocsin",
        "payload": {
            "summary": f"{opening(digest)} ({counted(digest)})",
            "source": "tocsin",
            "severity": SEVERITIES[next(iter(digest.counts))],
            "timestamp": digest.until.isoformat(),
            "group": digest.desk,
            "class": "digest",
            "custom_details": {
                "alerts": [calm(line) for line in lines],
                "more": digest.more,
                "delivery": digest.digest_id,
            },
        },
        "links": [{"href": url, "text": calm(title)} for url, title in links[:MOST_LINKS]],
    }


def _details(delivery: Delivery, said: Notice, ledger: Ledger) -> JsonValue:
    """Return what PagerDuty shows as a table: all of it text on one line each, times in milliseconds, None unknown."""
    alert = delivery.alert
    return {
        **({"step_up": calm(said.step_up)} if said.step_up else {}),
        "headline": calm(said.headline),
        "lead": calm("".join(piece.text for piece in said.lead)),
        "rules": [calm(reason) for reason in said.why],
        "matched": _matched(alert.spans),
        "new": calm(said.news),
        "sources": calm(said.sources),
        "took": said.took,
        "hops_ms": {name: _rounded(ledger.spent_ms(name)) for name in STAGES},
        "link": said.link,
        "story": alert.story_id,
        "event": alert.event_id,
        "revision": alert.head.revision,
        "delivery": delivery.delivery_id,
    }


def _matched(spans: Sequence[Span]) -> list[JsonValue]:
    return [_span(span) for span in spans[:MOST_SPANS]]


def _span(span: Span) -> JsonValue:
    surface = calm(shortened(plain(span.surface[: 4 * WORD_CHARS]), WORD_CHARS))
    return {"in": span.field, "text": surface, **({"entity": span.entity_id} if span.entity_id else {})}


def _rounded(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 1)
