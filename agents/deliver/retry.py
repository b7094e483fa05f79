"""Which retry tier a delivery goes to, and when a tier's record is due."""

from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from agents.kafka import Incoming
from streams.ids import DeliveryId
from streams.topics import RETRIES, RETRY_DELAYS_S, Topic

TIERS = tuple(RETRY_DELAYS_S)  # in the order of their delays
DELAY_S = MappingProxyType({RETRIES[tier].name: delay for tier, delay in RETRY_DELAYS_S.items()})
AT_ONCE = datetime.fromtimestamp(0, UTC)  # whatever our clock and the broker's think of each other
STEPS_DOWN = 2
JITTER = 0.1  # of a tier's delay: deliveries that failed together don't come back together


def tier_after(attempts: int) -> str:
    """Return the tier after this many attempts, 1 at least: one step up each time, then the last for good."""
    return TIERS[min(max(attempts, 1), len(TIERS)) - 1]


def delay_s(tier: str) -> int:
    """Return the tier's delay in seconds."""
    return RETRY_DELAYS_S[tier]


def tier_within(wait_s: float) -> str:
    """Return the largest tier that is not longer than the wait; the smallest if none is."""
    return next((tier for tier in reversed(TIERS) if RETRY_DELAYS_S[tier] <= wait_s), TIERS[0])


def tier_for_spill(wait_s: float) -> str:
    """Return the tier for a delivery that its lane can't take for so long: the largest of at most twice the wait.

    Simulated with 500 waiting at 1/s: the next larger tier is idle for most of the time (4,100 s instead of 500 s),
    the next smaller one costs eight records a delivery.
    """
    return tier_within(wait_s * 2)


def tier_before(tier: str, left_s: float) -> str:
    """Return the tier, or a shorter one, so that the record comes back before its time to live ends.

    Two steps down at most: what comes back after its end costs one record and is expired then; without that bound
    the last two hours alone would cost twenty records.
    """
    if RETRY_DELAYS_S[tier] <= left_s:
        return tier
    lowest = TIERS[max(TIERS.index(tier) - STEPS_DOWN, 0)]
    return max(tier_within(left_s), lowest, key=TIERS.index)


def due_at(record: Incoming, topic: Topic, delivery_id: DeliveryId) -> datetime:
    """Return when a record is due (UTC): at once on `deliveries.*`; on a tier, its delay after it was appended.

    Up to a tenth is added, by the delivery's id: the same at each reading, unlike another's. Without an id none is.
    """
    delay = DELAY_S.get(topic.name)
    if delay is None:
        return AT_ONCE
    share = int(delivery_id[:4] or "0", 16) / 0xFFFF if _is_hex(delivery_id[:4]) else 0.0
    return record.appended_at + timedelta(seconds=delay * (1 + JITTER * share))


def _is_hex(text: str) -> bool:
    return bool(text) and all(sign in "0123456789abcdef" for sign in text)
