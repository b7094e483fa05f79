"""The route tree: which nodes an alert's rule reaches, walked once per rule and desk."""

from collections.abc import Mapping
from dataclasses import dataclass

from streams.alerts.alert import Alert, AlertedRule, Relation
from streams.routing.matchers import match_all
from streams.routing.route import RouteNode


@dataclass(frozen=True, slots=True)
class Hit:
    """A node that was reached, and the way to it: child numbers from the root."""

    node: RouteNode
    path: tuple[int, ...] = ()


def walk(root: RouteNode, labels: Mapping[str, str]) -> tuple[Hit, ...]:
    """Return the nodes that the labels reach, in the order of the file; none if the root itself does not match.

    Children are asked in order; the first that matches ends it, unless it says `continue`. A node whose children
    all decline is reached itself. What a node inherits is written out in it already (config/ does that once).
    """
    return tuple(_reached(root, labels, ()))


def labels_of(alert: Alert, rule: AlertedRule, *, relation: Relation, urgency: str) -> Mapping[str, str]:
    """Return the labels of one rule of an alert: the rule's own, then those that it can't override."""
    head = alert.head
    return {
        **rule.labels,
        "rule": rule.rule_id,
        "urgency": urgency,
        "relation": relation.value,
        "source": head.publisher,
        "feed": head.feed_id,
        "language": head.language,
        "permission": head.permission,
    }


def _reached(node: RouteNode, labels: Mapping[str, str], path: tuple[int, ...]) -> list[Hit]:
    if not match_all(node.matchers, labels):
        return []
    hits: list[Hit] = []
    for number, child in enumerate(node.routes):
        found = _reached(child, labels, (*path, number))
        hits.extend(found)
        if found and not child.go_on:
            break
    return hits or [Hit(node, path)]
