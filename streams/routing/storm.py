"""A storm: more stories open at one receiver within a minute than people can read. A digest tells of them instead."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from streams.alerts.alert import Relation
from streams.ids import ReceiverId
from streams.matching.rule import Urgency
from streams.routing.notification import DIGEST, Delivery
from streams.routing.route import StormLimit
from streams.routing.schedule import next_moment

STORM = f"{DIGEST}/storm"
WITHIN, EVERY_S = timedelta(minutes=1), 60


@dataclass(slots=True)
class Storms:
    """When the last root messages came, by receiver: one more than its limit, however many there are."""

    _came: dict[ReceiverId, deque[datetime]] = field(default_factory=dict)

    def told(self, delivery: Delivery, limit: StormLimit | None, *, at: datetime) -> Delivery:
        """Return how a delivery that comes at a moment (UTC) is told: as it is, or as a member of the storm's digest.

        A member, if with it more roots than the limit came within a minute, themselves told or not: a storm lasts
        until they are fewer again. A flash counts, and is never a member. Nor is what has expired by then.
        """
        if limit is None or not is_root(delivery) or at >= delivery.expires_at:
            return delivery
        came = self._came.setdefault(delivery.receiver, deque())
        came.append(at)
        # abs: those from before a clock was set back count no more
        while len(came) > limit.roots_per_minute + 1 or abs(at - came[0]) >= WITHIN:
            came.popleft()
        over = len(came) > limit.roots_per_minute
        return storm_member(delivery, at=at) if over and delivery.urgency is not Urgency.FLASH else delivery


def is_root(delivery: Delivery) -> bool:
    """Return whether a delivery opens a story at its receiver, and was not put off before: it counts once."""
    return delivery.purpose == "alert" and delivery.alert.told_as is Relation.FIRST and delivery.seq == 0


def storm_member(delivery: Delivery, *, at: datetime) -> Delivery:
    """Return the delivery, its id unchanged, as a member of the digest of the minute that ends next (UTC).

    Its time to live counts from then.
    """
    due_at = next_moment(at, EVERY_S)
    expires_at = due_at + (delivery.expires_at - at)
    return delivery.model_copy(update={"purpose": STORM, "not_before": due_at, "expires_at": expires_at})
