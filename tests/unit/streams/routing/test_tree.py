from streams.alerts.alert import Relation
from streams.routing.route import Matcher
from streams.routing.tree import labels_of, walk
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
