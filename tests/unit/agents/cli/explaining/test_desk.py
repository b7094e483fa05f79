from datetime import datetime, timedelta

import pytest

from agents.cli.explaining.desk import desk_lines, hops
from agents.cli.explaining.journey import Ground, Journey
from agents.cli.reading import Found
from streams.alerts.alert import Alert
from streams.controls import Control
from streams.ids import ControlId, UserId
from streams.latency import Hop, Ledger
from streams.routing.decide import decide
from streams.routing.route import Matcher, Routes
from streams.routing.told import Routing
from streams.topics import ROUTINGS
from tests.support.alerting import NOW, alert, desk, moment, node, read_alert, read_as, routes, version

SECOND = timedelta(seconds=1)


def when(label: str, value: str) -> dict[str, object]:
    return {"matchers": [Matcher(label=label, op="=", value=value)]}


BODY = routes(
    node("ops", routes=[node("fx", "hook", **when("relation", "first")), node("fx", **when("relation", "update"))]),
    desk("fx"), desk("ops"),
)  # fmt: skip


def routing_of(given: Alert, body: Routes, *, offset: int = 0) -> Found[Routing]:
    routing = decide(given, moment(body, offset=offset))[0].routing
    return Found(routing, read_as(ROUTINGS, routing, key="s", offset=offset))


def said(given: Alert, found: Found[Routing], ground: Ground) -> list[str]:
    alerted = Found(given, read_alert(given))
    return [
        f"{label} {text}".strip() for label, text in desk_lines(found, alerted, Journey([], [], [], [], []), ground)
    ]


def test_each_hop_is_shown_unknown_or_negative_as_it_is() -> None:
    ledger = Ledger().stamped(
        first_seen=NOW, fetched=NOW - SECOND, produced=NOW, matched=NOW + SECOND / 1_000, routed=NOW + SECOND
    )

    assert ledger.lag_ms(Hop.PUBLISHED, Hop.FIRST_SEEN) is None
    assert hops(ledger) == (
        "first seen unknown, fetched -1,000.0 ms, produced 1,000.0 ms, matched 1.0 ms, alerted unknown, "
        "routed unknown (each after the one before; the first after published); fetched to routed 2,000.0 ms"
    )


@pytest.mark.parametrize(
    ("heard", "lines"),
    [
        pytest.param(
            False,
            [
                'route > relation="first": reached, to hook',
                'route > relation="update": not asked, as route > relation="first" took it and does not say continue',
            ],
            id="a desk that heard nothing",
        ),
        pytest.param(
            True,
            [
                'route > relation="first": not relation="first", as relation is "update"',
                'route > relation="update": reached, to no receiver',
            ],
            id="one that was told before",
        ),
    ],
)
def test_the_tree_is_walked_as_it_was_for_the_desk(lines: list[str], *, heard: bool) -> None:
    given = alert("a2", relation="update", owner="ops")  # so that no route leads to fx, and every node is shown
    before = routing_of(alert(), BODY)
    found = routing_of(given, BODY, offset=1)

    shown = said(given, found, Ground(routes={"v1": version(BODY)}, stories=[before] if heard else []))

    assert [line for line in shown if line.startswith("route >")] == lines


def test_a_node_below_which_another_took_it_says_so() -> None:
    body = routes(node("fx", "hook", routes=[node("ops", "hook", **when("topic", "trade"))]), desk("fx"), desk("ops"))
    found = routing_of(alert(), body)

    shown = said(alert(), found, Ground(routes={"v1": version(body)}))

    assert "route: passed on to a node below" in shown
    assert found.record.decision == "no_route"


def test_what_is_not_on_the_topics_any_more_is_said_to_be_gone() -> None:
    found = routing_of(alert(), routes())
    gone = Found(found.record.model_copy(update={"controls": ("x1",)}), found.incoming)

    shown = said(alert(), gone, Ground())

    assert "silence x1, which is over" in shown
    assert "routes version v1, which is not on the topic any more" in shown
    assert "needs public; what the desk held is not known any more" in shown
    assert "sent slack-fx: not sent yet" in shown


def test_a_silence_without_an_end_and_a_comment_is_said_in_words() -> None:
    found = routing_of(alert(), routes())
    muted = Found(found.record.model_copy(update={"controls": ("x1",)}), found.incoming)
    control = Control.model_validate({"kind": "silence", "id": "x1", "starts_at": NOW, "user": "ana"})

    shown = said(alert(), muted, Ground(controls={"x1": control}))

    assert "silence x1 by ana since 2025-10-26 07:41 UTC, until it is ended" in shown


def test_a_desk_of_no_node_is_told_so() -> None:
    body = routes(node("ops"), desk("fx"), desk("ops"))

    shown = said(alert(), routing_of(alert(), body), Ground(routes={"v1": version(body)}))

    assert "no node is this desk's" in shown


@pytest.mark.parametrize(
    ("up_to", "line"),
    [
        pytest.param(NOW, "seen acknowledged by kim after 35.0 s, at 2025-10-26 07:41:35 UTC", id="it had been told"),
        pytest.param(NOW - SECOND, "seen not acknowledged: what kim acknowledged was told before", id="told later"),
    ],
)
def test_who_acknowledged_is_said_and_what_goes_up_unless_somebody_does(up_to: datetime, line: str) -> None:
    body = routes(node("fx", "hook", escalate=[{"unacked_for_s": 60.0, "to": ["slack-fx"]}]))
    given = alert(urgency="flash")
    found = routing_of(given, body)
    control = Control(
        kind="ack",
        id=ControlId(f"fx/{given.story_id}"),
        starts_at=NOW + 35 * SECOND,
        up_to_at=up_to,
        user=UserId("kim"),
    )
    lines = said(given, found, Ground(routes={"v1": version(body)}, controls={control.id: control}))

    assert line in lines
    assert lines[-2:] == ["sent hook: not sent yet", "sent slack-fx (escalation/1, unless acknowledged): not sent yet"]
    assert not any(one.startswith("seen") for one in said(given, found, Ground(routes={"v1": version(body)})))
