"""The deliveries of one decision: one for each receiver of a desk, however many rules and nodes lead to it."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from streams.alerts.alert import DeskAlert, Relation
from streams.ids import DeliveryId, ReceiverId, content_id, delivery_id
from streams.matching.rule import Urgency
from streams.routing.notification import DIGEST, Delivery
from streams.routing.route import Receiver, RouteNode, Routes
from streams.routing.schedule import FALLBACK, next_moment, scheduled
from streams.routing.told import PURPOSE, RoutingDecision
from streams.routing.verdict import Verdict

DROP = "drop"
MANNERS = (DROP, "edit_root", "thread", "broadcast")  # from the quietest to the loudest
DEFAULT_MANNER: Mapping[Relation, str] = MappingProxyType(
    {
        Relation.FIRST: "thread",
        Relation.RETRACT: "broadcast",
        Relation.CORRECTION: "broadcast",
        Relation.UPDATE: "thread",
        Relation.COPY: DROP,
        Relation.CONFIRMATION: "edit_root",
    }
)
HOUR_S = 3_600.0
CHAT_TTL_S: Mapping[str, float] = MappingProxyType({"flash": 900.0, "urgent": HOUR_S, "routine": 72 * HOUR_S})
MACHINE_TTL_S: Mapping[str, float] = MappingProxyType(
    {"flash": 24 * HOUR_S, "urgent": 24 * HOUR_S, "routine": 72 * HOUR_S}
)
MACHINES = frozenset({"webhook", "email"})
# Members meet at moments that all of them can compute. A wait of 330 s is one record on the tier of five minutes and
# half a minute in memory; 7,260 s (22 of them) is one on the tier of two hours and one of 30 s. They are tried the more
# seldom the longer nothing got through: a receiver that is back after a day hears within a third of it what expired.
DIGEST_EVERY_S, DIGEST_SELDOM_S, DIGEST_RARELY_S = 330, 7_260, 29_040
SELDOM_AFTER_S, RARELY_AFTER_S = 2 * HOUR_S, 24 * HOUR_S
DIGEST_TTL_S = 24 * HOUR_S + DIGEST_RARELY_S  # who is back within a day finds a moment, however rare they are
TOLD_LAST = frozenset({DIGEST, FALLBACK})  # what tells of others that expired, or were refused


def deliveries_of(alert: DeskAlert, verdicts: Iterable[Verdict], routes: Routes, *, at: datetime) -> list[Delivery]:
    """Return the deliveries, sorted by receiver; a receiver that the routes do not define gets one all the same.

    The loudest manner and the highest urgency of the rules that lead to a receiver hold; a known one is routine, so
    that the edit of a count never stands before a flash. The time to live counts from the event time. A receiver that
    is told in digests gets a member of its next one.
    """
    chosen: dict[ReceiverId, tuple[str, Urgency]] = {}
    for verdict in verdicts:
        urgency = verdict.key.urgency if verdict.decision is RoutingDecision.TOLD else Urgency.ROUTINE
        for hit in verdict.hits:
            for receiver in hit.node.receivers:
                manner, before = chosen.get(receiver, (DROP, Urgency.ROUTINE))
                louder = max(manner, manner_of(hit.node, verdict.told_as), key=MANNERS.index)
                chosen[receiver] = (louder, max(before, urgency, key=lambda one: one.rank))
    sent = sorted((receiver, *how) for receiver, how in chosen.items() if how[0] != DROP)
    told = [
        Delivery(
            delivery_id=delivery_id(receiver, alert.desk, alert.event_id, PURPOSE),
            receiver=receiver,
            desk=alert.desk,
            purpose=PURPOSE,
            urgency=urgency,
            alert=alert,
            manner=manner,
            expires_at=at + timedelta(seconds=time_to_live_s(routes.receivers.get(receiver), urgency)),
        )
        for receiver, manner, urgency in sent
    ]
    return [scheduled(delivery, routes.receivers.get(delivery.receiver), at=at) for delivery in told]


def manner_of(node: RouteNode, told_as: Relation) -> str:
    """Return how a node's receivers are told: what the node says of the relation, else the default."""
    return node.relations.get(told_as, DEFAULT_MANNER[told_as])


def time_to_live_s(receiver: Receiver | None, urgency: Urgency) -> float:
    """Return how long a delivery is worth sending: the receiver's own time to live, else by type and urgency."""
    if receiver is None:
        return MACHINE_TTL_S[urgency]
    defaults = MACHINE_TTL_S if receiver.type in MACHINES else CHAT_TTL_S
    return receiver.ttl_s.get(urgency, defaults[urgency])


def digest_member(expired: Delivery, *, at: datetime) -> Delivery | None:
    """Return what tells that a delivery expired: a digest's member, due when others are; of a member, None.

    Equal ids after a crash, so that one that is written twice is sent once.
    """
    if expired.purpose in TOLD_LAST:
        return None
    return Delivery(
        delivery_id=delivery_id(expired.receiver, expired.desk, expired.alert.event_id, DIGEST),
        receiver=expired.receiver,
        desk=expired.desk,
        purpose=DIGEST,
        urgency=Urgency.ROUTINE,
        alert=expired.alert,
        not_before=next_digest_at(at),
        expires_at=at + timedelta(seconds=DIGEST_TTL_S),
        unless_acked=expired.unless_acked,
    )


def next_digest_at(after: datetime, *, failing_s: float = 0.0) -> datetime:
    """Return when members that wait are due together (UTC).

    That is each 330 s, after two hours of failures each 7,260 s, after a day of them each 29,040 s.
    """
    if failing_s < SELDOM_AFTER_S:
        return next_moment(after, DIGEST_EVERY_S)
    return next_moment(after, DIGEST_SELDOM_S if failing_s < RARELY_AFTER_S else DIGEST_RARELY_S)


def digest_id(members: Iterable[DeliveryId]) -> DeliveryId:
    """Return the id of the one message that tells all members: equal for equal members, in any order."""
    return DeliveryId(content_id(DIGEST, *sorted(members), length=26))
