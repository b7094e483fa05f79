"""What fan out writes of a flash that somebody is to acknowledge, and what it keeps of who did."""

from agents.kafka import Outgoing
from agents.loops.batch import Decision
from streams.controls import Control
from streams.ids import ControlId, UserId
from streams.latency import HEADER, Hop, read_ledger
from streams.routing.notification import Delivery
from streams.routing.told import DeskStory, Routing
from streams.topics import CONTROLS
from tests.support.alerting import alert, node, read_as, routes
from tests.unit.agents.test_fan_out import EARLIER, LATER, made, taken

STORY = alert().story_id
BODY = routes(
    node("fx", "hook", escalate=[{"unacked_for_s": 120.0, "to": ["slack-fx"]}]),
)


def on(decision: Decision, name: str) -> list[Outgoing]:
    return [output for output in decision.outputs if output.topic.name == name]


def test_a_step_up_is_written_at_once_and_bears_the_time_that_the_desks_alert_bears() -> None:
    (decision,) = taken(made(BODY), [alert(urgency="flash")])
    sent = on(decision, "deliveries.flash")
    [seen], [routing] = on(decision, "alerts.fx"), on(decision, "routings")

    assert [Delivery.from_json(one.value).purpose for one in sent] == ["alert", "escalation/1"]
    assert {read_ledger(dict(one.headers)[HEADER]).at(Hop.ROUTED) for one in (*sent, seen, routing)} == {LATER}
    assert Routing.from_json(routing.value).escalations == {"escalation/1": ("slack-fx",)}


def test_a_desk_story_says_who_acknowledged_it_before_the_alert() -> None:
    stage = made(BODY)
    control = Control(
        kind="ack", id=ControlId(f"fx/{STORY}"), target={"event": "e1"}, starts_at=EARLIER, user=UserId("kim")
    )
    before, after = alert(), alert("a2", relation="update")
    (first,) = taken(stage, [before])
    stage.apply(read_as(CONTROLS, control, key=control.key, at=EARLIER))
    (second,) = taken(stage, [after], first=1)

    [told], [again] = first.states, second.states
    assert DeskStory.from_json(told.value).acknowledged is None
    acknowledged = DeskStory.from_json(again.value).acknowledged
    assert acknowledged is not None
    assert (acknowledged.user, acknowledged.up_to_event) == ("kim", "e1")
