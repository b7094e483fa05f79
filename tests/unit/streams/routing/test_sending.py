from datetime import timedelta

import pytest

from streams.alerts.alert import Relation
from streams.ids import ReceiverId
from streams.matching.rule import Urgency
from streams.routing.notification import Delivery
from streams.routing.permission import Telling, as_seen_by
from streams.routing.route import DigestPlan, Receiver, RouteNode
from streams.routing.schedule import next_moment
from streams.routing.sending import deliveries_of, time_to_live_s
from streams.routing.told import RoutingDecision, ToldKey
from streams.routing.tree import Hit
from streams.routing.verdict import Verdict
from tests.support.alerting import NOW, alert, desk, node, routes

TOLD, KNOWN = RoutingDecision.TOLD, RoutingDecision.KNOWN


def verdict(
    *nodes: RouteNode, decision: RoutingDecision = TOLD, told_as: str = "first", urgency: str = "urgent"
) -> Verdict:
    key = ToldKey(rule_id="r1", entities=(), urgency=Urgency(urgency), event_id="e1")
    hits = tuple(Hit(one) for one in nodes)
    return Verdict(key=key, decision=decision, told_as=Relation(told_as), because="", hits=hits)


def sent(*verdicts: Verdict) -> list[Delivery]:
    telling = Telling(told_as=Relation.FIRST, rules={}, late_by_s=None, routes_version="v1")
    return deliveries_of(as_seen_by(desk(), alert(), telling), verdicts, routes(), at=NOW)


def test_a_receiver_reached_several_times_gets_one_notification() -> None:
    found = sent(verdict(node("fx", "hook", "slack-fx"), node("fx", "hook")), verdict(node("fx", "hook")))

    assert [delivery.receiver for delivery in found] == ["hook", "slack-fx"]


@pytest.mark.parametrize(
    ("told_as", "manner"),
    [("first", "thread"), ("update", "thread"), ("correction", "broadcast"), ("retract", "broadcast")],
)
def test_each_relation_has_its_manner(told_as: str, manner: str) -> None:
    assert [delivery.manner for delivery in sent(verdict(node("fx", "hook"), told_as=told_as))] == [manner]


def test_a_node_can_say_otherwise_and_the_loudest_manner_holds() -> None:
    quiet = node("fx", "hook", relations={"update": "drop"})
    loud = node("fx", "hook", relations={"update": "broadcast"})

    assert sent(verdict(quiet, told_as="update")) == []
    assert [delivery.manner for delivery in sent(verdict(quiet, loud, told_as="update"))] == ["broadcast"]


def test_a_confirmation_edits_the_root_as_routine_and_a_copy_is_not_sent() -> None:
    (edit,) = sent(verdict(node("fx", "hook"), decision=KNOWN, told_as="confirmation", urgency="flash"))

    assert (edit.manner, edit.urgency) == ("edit_root", Urgency.ROUTINE)
    assert sent(verdict(node("fx", "hook"), decision=KNOWN, told_as="copy")) == []


def test_the_highest_urgency_of_the_rules_that_lead_to_a_receiver_holds() -> None:
    flash = verdict(node("fx", "hook"), urgency="flash")
    routine = verdict(node("fx", "hook", "slack-fx"), urgency="routine")

    assert {one.receiver: one.urgency for one in sent(flash, routine)} == {"hook": "flash", "slack-fx": "routine"}


def test_a_delivery_expires_by_its_receivers_time_to_live_from_the_event_time() -> None:
    expires = {
        one.receiver: one.expires_at - NOW for one in sent(verdict(node("fx", "hook", "slack-fx"), urgency="flash"))
    }

    assert expires == {"hook": timedelta(hours=24), "slack-fx": timedelta(minutes=15)}


@pytest.mark.parametrize(
    ("receiver", "urgency", "ttl_s"),
    [
        pytest.param({"type": "slack"}, "flash", 900, id="a flash in chat"),
        pytest.param({"type": "webhook"}, "flash", 86_400, id="a flash to a machine"),
        pytest.param({"type": "teams"}, "flash", 900, id="a flash in another chat"),
        pytest.param({"type": "pagerduty"}, "flash", 900, id="a page wakes a person: an old flash is told in a digest"),
        pytest.param({"type": "slack"}, "routine", 259_200, id="routine"),
        pytest.param({"type": "slack", "ttl_s": {"flash": 60}}, "flash", 60, id="its own"),
        pytest.param(None, "flash", 86_400, id="a receiver that the routes don't define"),
    ],
)
def test_the_time_to_live_is_the_receivers_own_or_by_its_type(
    receiver: dict[str, object] | None, urgency: str, ttl_s: float
) -> None:
    found = Receiver.model_validate({"receiver_id": "r", **receiver}) if receiver else None

    assert time_to_live_s(found, Urgency(urgency)) == ttl_s


def test_a_receiver_that_is_told_in_digests_gets_a_member_under_the_id_that_its_routing_promises() -> None:
    plan = DigestPlan(every_s=600.0)
    body = routes()
    mail = body.receivers[ReceiverId("hook")].model_copy(update={"digest": plan})
    digested = body.model_copy(update={"receivers": {**body.receivers, ReceiverId("hook"): mail}})
    telling = Telling(told_as=Relation.FIRST, rules={}, late_by_s=None, routes_version="v1")
    seen, told = as_seen_by(desk(), alert(), telling), [verdict(node("fx", "hook", "slack-fx"))]
    alone, together = (deliveries_of(seen, told, each, at=NOW) for each in (body, digested))

    assert [one.purpose for one in together] == ["digest/schedule", "alert"]
    assert [one.delivery_id for one in together] == [one.delivery_id for one in alone]
    assert together[0].not_before == next_moment(NOW, 600.0)
