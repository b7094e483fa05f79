import pytest

from agents.cli.explaining.reasons import reasons
from streams.routing.told import Routing, RoutingDecision


@pytest.mark.parametrize(
    ("rules", "reason", "lines"),
    [
        pytest.param(
            ("a", "b", "c"), "a: no route leads here; b: told at 16:10; this is its update; c: no route leads here",
            ["a, c: no route leads here", "b: told at 16:10; this is its update"], id="equal words stand together",
        ),
        pytest.param(("a", "a-b"), "a-b: x; a: y", ["a-b: x", "a: y"], id="a name that begins with another"),
        pytest.param((), "a heartbeat", ["a heartbeat"], id="no rules"),
        pytest.param(("a",), "because", ["because"], id="words of another form"),
    ],
)  # fmt: skip
def test_a_reason_is_told_once_for_all_rules_that_have_it(
    rules: tuple[str, ...], reason: str, lines: list[str]
) -> None:
    routing = Routing.model_validate(
        {
            "routing_id": "r", "event_id": "e", "story_id": "s", "desk": "fx", "decision": RoutingDecision.TOLD,
            "reason": reason, "rules": dict.fromkeys(rules, RoutingDecision.TOLD), "routes_version": "v1",
        }
    )  # fmt: skip
    assert reasons(routing) == lines
