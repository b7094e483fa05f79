"""The route tree: which nodes an alert's rule reaches, walked once per rule and desk."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from streams.alerts.alert import Alert, AlertedRule, Relation
from streams.routing.matchers import holds, match_all
from streams.routing.route import Matcher, RouteNode


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


@dataclass(frozen=True, slots=True)
class Tried:
    """A node on the walk: `failed` is the matcher that did not hold; `taken_by` is the way to who took it before."""

    node: RouteNode
    path: tuple[int, ...]
    reached: bool
    failed: Matcher | None = None
    taken_by: tuple[int, ...] | None = None


def tried(root: RouteNode, labels: Mapping[str, str]) -> tuple[Tried, ...]:
    """Return every node of the tree with what became of it, in the order of the file; `walk` reaches the same ones.

    A node below one that failed, or that was not asked, shows what failed or took it above.
    """
    return tuple(_tried(root, labels, ()))


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


def path_of(root: RouteNode, path: Iterable[int]) -> str:
    """Return the way to a node, by the matchers on it."""
    steps, node = ["route"], root
    for number in path:
        node = node.routes[number]
        steps.append(" and ".join(map(text_of, node.matchers)) or "(everything)")
    return " > ".join(steps)


def text_of(matcher: Matcher) -> str:
    """Return a matcher as it is written."""
    return f'{matcher.label}{matcher.op}"{matcher.value}"'


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


def _tried(node: RouteNode, labels: Mapping[str, str], path: tuple[int, ...]) -> Iterator[Tried]:
    failed = next((matcher for matcher in node.matchers if not holds(matcher, labels)), None)
    if failed is not None:
        yield from _stopped(node, path, failed=failed)
        return
    below: list[Tried] = []
    taken_by: tuple[int, ...] | None = None
    for number, child in enumerate(node.routes):
        way = (*path, number)
        found = list(_tried(child, labels, way) if taken_by is None else _stopped(child, way, taken_by=taken_by))
        below += found
        if not child.go_on and any(one.reached for one in found):
            taken_by = way
    yield Tried(node, path, reached=not any(one.reached for one in below))
    yield from below


def _stopped(
    node: RouteNode, path: tuple[int, ...], *, failed: Matcher | None = None, taken_by: tuple[int, ...] | None = None
) -> Iterator[Tried]:
    yield Tried(node, path, reached=False, failed=failed, taken_by=taken_by)
    for number, child in enumerate(node.routes):
        yield from _stopped(child, (*path, number), failed=failed, taken_by=taken_by)
