from datetime import timedelta

from streams.alerts.alert import Alert
from streams.ids import ControlId, DeskId, UserId
from streams.routing.decide import decide
from streams.routing.silence import Silence
from streams.routing.told import DeskStory
from tests.support.alerting import NOW, alert, moment


def correction() -> Alert:
    """Return a correction that does not match the rule any more, by which its article was told."""
    given = alert("a2", relation="correction")
    rules = [rule.model_copy(update={"taken_over": True, "spans": ()}) for rule in given.rules]
    return given.model_copy(update={"rules": tuple(rules)})


def test_a_rule_that_matches_no_more_concerns_nobody_who_was_told_nothing_by_it() -> None:
    (decision,) = decide(correction(), moment())

    assert (decision.routing.decision, decision.routing.told_as) == ("no_match", None)
    assert (decision.alert, decision.deliveries, decision.state) == (None, (), None)
    assert decision.routing.reason == "rare-earths: it does not match any more, and the desk was told nothing by it"


def test_who_was_told_by_it_hears_the_correction() -> None:
    (told,) = decide(alert(), moment())
    assert told.state is not None

    (decision,) = decide(correction(), moment(offset=1), {told.state.desk: told.state})

    assert (decision.routing.decision, decision.routing.told_as) == ("told", "correction")
    assert [delivery.manner for delivery in decision.deliveries] == ["broadcast"]


def test_the_reason_says_of_each_rule_why_and_begins_with_those_that_decided() -> None:
    snooze = Silence(
        silence_id=ControlId("x1"), target={"rule": "a"}, starts_at=NOW, ends_at=NOW + timedelta(hours=1),
        user=UserId("ana"),
    )  # fmt: skip

    (decision,) = decide(alert(keys={"a": [], "b": []}), moment(silences=[snooze]))

    assert decision.routing.decision == "told"
    assert decision.routing.reason == (
        "b: urgent, no entity, not told before; a: silenced by ana until 2025-10-26 08:41 UTC"
    )
    assert decision.routing.controls == ("x1",)


def test_a_desk_counts_the_alerts_that_it_was_shown_and_no_others() -> None:
    stories: dict[DeskId, DeskStory] = {}
    counts: list[int | None] = []
    for number, (permission, relation) in enumerate(
        [("reuters", "first"), ("public", "copy"), ("reuters", "update"), ("public", "copy"), ("public", "update")]
    ):
        given = alert(f"a{number}", permission=permission, relation=relation)
        rules = [rule.model_copy(update={"revision": number + 1}) for rule in given.rules]
        (decision,) = decide(given.model_copy(update={"rules": tuple(rules)}), moment(offset=number), stories)
        stories |= {decision.state.desk: decision.state} if decision.state else {}
        counts.append(decision.alert.rules[0].revision if decision.alert else None)

    assert counts == [None, 1, None, 2, 3]
