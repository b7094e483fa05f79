from datetime import timedelta

import pytest

from streams.alerts.alert import Alert, ComparedWith
from streams.routing.decide import DeskDecision, Moment, decide
from streams.routing.route import Matcher, Routes, TimeInterval
from streams.routing.silence import Silence
from streams.routing.told import DeskStory, RoutingDecision
from tests.support.alerting import NOW, alert, desk, moment, node, routes

NIGHT = TimeInterval(times=((0, 1440),))
SILENCE = Silence(
    silence_id="x1",
    target={"story": "5t0ry"},
    starts_at=NOW - timedelta(hours=1),
    ends_at=NOW + timedelta(hours=1),
    user="ana",
)


class FanOut:
    """What one desk is told, alert after alert."""

    def __init__(self, body: Routes | None = None) -> None:
        self.body = body or routes()
        self.known: dict[str, dict[str, DeskStory]] = {}
        self.offset = -1

    def take(self, given: Alert, **fields: object) -> DeskDecision:
        self.offset += 1
        now = Moment(**{**_fields(moment(self.body, offset=self.offset)), **fields})  # type: ignore[arg-type] # any
        known = self.known.setdefault(given.story_id, {})
        decisions = {one.routing.desk: one for one in decide(given, now, known)}
        known.update({desk: one.state for desk, one in decisions.items() if one.state})
        return decisions["fx"]


def _fields(now: Moment) -> dict[str, object]:
    return {"routes": now.routes, "silences": now.silences, "at": now.at, "offset": now.offset}


def said(decision: DeskDecision) -> tuple[str, str | None]:
    return decision.routing.decision.value, decision.routing.told_as


def test_the_first_of_a_story_is_told_as_first() -> None:
    decision = FanOut().take(alert())

    assert said(decision) == ("told", "first")
    assert decision.alert is not None
    assert (decision.alert.desk, decision.alert.told_as) == ("fx", "first")
    assert decision.routing.receivers == ("slack-fx",)
    assert [delivery.receiver for delivery in decision.deliveries] == ["slack-fx"]
    assert decision.routing.reason == "rare-earths: urgent, 1 entity (china), not told before"


@pytest.mark.parametrize(
    ("relation", "expected", "manners"),
    [
        pytest.param("update", ("told", "update"), ["thread"], id="an update is a reply"),
        pytest.param("correction", ("told", "correction"), ["broadcast"], id="a correction is broadcast"),
        pytest.param("retract", ("told", "retract"), ["broadcast"], id="a retraction is broadcast"),
        pytest.param("confirmation", ("known", "confirmation"), ["edit_root"], id="a confirmation edits the root"),
        pytest.param("copy", ("known", "copy"), [], id="a copy is counted"),
        pytest.param("first", ("known", "copy"), [], id="a second first is a copy"),
    ],
)
def test_what_a_told_desk_hears_of_a_known_key(relation: str, expected: tuple[str, str], manners: list[str]) -> None:
    desk_state = FanOut()
    desk_state.take(alert())

    decision = desk_state.take(alert("a2", relation=relation))

    assert said(decision) == expected
    assert decision.alert is not None
    assert [delivery.manner for delivery in decision.deliveries] == manners


@pytest.mark.parametrize(
    ("relation", "reason"),
    [
        ("copy", "urgent, 1 entity (china), told from Reuters at 07:41:00 UTC; a copy adds nothing"),
        ("update", "urgent, 1 entity (china), told from Reuters at 07:41:00 UTC; this is its update"),
    ],
)
def test_the_reason_says_from_whom_and_when_it_was_told(relation: str, reason: str) -> None:
    desk_state = FanOut()
    desk_state.take(alert())

    assert desk_state.take(alert("a2", relation=relation)).routing.reason == f"rare-earths: {reason}"


def test_a_key_of_an_older_record_is_named_by_its_event_and_many_entities_are_cut() -> None:
    desk_state = FanOut()
    many = {"rare-earths": ["e1", "e2", "e3", "e4", "e5"]}
    state = desk_state.take(alert(keys=many)).state
    assert state is not None
    old = state.model_copy(update={"told": tuple(key.model_copy(update={"told_at": None}) for key in state.told)})
    desk_state.known["5t0ry"]["fx"] = old

    reason = desk_state.take(alert("a2", relation="copy", keys=many)).routing.reason

    assert reason == (
        "rare-earths: urgent, 5 entities (e1, e2, e3, e4, ...), told from 5t0ry-a1-1-0a0a0a0a-0; a copy adds nothing"
    )


@pytest.mark.parametrize("relation", ["copy", "confirmation"])
@pytest.mark.parametrize(
    ("keys", "urgency", "expected"),
    [
        pytest.param({"rare-earths": ["china", "us"]}, "urgent", "update", id="a further entity"),
        pytest.param({"rare-earths": ["china"]}, "flash", "update", id="more urgent"),
        pytest.param({"tariffs": ["china"]}, "urgent", "first", id="another rule"),
    ],
)
def test_an_untold_key_is_always_told_whatever_the_label(
    relation: str, keys: dict[str, list[str]], urgency: str, expected: str
) -> None:
    desk_state = FanOut()
    desk_state.take(alert())

    assert said(desk_state.take(alert("a2", relation=relation, keys=keys, urgency=urgency))) == ("told", expected)


def test_a_desk_that_may_not_see_the_first_hears_of_the_story_from_the_next() -> None:
    desk_state = FanOut()
    compared = ComparedWith(article_id="a1", permission="reuters")

    hidden = desk_state.take(alert(permission="reuters"))
    seen = desk_state.take(alert("a2", relation="copy", publisher="BBC", extra={"compared_with": compared}))

    assert said(hidden) == ("not_permitted", None)
    assert hidden.routing.reason == 'Reuters needs the permission "reuters"; the desk holds public'
    assert (hidden.alert, hidden.deliveries, hidden.state) == (None, (), None)
    assert said(seen) == ("told", "first")


def test_a_copy_of_what_the_desk_may_not_see_is_an_update() -> None:
    desk_state = FanOut()
    desk_state.take(alert())
    compared = ComparedWith(article_id="a0", permission="reuters")

    assert said(desk_state.take(alert("a2", relation="copy", extra={"compared_with": compared}))) == ("told", "update")


def test_backfill_is_never_told_and_marks_nothing() -> None:
    desk_state = FanOut()

    old = desk_state.take(alert(kind="backfill", published_at=NOW - timedelta(hours=3)))
    new = desk_state.take(alert("a2", relation="confirmation"))

    assert said(old) == ("backfill", None)
    assert old.routing.reason.endswith("it is 3.0 h old")
    assert said(new) == ("told", "first")


def test_a_silenced_alert_marks_nothing_as_told() -> None:
    desk_state = FanOut()

    mute = desk_state.take(alert(), silences=(SILENCE,))
    later = desk_state.take(alert("a2", relation="copy"), silences=())

    assert said(mute) == ("silenced", None)
    assert mute.routing.controls == ("x1",)
    assert mute.routing.reason == "rare-earths: silenced by ana until 2025-10-26 08:41 UTC"
    assert said(later) == ("told", "first")


@pytest.mark.parametrize(
    ("urgency", "fields", "expected"),
    [
        pytest.param("urgent", {}, "quiet_hours", id="urgent waits"),
        pytest.param("flash", {}, "told", id="a flash goes through"),
        pytest.param("flash", {"flash_pierces": False}, "quiet_hours", id="unless told not to"),
    ],
)
def test_quiet_hours_hold_back_all_but_a_flash(urgency: str, fields: dict[str, object], expected: str) -> None:
    root = node("fx", "slack-fx", mute_time_intervals=("night",), **fields)
    desk_state = FanOut(routes(root, time_intervals={"night": NIGHT}))

    decision = desk_state.take(alert(urgency=urgency))

    assert decision.routing.decision == expected
    assert expected == "told" or decision.routing.reason == "rare-earths: quiet hours night at 07:41 UTC"


def test_a_node_that_is_not_quiet_still_tells() -> None:
    root = node("ops", routes=[node("fx", "slack-fx", go_on=True, mute_time_intervals=("night",)), node("fx", "hook")])
    desk_state = FanOut(routes(root, time_intervals={"night": NIGHT}))

    decision = desk_state.take(alert())

    assert (decision.routing.decision, decision.routing.receivers) == ("told", ("hook",))


@pytest.mark.parametrize(
    ("owner", "root", "reason"),
    [
        pytest.param("rates", node("fx"), "rare-earths: the rule is rates's own", id="another desk's rule"),
        pytest.param(None, node("ops"), "rare-earths: no route leads here", id="no route"),
        pytest.param("fx", node("ops"), "rare-earths: no route leads here", id="its own rule without a route"),
    ],
)
def test_without_a_route_the_desk_is_not_told(owner: str | None, root: object, reason: str) -> None:
    decision = FanOut(routes(root)).take(alert(owner=owner))  # type: ignore[arg-type] # a node

    assert (decision.routing.decision, decision.routing.reason) == ("no_route", reason)


def test_every_desk_gets_one_routing_and_its_own_decision() -> None:
    body = routes(
        node("ops", routes=[node("fx", "slack-fx", go_on=True), node("rates", "hook")]),
        desk("fx"),
        desk("rates", "reuters"),
        desk("ops"),
    )

    decisions = decide(alert(), moment(body))

    assert {one.routing.desk: one.routing.decision.value for one in decisions} == {
        "fx": "told",
        "rates": "not_permitted",
        "ops": "no_route",
    }
    assert len({one.routing.routing_id for one in decisions}) == 3


def test_the_loudest_of_several_rules_names_the_decision_and_each_is_listed() -> None:
    trade = {"matchers": [Matcher(label="rule", op="!=", value="elsewhere")]}
    desk_state = FanOut(routes(node("ops", routes=[node("fx", "slack-fx", **trade)])))
    desk_state.take(alert())

    decision = desk_state.take(
        alert("a2", relation="confirmation", keys={"rare-earths": ["china"], "tariffs": [], "elsewhere": []})
    )

    assert said(decision) == ("told", "first")
    assert dict(decision.routing.rules) == {
        "rare-earths": RoutingDecision.KNOWN,
        "tariffs": RoutingDecision.TOLD,
        "elsewhere": RoutingDecision.NO_ROUTE,
    }
    assert decision.alert is not None
    assert [rule.rule_id for rule in decision.alert.rules] == ["rare-earths", "tariffs"]


def test_of_many_rules_five_are_explained() -> None:
    decision = FanOut().take(alert(keys={f"rule-{number}": [] for number in range(7)}))

    assert decision.routing.reason.count("urgent, no entity, not told before") == 5
    assert decision.routing.reason.endswith("; and 2 more")


def test_an_alert_without_rules_has_no_route() -> None:
    decision = FanOut().take(alert(keys={}))

    assert (decision.routing.decision, decision.routing.reason) == ("no_route", "the alert has no rules")


def test_nothing_is_decided_again_at_or_below_the_highest_offset() -> None:
    (first,) = decide(alert(), moment(offset=5))
    assert first.state is not None
    known = {first.state.desk: first.state}

    assert decide(alert(), moment(offset=5), known) == ()
    assert decide(alert("a2"), moment(offset=4), known) == ()
    assert len(decide(alert("a2"), moment(offset=6), known)) == 1


def test_each_later_decision_moves_the_offset_and_keeps_the_keys() -> None:
    desk_state = FanOut()
    told = desk_state.take(alert()).state
    hidden = desk_state.take(alert("a2", permission="reuters")).state

    assert told is not None
    assert hidden is not None
    assert (told.decided_offset, hidden.decided_offset) == (0, 1)
    assert told.told == hidden.told
    assert told.first_told_at == hidden.first_told_at == NOW


def test_late_news_is_urgent_at_most_and_says_how_late() -> None:
    decision = FanOut().take(alert(urgency="flash"), at=NOW + timedelta(minutes=20))

    assert decision.alert is not None
    assert (decision.alert.late_by_s, decision.alert.rules[0].urgency) == (1200, "urgent")
    assert decision.deliveries[0].urgency == "urgent"


def test_a_desk_that_holds_no_permission_is_told_so() -> None:
    body = routes(None, desk("fx", "x").model_copy(update={"permissions": ()}))

    assert FanOut(body).take(alert()).routing.reason.endswith("the desk holds nothing")
