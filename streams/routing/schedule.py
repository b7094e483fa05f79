"""Digests by the clock: what a receiver that asked for them is told together, and when."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from streams.matching.rule import Urgency
from streams.routing.notification import DIGEST, Delivery
from streams.routing.route import Receiver

SCHEDULE, FALLBACK = f"{DIGEST}/schedule", f"{DIGEST}/fallback"
TOGETHER: Mapping[str, str] = MappingProxyType({"alert": SCHEDULE, "fallback": FALLBACK})
SOONEST_S = 5.0


def next_moment(after: datetime, every_s: float) -> datetime:
    """Return the next moment (UTC) that whole multiples of `every_s` since 1970 give, 5 s away at least."""
    return datetime.fromtimestamp(math.ceil((after.timestamp() + SOONEST_S) / every_s) * every_s, UTC)


def scheduled(delivery: Delivery, receiver: Receiver | None, *, at: datetime) -> Delivery:
    """Return the delivery as a member of its receiver's next digest after a moment (UTC), or as it is.

    It keeps its id, so whoever accounts for it finds it; its time to live counts from when it is due. A flash is told
    at once unless the receiver says otherwise, and an escalation always.
    """
    plan = receiver.digest if receiver else None
    purpose = TOGETHER.get(delivery.purpose)
    at_once = plan is None or (delivery.urgency is Urgency.FLASH and plan.flash == "at_once")
    if plan is None or at_once or purpose is None:
        return delivery
    due_at = next_moment(at, plan.every_s)
    expires_at = due_at + (delivery.expires_at - at)
    return delivery.model_copy(update={"purpose": purpose, "not_before": due_at, "expires_at": expires_at})
