from streams.alerts.alert import Alert
from streams.routing.decide import decide
from tests.support.alerting import alert, moment


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
