"""The account of what desks were told: every delivery of every routing stands in exactly one way."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from streams.errors import PoisonError, Reason
from streams.ids import DeliveryId, DeskId, ReceiverId, RoutingId, delivery_id
from streams.routing.notification import DeliveryState, DeliveryStatus
from streams.routing.told import Routing

KEPT_FOR = timedelta(days=7)  # `delivery-states` and the topics of deliveries keep a day more


class Standing(StrEnum):
    """How a delivery that a routing promised stands."""

    DELIVERED = "delivered"
    DEAD = "dead"
    EXPIRED = "expired"
    MUTED = "muted"
    IN_FLIGHT = "in_flight"
    UNACCOUNTED = "unaccounted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One routing that tells somebody. `settled`: whoever wrote it says that its deliveries were written too."""

    routing_id: RoutingId
    desk: DeskId
    told_at: datetime
    settled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A delivery that is neither final nor on any topic: nobody will ever send it."""

    delivery_id: DeliveryId
    receiver: ReceiverId
    promise: Promise


@dataclass(slots=True)
class Account:
    """Takes facts in three steps: routings, then records that are not done, then states; then says how all stands.

    It keeps ids alone: 400 bytes a delivery, with two to a routing (measured). Fallbacks and digests
    are promised by no routing, and are no part of it: what expired stays expired.
    """

    _promised: dict[DeliveryId, tuple[ReceiverId, Promise]] = field(default_factory=dict)
    _not_done: dict[DeliveryId, int] = field(default_factory=dict)
    _fence: dict[DeliveryId, int] = field(default_factory=dict)
    _ended: dict[DeliveryId, tuple[int, bool, DeliveryStatus]] = field(default_factory=dict)
    _redriven: set[DeliveryId] = field(default_factory=set)

    def promise(self, routing: Routing, *, told_at: datetime, settled: bool) -> None:
        """Take a routing; one that a replay wrote twice counts once, and is settled if either is.

        Raises: PoisonError for an event id that is none.
        """
        promise = Promise(routing_id=routing.routing_id, desk=routing.desk, told_at=told_at, settled=settled)
        for name, receiver in deliveries_due(routing):
            before = self._promised.get(name)
            if before is None or not before[1].settled:
                self._promised[name] = (receiver, promise)

    def not_done(self, name: DeliveryId, seq: int) -> None:
        """Take a record of a delivery that lies at or beyond what its reader has committed."""
        if name in self._promised:
            self._not_done[name] = max(seq, self._not_done.get(name, 0))

    def state(self, state: DeliveryState, *, before: bool) -> None:
        """Take a state. `before`: it stood when the committed offsets were asked for, so that its `seq` is a fence."""
        name = state.delivery_id
        if state.redrive_of in self._promised and state.state is DeliveryStatus.DELIVERED:
            self._redriven.add(state.redrive_of)
        if name not in self._promised:
            return
        if state.state.final:
            delivered = state.state is DeliveryStatus.DELIVERED
            found = (state.seq, delivered, state.state)
            self._ended[name] = max(found, self._ended.get(name, found), key=lambda each: each[:2])
        elif before:
            self._fence[name] = max(state.seq, self._fence.get(name, 0))

    def standing(self, name: DeliveryId) -> Standing:
        """Return how a promised delivery stands; KeyError for one that no routing promised."""
        _, promise = self._promised[name]
        if name in self._ended:
            return Standing(self._ended[name][2].value)
        # A record below the fence is a stale copy, which its reader drops: it will never be sent.
        if self._not_done.get(name, -1) >= self._fence.get(name, 0) or not promise.settled:
            return Standing.IN_FLIGHT
        return Standing.UNACCOUNTED

    def by_receiver(self) -> Mapping[ReceiverId, Counter[Standing]]:
        """Return, for each receiver by name, how many of its deliveries stand how: they add up to all of them."""
        found: dict[ReceiverId, Counter[Standing]] = {}
        for name, (receiver, _) in self._promised.items():
            found.setdefault(receiver, Counter())[self.standing(name)] += 1
        return dict(sorted(found.items()))

    @property
    def redriven(self) -> Counter[ReceiverId]:
        """Return how many of each receiver's deliveries arrived when they were sent anew; their standing stays."""
        return Counter(self._promised[name][0] for name in self._redriven)

    def unaccounted(self) -> Iterator[Missing]:
        """Yield the deliveries that are unaccounted for, in the order in which their routings were taken."""
        for name, (receiver, promise) in self._promised.items():
            if self.standing(name) is Standing.UNACCOUNTED:
                yield Missing(delivery_id=name, receiver=receiver, promise=promise)


def deliveries_due(routing: Routing) -> Iterator[tuple[DeliveryId, ReceiverId]]:
    """Yield id and receiver of each delivery that a routing promises.

    They are of those that are told, of those that know it where a root is edited, and of each step up.

    Raises: PoisonError for an event id that is none.
    """
    for receiver, purpose in routing.promised():
        try:
            yield delivery_id(receiver, routing.desk, routing.event_id, purpose), receiver
        except ValueError:
            detail = f"a routing of {routing.event_id[:80]!r}, which is no event id"
            raise PoisonError(Reason.NOT_VALID, detail) from None


def is_settled(alert_offset: int | None, committed: int) -> bool:
    """Return whether fan out is done with an alert, so that what it led to is written.

    Its deliveries and its routing are written at once, and one may be there first; they are committed after both.
    None: an older program did not say where the alert stood; by now it has committed it.
    """
    return alert_offset is None or alert_offset < committed
