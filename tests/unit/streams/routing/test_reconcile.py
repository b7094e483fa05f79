from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from streams.errors import PoisonError
from streams.ids import DeliveryId, DeskId, EventId, ReceiverId, delivery_id
from streams.routing.notification import DeliveryState, DeliveryStatus
from streams.routing.reconcile import Account, Standing, deliveries_due, is_settled
from streams.routing.told import Routing, RoutingDecision

AT = datetime(2026, 3, 2, 14, tzinfo=UTC)
EVENT = EventId("5t0ry00000000001-a1b2c3d4e5f60718-1-0badcafe-0")
DESK = DeskId("fx")
HANDED_OFF, DELIVERED, DEAD = DeliveryStatus.HANDED_OFF, DeliveryStatus.DELIVERED, DeliveryStatus.DEAD
Fact = tuple[str, int] | tuple[DeliveryStatus, int]


def routing(*receivers: str, decision: RoutingDecision = RoutingDecision.TOLD, event: str = EVENT) -> Routing:
    return Routing.model_validate(
        {
            "routing_id": f"{event}@fx", "event_id": event, "story_id": "5t0ry00000000001", "desk": DESK,
            "decision": decision, "reason": "", "receivers": receivers, "routes_version": "r1",
        }
    )  # fmt: skip


def name(receiver: str) -> DeliveryId:
    return delivery_id(ReceiverId(receiver), DESK, EVENT, "alert")


def state(status: DeliveryStatus, seq: int, receiver: str = "hook") -> DeliveryState:
    return DeliveryState(
        delivery_id=name(receiver), receiver=ReceiverId(receiver), seq=seq, state=status, attempts=1, outcome="",
        changed_at=AT,
    )  # fmt: skip


def account(facts: Sequence[Fact] = (), *, settled: bool = True) -> Account:
    """Return the account of one delivery, whose states all stood before the offsets were asked for."""
    made = Account()
    made.promise(routing("hook"), told_at=AT, settled=settled)
    for kind, seq in facts:
        if isinstance(kind, DeliveryStatus):
            made.state(state(kind, seq), before=True)
        else:
            made.not_done(name("hook"), seq)
    return made


@pytest.mark.parametrize(
    ("facts", "standing"),
    [
        pytest.param([], "unaccounted", id="nothing is known of it"),
        pytest.param([("record", 0)], "in_flight", id="not taken yet"),
        pytest.param([("record", 1), ("record", 0), (HANDED_OFF, 1)], "in_flight", id="in a tier, twice"),
        pytest.param([("record", 2), (HANDED_OFF, 1)], "in_flight", id="in a tier, its state torn off"),
        pytest.param([(HANDED_OFF, 1)], "unaccounted", id="handed off, and its record is done"),
        pytest.param([("record", 1), (HANDED_OFF, 2), (HANDED_OFF, 1)], "unaccounted", id="only a stale copy is left"),
        pytest.param([(DELIVERED, 0)], "delivered", id="delivered"),
        pytest.param([(DeliveryStatus.EXPIRED, 0)], "expired", id="expired"),
        pytest.param([(DeliveryStatus.MUTED, 0)], "muted", id="muted"),
        pytest.param([(DEAD, 3), (HANDED_OFF, 9), ("record", 9)], "dead", id="final stays"),
        pytest.param([(DELIVERED, 1), (DEAD, 1)], "delivered", id="two ends of one copy: it arrived"),
        pytest.param([(DELIVERED, 1), (DEAD, 2)], "dead", id="two ends: the highest seq"),
    ],
)
def test_a_delivery_stands_in_one_way(facts: Sequence[Fact], standing: str) -> None:
    found = account(facts)

    assert found.standing(name("hook")) == standing
    assert found.by_receiver() == {"hook": {Standing(standing): 1}}
    assert [each.delivery_id for each in found.unaccounted()] == [name("hook")] * (standing == "unaccounted")


def test_what_was_handed_off_after_the_offsets_were_asked_for_is_no_fence() -> None:
    found = account([("record", 0)])
    found.state(state(HANDED_OFF, 1), before=False)
    assert found.standing(name("hook")) is Standing.IN_FLIGHT
    found.state(state(HANDED_OFF, 1), before=True)
    assert found.standing(name("hook")) is Standing.UNACCOUNTED


def test_what_fan_out_may_still_be_writing_is_in_flight_until_it_has_committed() -> None:
    found = account(settled=False)
    assert found.standing(name("hook")) is Standing.IN_FLIGHT
    found.promise(routing("hook"), told_at=AT, settled=True)
    found.promise(routing("hook"), told_at=AT, settled=False)
    assert found.standing(name("hook")) is Standing.UNACCOUNTED


def test_every_receiver_of_a_routing_counts_and_what_nobody_promised_does_not() -> None:
    found = Account()
    found.promise(routing("slack-fx", "hook", decision=RoutingDecision.KNOWN), told_at=AT, settled=True)
    found.promise(routing(decision=RoutingDecision.SILENCED), told_at=AT, settled=True)
    found.state(state(DELIVERED, 0, "slack-fx"), before=True)
    found.state(state(DELIVERED, 0, "other"), before=True)
    found.not_done(name("other"), 0)

    assert found.by_receiver() == {"hook": {Standing.UNACCOUNTED: 1}, "slack-fx": {Standing.DELIVERED: 1}}
    assert list(found.by_receiver()) == ["hook", "slack-fx"]
    [missing] = found.unaccounted()
    assert (missing.receiver, missing.promise.desk, missing.promise.told_at) == ("hook", DESK, AT)
    assert missing.promise.routing_id == f"{EVENT}@fx"


def test_a_dead_delivery_that_arrived_when_it_was_sent_anew_stays_dead_and_is_counted_beside() -> None:
    found = account([(DEAD, 0)])
    again = {"delivery_id": "again", "redrive_of": name("hook")}
    for status, promised in ((DEAD, {}), (DELIVERED, {}), (DELIVERED, {}), (DELIVERED, {"redrive_of": "unknown"})):
        found.state(state(status, 0).model_copy(update=again | promised), before=True)
    assert found.standing(name("hook")) is Standing.DEAD
    assert found.redriven == {"hook": 1}


def test_the_ids_are_those_that_fan_out_gives() -> None:
    assert list(deliveries_due(routing("hook", "mail"))) == [(name("hook"), "hook"), (name("mail"), "mail")]


def test_an_event_id_that_is_none_is_poison() -> None:
    with pytest.raises(PoisonError, match="no event id"):
        account().promise(routing("hook", event="nonsense"), told_at=AT, settled=True)


@pytest.mark.parametrize(("offset", "settled"), [(None, True), (3, True), (4, False), (9, False)])
def test_an_alert_is_settled_below_what_fan_out_has_committed(offset: int | None, *, settled: bool) -> None:
    assert is_settled(offset, 4) is settled
