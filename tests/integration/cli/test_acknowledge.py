"""A flash that nobody acknowledges goes one step up, through the real fan out, sender and command line."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agents.broker.server import Broker
from agents.cli.reading import newest_by_key
from agents.kafka import outgoing
from config.settings import Settings
from streams.alerts.alert import Alert, DeskAlert, Relation
from streams.controls import Control
from streams.ids import ControlId, DeliveryId, DeskId, ReceiverId, StoryId, UserId
from streams.latency import Ledger
from streams.routing.notification import DeliveryState, DeliveryStatus
from streams.topics import ALERTS, CONTROLS, DELIVERY_STATES, desk_topic
from tests.support.alerting import alert
from tests.support.children import Children
from tests.support.command_line import Tocsin
from tests.support.deliver_process import Field

pytestmark = pytest.mark.kafka
ROUTES = """version: 1
receivers: {screen: {type: console}, oncall: {type: console}}
desks: {fx: {permissions: [public]}, ops: {permissions: [public]}}
route:
  desk: fx
  receivers: [screen]
  escalate: {if: 'urgency="flash"', unacked_for: 20s, to: [oncall]}
"""

WRONG = (
    (("alerts", "ack", "5t0ry", "--desk", "opps"), 78, 'no desk "opps" is live (did you mean ops?)'),
    (("alerts", "ack", "5t0ry", "--desk", "fx"), 78, "the desk fx was told nothing of it"),
    (("alerts", "ack", " ", "--desk", "fx"), 2, "an id, or the beginning of one, is needed"),
    (("receivers", "pause", "scren", "--comment", "c"), 78, 'no receiver "scren" is live (did you mean screen?)'),
    (("receivers", "pause", "screen", "--comment", "c", "--for", "8"), 2, "write 8s for seconds"),
    (("receivers", "resume", "scren"), 78, "(did you mean screen?)"),
    (("receivers", "resume", "oncall"), 78, "oncall is not paused: `tocsin receivers list` shows those that are"),
)


@pytest.fixture
def field(tocsin: Tocsin, tmp_path: Path, broker: Broker, topic_prefix: str) -> Iterator[Field]:
    """A desk with its routes, and the processes that tell it, at work already: what is due counts from the alert."""
    (tmp_path / "tocsin.d/routes.yaml").write_text(ROUTES)
    for group in ("topics", "routes", "rules", "feeds"):
        assert tocsin(group, "apply").code == 0
    children = Children(tmp_path / "tocsin.d", broker.bootstrap, topic_prefix)
    children.start("agents")
    children.start("deliver")
    made = Field(Settings(bootstrap=broker.bootstrap, topic_prefix=topic_prefix))
    publish(made, flash("0", "a0", urgency="routine"))
    asyncio.run(made.finals(1))
    yield made
    assert children.ended() == {}
    children.stop()


def flash(story: str, article: str, **given: Any) -> Alert:  # noqa: ANN401 - an alert's fields
    now = datetime.now(UTC)
    times = {"published_at": now, "first_seen_at": now, "fetched_at": now}
    return alert(article, story=StoryId(f"5t0ry0000000000{story}"), **{"urgency": "flash", **times, **given})


def publish(field: Field, *alerts: Alert) -> None:
    now = datetime.now(UTC)
    outputs = [
        outgoing(
            ALERTS, one, key=one.story_id, by=one.story_id, ce_id=one.event_id, stage="alert", at=now,
            ledger=Ledger().stamped(fetched=now),
        )
        for one in alerts
    ]  # fmt: skip
    asyncio.run(field.write(outputs))


def said(tocsin: Tocsin, *arguments: str) -> list[dict[str, Any]]:
    done = tocsin(*arguments, "--json")
    assert done.code == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def shown(tocsin: Tocsin, number: int) -> dict[str, dict[str, Any]]:
    """Return the desk's alerts by their articles, once so many are there."""
    while len(found := said(tocsin, "alerts", "list", "--desk", "fx")) < number:
        pass
    return {one["event"].split("-")[1]: one for one in found}


def test_an_acknowledgement_stops_what_it_covers_and_a_later_flash_opens_the_story_again(
    tocsin: Tocsin, field: Field
) -> None:
    publish(field, flash("1", "a1"), flash("2", "a2"))
    shown(tocsin, 3)
    [first] = said(tocsin, "alerts", "ack", "5t0ry00000000001", "--desk", "fx")
    [again] = said(tocsin, "alerts", "ack", first["up_to"], "--desk", "fx", "--user", "lee")
    assert (first["acknowledged_by"], first["after_s"] > 0) == ("ann", True)
    assert again == first, "whoever saw it first stays named"
    at = datetime.fromisoformat(first["acknowledged_at"])

    publish(field, flash("1", "a3", keys={"rare-earths": ["china", "us"]}, relation="update"))
    found = shown(tocsin, 4)
    assert {name: one["acknowledged_by"] for name, one in found.items() if name in {"a1", "a3"}} == {
        "a1": "ann",
        "a3": None,
    }

    states = asyncio.run(field.finals(7)).values()
    up = sorted((one.state.value, one.outcome.partition(" after ")[0]) for one in states if one.receiver == "oncall")
    assert up == [("delivered", "ok"), ("delivered", "ok"), ("muted", "acknowledged by ann")]
    assert Counter(one.state.value for one in states) == {"delivered": 6, "muted": 1}
    account = said(tocsin, "deliveries", "reconcile")
    assert [(one["receiver"], one["promised"], one["unaccounted"]) for one in account] == [
        ("oncall", 3, 0),
        ("screen", 4, 0),
    ]
    explained = " ".join(tocsin("explain", first["up_to"]).out.split())
    assert re.search(rf"acknowledged by ann after [0-9.]+ m?s, at {at:%Y-%m-%d %H:%M:%S} UTC", explained)
    [seen] = said(tocsin, "explain", first["up_to"])[0]["acknowledged"]
    assert (seen["desk"], seen["event_id"], seen["acknowledged_by"]) == ("fx", first["up_to"], "ann")
    assert (seen["acknowledged_at"], seen["acknowledged_after_s"]) == (first["acknowledged_at"], first["after_s"])
    [later] = said(tocsin, "explain", found["a3"]["event"])
    assert {one["event_id"] for one in later["routings"]} == {found["a3"]["event"]}
    assert later["acknowledged"] == [], "it was told later than what ann had seen"
    assert "oncall (escalation/1, unless acknowledged): muted" in explained
    [raised] = said(tocsin, "alerts", "show", first["up_to"])
    assert raised["acknowledged"]["fx"]["acknowledged_by"] == "ann"
    assert "acknowledged_by" in tocsin("alerts", "show", first["up_to"]).out


def test_a_paused_receiver_is_shown_as_such_and_a_step_up_does_not_wait_for_it(tocsin: Tocsin, field: Field) -> None:
    assert tocsin("receivers", "pause", "screen", "--comment", "a trial").code == 0
    publish(field, flash("3", "a1"))
    states = asyncio.run(field.finals(2)).values()
    listed = {one["receiver"]: one for one in said(tocsin, "receivers", "list")}

    assert sorted(one.receiver for one in states if one.state.final) == ["oncall", "screen"]
    assert (listed["screen"]["paused"], listed["screen"]["paused_by"], listed["screen"]["waiting"]) == (True, "ann", 1)
    assert (listed["oncall"]["paused"], listed["oncall"]["delivered"]) == (False, 1)

    [until] = said(tocsin, "receivers", "pause", "screen", "--for", "8h", "--comment", "not for ever")
    assert until["paused_until"] is not None
    assert tocsin("receivers", "resume", "screen").out == "screen is resumed\n"
    assert "screen" in tocsin("receivers", "list").out
    assert not any(one["paused"] for one in said(tocsin, "receivers", "list"))


@pytest.fixture
def applied(tocsin: Tocsin, tmp_path: Path, broker: Broker, topic_prefix: str) -> Field:
    """A desk with its routes; nobody is at work."""
    (tmp_path / "tocsin.d/routes.yaml").write_text(ROUTES)
    for group in ("topics", "routes"):
        assert tocsin(group, "apply").code == 0
    return Field(Settings(bootstrap=broker.bootstrap, topic_prefix=topic_prefix))


def test_what_can_not_be_done_is_said_with_its_cure(tocsin: Tocsin, applied: Field) -> None:  # noqa: ARG001 - the routes
    for arguments, code, problem in WRONG:
        done = tocsin(*arguments)
        assert (done.code, problem in " ".join(done.err.split())) == (code, True), done.err


def test_a_story_an_alert_or_an_event_names_what_is_acknowledged_and_ended_ones_are_cleared_away(
    tocsin: Tocsin, applied: Field
) -> None:
    now, given = datetime.now(UTC), [flash("1", "a1"), flash("2", "a2")]
    seen = [
        DeskAlert(**one.model_dump(), desk=DeskId("fx"), told_as=Relation.FIRST, routes_version="v") for one in given
    ]
    over = Control(
        kind="ack", id=ControlId("fx/old"), starts_at=now, ends_at=now - timedelta(days=1), user=UserId("kim")
    )
    common = {"stage": "t", "at": now}
    outputs = [outgoing(desk_topic("fx"), one, key=one.story_id, ce_id=one.event_id, **common) for one in seen]
    asyncio.run(applied.write([*outputs, outgoing(CONTROLS, over, key=over.key, ce_id=over.id, **common)]))

    several = tocsin("alerts", "ack", "5t0ry", "--desk", "fx")
    assert (several.code, "2 stories that the desk fx was told have ids that begin so" in several.err) == (78, True)
    [by_alert] = said(tocsin, "alerts", "ack", given[0].rules[0].alert_id, "--desk", "fx")
    [by_event] = said(tocsin, "alerts", "ack", given[1].event_id, "--desk", "fx", "--user", "lee")
    assert [(one["story"], one["acknowledged_by"]) for one in (by_alert, by_event)] == [
        (given[0].story_id, "ann"),
        (given[1].story_id, "lee"),
    ]
    kept = {one.record.key for one in asyncio.run(newest_by_key(applied.settings, CONTROLS, Control))}
    assert kept == {f"ack/fx/{one.story_id}" for one in given}


def test_receivers_are_listed_with_what_their_last_answers_say(tocsin: Tocsin, applied: Field) -> None:
    now = datetime.now(UTC)
    told = [  # in this order
        ("screen", "dead", "http_401", timedelta()),
        ("screen", "delivered", "ok", timedelta()),
        ("screen", "expired", "time_to_live_over", timedelta(days=2)),
        ("screen", "handed_off", "scheduled 5m", timedelta(days=2)),
        ("oncall", "delivered", "ok", timedelta()),
        ("oncall", "dead", "http_410", timedelta()),
    ]
    states = [
        DeliveryState(
            delivery_id=DeliveryId(f"{number:026x}"), receiver=ReceiverId(name), seq=0, state=DeliveryStatus(state),
            attempts=1, outcome=outcome, changed_at=now - ago + timedelta(milliseconds=number),
        )
        for number, (name, state, outcome, ago) in enumerate(told)
    ]  # fmt: skip
    asyncio.run(
        applied.write(
            [
                outgoing(
                    DELIVERY_STATES, one, key=one.delivery_id, by=one.receiver, ce_id=one.delivery_id, stage="t", at=now
                )
                for one in states
            ]
        )
    )

    listed = {one["receiver"]: one for one in said(tocsin, "receivers", "list")}
    names = ("needs_attention", "off", "waiting", "delivered", "dead", "expired")
    assert [listed["screen"][name] for name in names] == [None, False, 1, 1, 1, 0]
    assert [listed["oncall"][name] for name in names] == ["http_410", True, 0, 1, 1, 0]
