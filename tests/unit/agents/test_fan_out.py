from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry

from agents import fan_out
from agents.fan_out import FanOut
from agents.kafka import Incoming, Outgoing
from agents.loops.batch import Decision
from agents.metrics import Metrics
from streams.alerts.alert import Alert, DeskAlert
from streams.controls import Control
from streams.errors import NewerSchemaError, PoisonError, UnavailableError
from streams.latency import HEADER, Hop, Ledger
from streams.matching.rule import Urgency
from streams.routing.notification import Delivery
from streams.routing.route import Matcher, Routes
from streams.routing.told import DeskStory, Routing
from streams.topics import ALERTS, CONTROLS, DELIVERIES, DESK_STORIES, ROUTES, ROUTINGS
from tests.support.alerting import NOW, alert, desk, node, read_alert, read_as, routes, version, written

EARLIER = NOW - timedelta(minutes=5)
LATER = NOW + timedelta(seconds=2)
TWO_DESKS = routes(
    node("ops", routes=[node("fx", "hook", "slack-fx", go_on=True), node("rates", "hook")]), desk("fx"), desk("rates")
)


def made(body: Routes | None = None) -> FanOut:
    stage = FanOut(Metrics(CollectorRegistry()))
    stage.apply(read_as(ROUTES, version(body or TWO_DESKS), key="v1", at=EARLIER))
    for number in range(ALERTS.partitions):
        stage.begin(number)
    return stage


def taken(stage: FanOut, alerts: Sequence[Alert], first: int = 0) -> list[Decision]:
    records = [read_alert(given, offset=first + number) for number, given in enumerate(alerts)]
    return [stage.decide(record, stamped_at=LATER) for record in records]


def on(decision: Decision, name: str) -> list[Outgoing]:
    return [output for output in decision.outputs if output.topic.name == name]


def said(decision: Decision) -> dict[str, str]:
    found = [Routing.from_json(output.value) for output in on(decision, ROUTINGS.name)]
    return {routing.desk: routing.decision.value for routing in found}


def restore(stage: FanOut, states: Sequence[Outgoing]) -> None:
    for offset, state in enumerate(states):
        assert state.topic is DESK_STORIES
        stage.restore(
            Incoming(
                topic=f"tocsin.{state.topic.name}",
                partition=state.partition,
                offset=offset,
                key=state.key,
                value=state.value,
                headers=state.headers,
                appended_at=NOW,
            )
        )


def silence(**fields: object) -> Control:
    given = {"kind": "silence", "id": "x1", "starts_at": EARLIER, "user": "ana"}
    return Control.model_validate({"matchers": [Matcher(label="topic", op="=", value="trade")], **given, **fields})


def test_each_desk_gets_its_alert_one_delivery_for_each_receiver_and_one_routing() -> None:
    (decision,) = taken(made(), [alert()])

    assert [output.topic.name for output in decision.outputs] == [
        "deliveries.urgent",
        "deliveries.urgent",
        "deliveries.urgent",
        "alerts.fx",
        "routings",
        "alerts.rates",
        "routings",
    ]
    sent = [Delivery.from_json(output.value) for output in on(decision, "deliveries.urgent")]
    assert [(one.receiver, one.desk) for one in sent] == [("hook", "fx"), ("slack-fx", "fx"), ("hook", "rates")]
    assert len({one.delivery_id for one in sent}) == 3
    topic = DELIVERIES[Urgency.URGENT]
    assert [output.partition for output in decision.outputs[:3]] == [topic.partition(one.receiver) for one in sent]
    assert [state.key for state in decision.states] == ["fx/5t0ry", "rates/5t0ry"]


def test_state_and_routing_stand_in_the_partition_of_the_alert() -> None:
    (decision,) = taken(made(), [alert()])

    number = ALERTS.partition("5t0ry")
    assert {output.partition for output in [*decision.states, *on(decision, ROUTINGS.name)]} == {number}


def test_a_routing_says_where_its_alert_stood() -> None:
    decisions = taken(made(), [alert(), alert("a2")], first=7)
    routings = [written(output) for decision in decisions for output in on(decision, ROUTINGS.name)]
    assert [fan_out.alert_offset(routing) for routing in routings] == [7, 7, 8, 8]
    assert fan_out.alert_offset(read_alert(alert())) is None


def test_the_ledger_is_stamped_and_the_decisions_are_counted() -> None:
    stage = made()
    record = read_alert(alert())
    record = replace(record, headers=(*record.headers, (HEADER, Ledger({Hop.ALERTED: NOW}).to_header())))

    decision = stage.decide(record, stamped_at=LATER)
    stage.decide(read_alert(alert("a2", relation="copy"), offset=1), stamped_at=LATER)

    headers = dict(on(decision, "alerts.fx")[0].headers)
    assert b'"routed"' in headers[HEADER]
    assert headers["ce_type"] == b"tocsin.alert.first.v1"
    registry = stage._metrics.registry
    told = {"relation": "first", "urgency": "urgent", "outcome": "told"}
    assert registry.get_sample_value("tocsin_alerts_total", told) == 2
    assert registry.get_sample_value("tocsin_alerts_suppressed_total", {"reason": "known"}) == 2
    assert registry.get_sample_value("tocsin_stage_latency_seconds_sum", {"stage": "route"}) == 2


@pytest.mark.parametrize("late", [pytest.param([], id="in order"), pytest.param([0], id="a zombie wrote last")])
def test_a_restored_stage_decides_as_the_old_one_would(late: list[int]) -> None:
    given = [alert(f"a{number}", relation="copy", keys={"r1": ["china", f"e{number % 3}"]}) for number in range(9)]
    whole = taken(made(), given)
    stage = made()
    written = [*whole[:5], *(whole[number] for number in late)]
    restore(stage, [state for decision in written for state in decision.states])

    rest = taken(stage, given[5:], first=5)

    assert [[output.value for output in one.outputs] for one in rest] == [
        [output.value for output in one.outputs] for one in whole[5:]
    ]


def test_an_alert_that_was_decided_is_not_decided_again_after_a_crash() -> None:
    whole = taken(made(), [alert()])
    stage = made()
    restore(stage, whole[0].states)

    assert taken(stage, [alert()]) == [Decision()]


def test_a_desk_whose_state_was_not_written_is_told_again_under_the_same_ids() -> None:
    (whole,) = taken(made(), [alert()])
    stage = made()
    restore(stage, whole.states[:1])

    (again,) = taken(stage, [alert()])

    assert said(again) == {"rates": "told"}
    assert {output.value for output in again.outputs} <= {output.value for output in whole.outputs}


def test_state_before_outputs_would_lose_the_alert() -> None:
    (whole,) = taken(made(), [alert()])
    stage = made()
    restore(stage, whole.states)

    assert taken(stage, [alert()]) == [Decision()], "so outputs must be acknowledged first"


@pytest.mark.parametrize("looked_back", [False, True])
def test_a_copy_of_an_alert_at_a_higher_offset_is_dropped(*, looked_back: bool) -> None:
    stage = made()
    if looked_back:
        stage.restore(read_alert(alert(permission="reuters"), offset=3))
    else:
        taken(stage, [alert(permission="reuters")], first=3)

    assert taken(stage, [alert(permission="reuters")], first=4) == [Decision()]
    assert said(taken(stage, [alert(permission="reuters")], first=3)[0]) == {
        "fx": "not_permitted",
        "rates": "not_permitted",
    }


def test_the_oldest_events_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fan_out, "EVENTS_KEPT", 1)
    stage = made()

    taken(stage, [alert("a1", permission="reuters"), alert("a2", permission="reuters")])

    assert taken(stage, [alert("a2", permission="reuters")], first=2) == [Decision()]
    assert taken(stage, [alert("a1", permission="reuters")], first=3) != [Decision()]


def test_only_controls_that_were_appended_before_the_alert_count() -> None:
    stage = made()
    stage.apply(read_as(CONTROLS, silence(), key="silence/x1", at=NOW))

    before = stage.decide(read_alert(alert(story="s1"), at=NOW), stamped_at=LATER)
    after = stage.decide(read_alert(alert("a2", story="s2"), at=LATER), stamped_at=LATER)

    assert said(before) == {"fx": "told", "rates": "told"}
    assert said(after) == {"fx": "silenced", "rates": "silenced"}


def test_an_ended_silence_counts_no_more() -> None:
    stage = made()
    record = read_as(CONTROLS, silence(), key="silence/x1", at=EARLIER)
    stage.apply(record)
    stage.apply(replace(record, value=None, appended_at=EARLIER + timedelta(minutes=1)))

    assert said(taken(stage, [alert()])[0]) == {"fx": "told", "rates": "told"}


def test_an_alert_is_decided_by_the_routes_of_its_time() -> None:
    stage = made()
    record = read_as(ROUTES, version(routes(), "v2"), key="v2", at=LATER)
    stage.apply(record)
    stage.apply(replace(record, value=None))

    (decision,) = taken(stage, [alert()])
    later = stage.decide(read_alert(alert("a2", story="s2"), offset=1, at=LATER + timedelta(1)), stamped_at=LATER)

    assert set(said(decision)) == {"fx", "rates"}
    assert set(said(later)) == {"fx"}


def test_without_routes_nothing_is_decided() -> None:
    stage = FanOut(Metrics(CollectorRegistry()))
    stage.begin(0)

    with pytest.raises(UnavailableError):
        stage.decide(read_alert(alert(), number=0), stamped_at=LATER)


def test_a_heartbeat_goes_to_every_desk_and_leaves_no_routing() -> None:
    beat = alert("heartbeat-3", kind="heartbeat", keys={})

    (decision,) = taken(made(), [beat])

    assert [output.topic.name for output in decision.outputs] == ["alerts.fx", "alerts.rates"]
    assert [DeskAlert.from_json(output.value).head.kind for output in decision.outputs] == ["heartbeat"] * 2
    assert decision.states == ()


def test_what_was_last_used_seven_days_ago_is_tombstoned() -> None:
    stage = made()
    taken(stage, [alert(story="s1")])
    number = ALERTS.partition("s1")
    kept = [story for story in stage._known[number].stories.values() if story.desk == "fx"]

    later = read_alert(alert("a2", story="s2"), offset=1, at=NOW + timedelta(days=8), number=number)
    decision = stage.decide(later, stamped_at=LATER)

    assert len(kept) == 1
    dead = [state for state in decision.states if state.value is None]
    assert [state.key for state in dead] == ["fx/s1", "rates/s1"]
    assert {state.partition for state in dead} == {number}
    restore(stage, dead)
    assert list(stage._known[number].stories) == ["fx/s2", "rates/s2"]


def test_a_desk_story_without_a_time_is_kept() -> None:
    stage = made()
    old = DeskStory(desk="fx", story_id="s1", decided_offset=0)
    stage.restore(read_as(DESK_STORIES, old, key=old.key, number=ALERTS.partition("s2")))

    decision = stage.decide(read_alert(alert("a2", story="s2"), at=NOW + timedelta(days=9)), stamped_at=LATER)

    assert all(state.value for state in decision.states)


def test_poison_and_a_newer_schema_leave_the_state_untouched() -> None:
    stage = made()
    record = read_alert(alert())

    with pytest.raises(PoisonError):
        stage.decide(replace(record, value=b"{"), stamped_at=LATER)
    with pytest.raises(NewerSchemaError):
        stage.decide(replace(record, headers=(("tocsin-schema", b"alert/9"),)), stamped_at=LATER)

    assert all(not known.stories and not known.events for known in stage._known.values())


def test_a_state_record_that_cannot_be_read_costs_no_other() -> None:
    stage = made()
    (whole,) = taken(made(), [alert()])
    poison = read_as(DESK_STORIES, version(routes()), key="fx/s1", number=whole.states[0].partition)

    stage.restore(poison)
    restore(stage, whole.states)

    assert taken(stage, [alert()]) == [Decision()]


def test_a_partition_that_is_anothers_now_is_forgotten() -> None:
    stage = made()
    stage.drop(3)
    stage.drop(3)

    assert 3 not in stage._known
