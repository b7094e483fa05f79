"""Redriving: a delivery that ended without arriving is sent anew, as one of its own that names the first."""

from datetime import datetime, timedelta
from typing import Final

from streams.ids import DeliveryId, delivery_id
from streams.routing.notification import DIGEST, Delivery
from streams.routing.route import Receiver
from streams.routing.sending import time_to_live_s
from streams.routing.told import PURPOSE

REDRIVE: Final = "redrive"


def purpose_of(original: str, number: int) -> str:
    """Return the purpose of the `number`th redrive: `redrive/1`, and of a fallback `redrive/1/fallback`.

    It is told alone, also where the first was one of a digest. What the first was for stands at the end, so that two
    of one alert don't meet in one id, and a fallback that dies tells nobody further.
    """
    kind, _, rest = original.partition("/")
    if kind == DIGEST:
        kind, rest = (rest, "") if rest == "fallback" else (PURPOSE, "")
    told = "/".join(part for part in (kind, rest) if part)
    return f"{REDRIVE}/{number}" if told == PURPOSE else f"{REDRIVE}/{number}/{told}"


def id_of(original: Delivery, number: int) -> DeliveryId:
    """Return the id of the `number`th redrive of a delivery, by the rule of all ids."""
    purpose = purpose_of(original.purpose, number)
    return delivery_id(original.receiver, original.desk, original.alert.event_id, purpose)


def redriven(original: Delivery, number: int, receiver: Receiver | None, *, at: datetime) -> Delivery:
    """Return the `number`th redrive of a delivery: the same alert, with a time to live that counts from now (UTC).

    A step up is due now: whoever acknowledged it meanwhile did so by when the alert was routed, which stays as it was.
    """
    return original.model_copy(
        update={
            "delivery_id": id_of(original, number),
            "purpose": purpose_of(original.purpose, number),
            "expires_at": at + timedelta(seconds=time_to_live_s(receiver, original.urgency)),
            "not_before": at if original.unless_acked else None,
            "seq": 0,
            "attempts": 0,
            "reason": None,
            "last_outcome": None,
            "redrive_of": original.delivery_id,
        }
    )
