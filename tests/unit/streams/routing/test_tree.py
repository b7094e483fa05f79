import pytest

from streams.alerts.alert import Relation
from streams.routing.route import Matcher
from streams.routing.tree import Tried, labels_of, path_of, tried, walk
from tests.support.alerting import alert, node


def when(label: str, value: str) -> dict[str, object]:
    return {"matchers": [Matcher(label=label, op="=", value=value)]}


TREE = node(
    "ops",
    routes=[
        node("fx", **when("topic", "trade"), go_on=True),
        node("rates", **when("topic", "trade"), routes=[node("rates", "hook", **when("urgency", "flash"))]),
        node("all", **when("topic", "trade")),
    ],
)


def paths(**labels: str) -> list[tuple[int, ...]]:
    return [hit.path for hit in walk(TREE, labels)]


def test_the_first_that_matches_ends_it_unless_it_says_continue() -> None:
    assert paths(topic="trade") == [(0,), (1,)]


def test_the_deepest_node_that_matches_is_reached() -> None:
    assert paths(topic="trade", urgency="flash") == [(0,), (1, 0)]


def test_where_no_child_matches_the_node_itself_is_reached() -> None:
    assert paths(topic="fx") == [()]


def test_a_root_that_does_not_match_reaches_nothing() -> None:
    assert walk(node("fx", **when("topic", "trade")), {"topic": "fx"}) == ()


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        pytest.param(
            {"topic": "trade"},
            ["passed on", "reached", "reached", 'urgency="flash" failed', "taken by 1"],
            id="a node that passes on, one that ends it, and one that was not asked",
        ),
        pytest.param(
            {"topic": "trade", "urgency": "flash"},
            ["passed on", "reached", "passed on", "reached", "taken by 1"],
            id="a deeper node takes it",
        ),
        pytest.param(
            {"topic": "fx"},
            ["reached", *['topic="trade" failed'] * 4],
            id="what fails above fails below",
        ),
    ],
)
def test_every_node_says_what_became_of_it(labels: dict[str, str], expected: list[str]) -> None:
    assert [said(one) for one in tried(TREE, labels)] == expected
    assert [one.path for one in tried(TREE, labels) if one.reached] == paths(**labels)


def said(one: Tried) -> str:
    if one.failed:
        return f'{one.failed.label}{one.failed.op}"{one.failed.value}" failed'
    if one.taken_by is not None:
        return f"taken by {'.'.join(map(str, one.taken_by))}"
    return "reached" if one.reached else "passed on"


def test_a_node_below_one_that_was_not_asked_says_who_took_it() -> None:
    tree = node("ops", routes=[node("fx"), node("rates", routes=[node("all", **when("topic", "trade"))])])

    assert [one.taken_by for one in tried(tree, {"topic": "trade"})] == [None, None, (0,), (0,)]


def test_a_way_is_said_by_its_matchers() -> None:
    tree = node("ops", routes=[node("fx", routes=[node("all", **when("topic", "trade"))])])

    assert path_of(tree, (0, 0)) == 'route > (everything) > topic="trade"'
    assert path_of(tree, ()) == "route"


def test_a_rules_own_labels_never_override_those_of_the_alert() -> None:
    given = alert(labels={"topic": "trade", "source": "nobody", "urgency": "flash"})

    labels = labels_of(given, given.rules[0], relation=Relation.UPDATE, urgency="routine")

    assert labels == {
        "topic": "trade",
        "rule": "rare-earths",
        "urgency": "routine",
        "relation": "update",
        "source": "Reuters",
        "feed": "feed-1",
        "language": "en",
        "permission": "public",
    }
