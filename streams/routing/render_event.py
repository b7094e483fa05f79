"""A notification as a webhook takes it: a CloudEvent in structured JSON with the desk's alert as data."""

import json
import math
from collections.abc import Callable, Mapping

from pydantic import JsonValue

from streams.alerts.alert import DeskAlert, event_type
from streams.ids import DeliveryId
from streams.latency import Hop, Ledger
from streams.routing.notification import UnlessAcked
from streams.routing.render import urgency_of

BODY_BYTES = 20_000
CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
SHORT_LEAD, SHORT_TITLE, SHORT_TEXT = 300, 300, 200
_TO_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def cloud_event(
    alert: DeskAlert, ledger: Ledger, *, delivery_id: DeliveryId, unless_acked: UnlessAcked | None = None
) -> bytes:
    """Return the body: the same bytes at every attempt, 20 kB at most.

    `id` is the delivery id, so a receiver drops what it knows. A larger alert loses, step by step, what is
    least needed, and then says so in `tocsinshortened`; title, url, rules' ids and ids always stay. A step up names
    in `tocsinunackedby` the desk where nobody acknowledged the story, in `tocsinunackedfor` the seconds that it had.
    """
    step_up = _step_up(unless_acked)
    body = _body(alert, ledger, delivery_id, step_up)
    for lessen in _LESS:
        if len(body) <= BODY_BYTES:
            return body
        alert = lessen(alert)
        body = _body(alert, ledger, delivery_id, {**step_up, "tocsinshortened": True})
    return body


def _step_up(unless_acked: UnlessAcked | None) -> Mapping[str, JsonValue]:
    if unless_acked is None:
        return {}
    within_s = unless_acked.within_s
    had: Mapping[str, JsonValue] = {} if within_s is None else {"tocsinunackedfor": math.ceil(within_s)}
    return {"tocsinunackedby": unless_acked.desk, **had}


def _body(alert: DeskAlert, ledger: Ledger, delivery_id: DeliveryId, also: Mapping[str, JsonValue]) -> bytes:
    event: dict[str, JsonValue] = {
        "specversion": "1.0",
        "id": delivery_id,
        "type": event_type(alert.head, alert.told_as),
        "source": f"/tocsin/desks/{alert.desk}",
        "subject": alert.story_id,
        "time": (ledger.at(Hop.ROUTED) or alert.head.fetched_at).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "tocsinurgency": urgency_of(alert).value,
        "tocsinledger": ledger.to_header().decode(),
        **({"tocsinsample": True} if alert.sample or alert.head.sample else {}),
        **also,
    }
    envelope = _TO_JSON(event).encode("utf-8", "replace")
    return envelope[:-1] + b',"data":' + alert.to_json() + b"}"


def _without_neighbours(alert: DeskAlert) -> DeskAlert:
    return alert.model_copy(update={"related": (), "whats_new": alert.whats_new[:20], "sources": alert.sources[:20]})


def _short_lead(alert: DeskAlert) -> DeskAlert:
    head = alert.head.model_copy(
        update={
            "lead": alert.head.lead[:SHORT_LEAD],
            "authors": alert.head.authors[:5],
            "categories": (),
            "previous_title": None,
            "truncated": True,
        }
    )
    kept = tuple(span for span in alert.spans if span.field != "lead" or span.end <= SHORT_LEAD)
    return alert.model_copy(update={"head": head}) if kept == alert.spans else _without_spans(alert, head=head)


def _without_spans(alert: DeskAlert, **update: object) -> DeskAlert:
    rules = tuple(rule.model_copy(update={"spans": ()}) for rule in alert.rules)
    return alert.model_copy(update={"spans": (), "rules": rules, "entities": (), **update})


def _short_title(alert: DeskAlert) -> DeskAlert:
    head = alert.head
    short = {name: getattr(head, name)[:SHORT_TEXT] for name in ("publisher", "original_url", "language")}
    cut = head.model_copy(update={**short, "title": head.title[:SHORT_TITLE], "guid": None, "authors": ()})
    whats_new = tuple(token.model_copy(update={"value": token.value[:SHORT_TEXT]}) for token in alert.whats_new[:5])
    return alert.model_copy(update={"head": cut, "whats_new": whats_new, "sources": alert.sources[:5]})


def _few_rules(alert: DeskAlert) -> DeskAlert:
    rules = tuple(rule.model_copy(update={"labels": {}, "urgency_reasons": ()}) for rule in alert.rules[:20])
    head = alert.head.model_copy(update={"lead": "", "url": alert.head.url[:2_000]})
    return alert.model_copy(update={"rules": rules, "head": head, "whats_new": (), "sources": ()})


_LESS: tuple[Callable[[DeskAlert], DeskAlert], ...] = (
    _without_neighbours, _short_lead, _without_spans, _short_title, _few_rules,
)  # fmt: skip
