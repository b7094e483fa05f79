from datetime import timedelta
from typing import Any

import pytest

from streams.controls import Control
from streams.ids import ControlId, DeskId, EventId, UserId
from streams.routing.decide import DeskDecision, decide
from streams.routing.muting import why_muted
from streams.routing.notification import Delivery, UnlessAcked
from streams.routing.reconcile import deliveries_due
from streams.routing.route import Routes
from streams.routing.silence import Silence
from streams.routing.told import Acknowledgement, DeskStory, RoutingDecision
from tests.support.alerting import NOW, alert, desk, moment, node, routes

SECOND = timedelta(seconds=1)
TO_PD = {"unacked_for_s": 120.0, "to": ["pd"]}
ON_TRADE = {"condition": {"label": "topic", "op": "=", "value": "trade"}}


def escalating(*steps: dict[str, Any], receivers: tuple[str, ...] = ("slack-fx",), **fields: object) -> Routes:
    return routes(
        node("fx", *receivers, escalate=steps or (TO_PD,), **fields),
        receivers={"slack-fx": "slack", "pd": "console", "hook": "webhook"},
    )


def decided(body: Routes, *, urgency: str = "flash", known: DeskStory | None = None, **given: object) -> DeskDecision:
    now = moment(body, offset=known.decided_offset + 1 if known else 0)
    (decision,) = decide(alert(urgency=urgency, **given), now, {DeskId("fx"): known} if known else {})
    return decision


def steps_up(decision: DeskDecision) -> list[Delivery]:
    return [one for one in decision.deliveries if one.purpose.startswith("escalation/")]


def test_a_flash_that_is_told_takes_a_delivery_along_that_waits_and_asks_whether_it_was_acknowledged() -> None:
    decision = decided(escalating())
    [step] = steps_up(decision)

    assert (step.receiver, step.purpose, step.manner, step.urgency) == ("pd", "escalation/1", "broadcast", "flash")
    assert step.not_before == NOW + 120 * SECOND
    assert step.expires_at == NOW + (120 + 900) * SECOND, "its time to live counts from when it is due"
    assert step.unless_acked == UnlessAcked(desk="fx", story_id="5t0ry", decided_at=NOW, within_s=120.0)
    assert step.alert == decision.alert
    assert decision.routing.receivers == ("slack-fx",)
    assert decision.routing.escalations == {"escalation/1": ("pd",)}


def test_the_account_is_of_what_goes_up_as_well() -> None:
    decision = decided(escalating(TO_PD, {"unacked_for_s": 300.0, "to": ["pd", "hook"]}))

    assert dict(deliveries_due(decision.routing)) == {one.delivery_id: one.receiver for one in decision.deliveries}
    assert len(decision.deliveries) == 4


@pytest.mark.parametrize(
    ("step", "given", "expected"),
    [
        pytest.param(TO_PD, {"urgency": "urgent"}, 0, id="flash alone, where it does not say"),
        pytest.param({**TO_PD, **ON_TRADE}, {"urgency": "routine"}, 1, id="its condition holds"),
        pytest.param({**TO_PD, **ON_TRADE}, {"labels": {"topic": "rates"}}, 0, id="its condition does not"),
    ],
)
def test_a_step_is_taken_if_the_labels_hold_its_condition(
    step: dict[str, Any], given: dict[str, Any], expected: int
) -> None:
    assert len(steps_up(decided(escalating(step), **given))) == expected


@pytest.mark.parametrize(
    ("relation", "relations", "decision"),
    [
        pytest.param("confirmation", {}, RoutingDecision.KNOWN, id="the desk knows it"),
        pytest.param("update", {"update": "drop"}, RoutingDecision.TOLD, id="nobody is asked to look at it"),
    ],
)
def test_what_is_known_or_dropped_goes_nowhere(
    relation: str, relations: dict[str, str], decision: RoutingDecision
) -> None:
    body = escalating(relations=relations)
    first = decided(body)
    again = decided(body, known=first.state, relation=relation, article_id="a2")

    assert again.routing.decision is decision
    assert steps_up(again) == []
    assert again.routing.escalations == {}


def test_a_receiver_that_several_rules_lead_to_gets_one_delivery_a_step_at_the_soonest() -> None:
    root = node(
        "fx", "slack-fx",
        routes=[node("fx", go_on=True, escalate=[TO_PD]), node("fx", escalate=[{"unacked_for_s": 60.0, "to": ["pd"]}])],
    )  # fmt: skip
    given = alert(keys={"r1": ["china"], "r2": []}, urgency="flash")
    (decision,) = decide(given, moment(routes(root, receivers={"slack-fx": "slack", "pd": "console"})))

    assert [(one.receiver, one.not_before) for one in steps_up(decision)] == [("pd", NOW + 60 * SECOND)]


def test_each_step_is_a_delivery_of_its_own_though_one_receiver_has_them_all() -> None:
    decision = decided(escalating(TO_PD, {"unacked_for_s": 600.0, "to": ["pd", "slack-fx"]}))

    assert [(one.purpose, one.receiver) for one in decision.deliveries] == [
        ("alert", "slack-fx"),
        ("escalation/1", "pd"),
        ("escalation/2", "pd"),
        ("escalation/2", "slack-fx"),
    ]
    assert len({one.delivery_id for one in decision.deliveries}) == 4
    assert decision.routing.escalations == {"escalation/1": ("pd",), "escalation/2": ("pd", "slack-fx")}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(escalating(), "silenced by ana until it is ended", id="silenced since"),
        pytest.param(escalating({**TO_PD, "to": ["hook"]}), None, id="another receiver's step by now"),
        pytest.param(escalating({**TO_PD, "to": ["hook"]}, TO_PD), None, id="another step by now"),
        pytest.param(escalating({**TO_PD, "to": ["hook"]}, receivers=("pd",)), None, id="told, but no step up"),
    ],
)
def test_a_silence_that_came_since_holds_back_what_goes_up_by_the_same_node(body: Routes, expected: str | None) -> None:
    [step] = steps_up(decided(escalating()))
    silence = Silence(silence_id=ControlId("x1"), target={"story": "5t0ry"}, starts_at=NOW, user=UserId("ana"))

    assert why_muted(step, body, [silence], at=NOW + 60 * SECOND) == expected


def test_a_desk_story_keeps_who_acknowledged_it_until_somebody_does_again() -> None:
    ack = Acknowledgement(user=UserId("kim"), at=NOW, up_to_event=EventId("e1"), up_to_at=NOW)
    body = escalating()
    first = decided(body)
    now = moment(body)
    after = type(now)(routes=now.routes, at=now.at, offset=1, acknowledged={DeskId("fx"): ack})
    (second,) = decide(alert("a2", relation="update"), after, {DeskId("fx"): first.state} if first.state else {})
    later = moment(body, offset=2)
    (third,) = decide(alert("a3", relation="update"), later, {DeskId("fx"): second.state} if second.state else {})

    assert [one.state.acknowledged if one.state else "-" for one in (first, second, third)] == [None, ack, ack]


@pytest.mark.parametrize(
    ("after_s", "covered"), [pytest.param(0, True, id="shown"), pytest.param(0.000001, False, id="routed later")]
)
def test_an_acknowledgement_covers_what_was_routed_until_then(after_s: float, covered: bool) -> None:
    control = Control(kind="ack", id=ControlId("fx/s1"), starts_at=NOW + 35 * SECOND, up_to_at=NOW, user=UserId("kim"))
    ack = Acknowledgement(user=UserId("kim"), at=control.starts_at, up_to_event=EventId("e"), up_to_at=control.up_to_at)

    assert ack.covers(NOW + after_s * SECOND) is covered
    assert ack.after(NOW) == "acknowledged by kim after 35.0 s"
    older = ack.model_copy(update={"up_to_at": None})
    assert older.covers(NOW + 35 * SECOND), "one that does not say covers what was told when it was made"


def test_other_desks_are_not_asked() -> None:
    body = routes(node("fx", "slack-fx", routes=[node("ops", "hook", escalate=[TO_PD])]), desk("fx"), desk("ops"))
    decisions = decide(alert(urgency="flash"), moment(body))

    assert {one.routing.desk: len(steps_up(one)) for one in decisions} == {"fx": 0, "ops": 1}
