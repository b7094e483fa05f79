"""routes.yaml: receivers, desks, time intervals, and the tree that sends alerts to them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from config.matchers import parse_matcher
from config.node import Fields, Node
from config.problems import did_you_mean
from config.receivers import read_receivers
from config.time_intervals import read_time_intervals, read_zone
from config.yaml_source import load_file
from streams.alerts.alert import Relation
from streams.errors import ConfigurationError
from streams.ids import DeskId, ReceiverId
from streams.routing.escalation import ON_FLASH
from streams.routing.route import Desk, Escalation, Matcher, Receiver, RouteNode, Routes, TimeInterval

FILE = "routes.yaml"
ROOT_KEYS = ("version", "time_intervals", "receivers", "desks", "route")
NODE_KEYS = (
    "matchers", "desk", "receivers", "relations", "mute_time_intervals", "active_time_intervals", "flash_pierces",
    "escalate", "continue", "routes",
)  # fmt: skip
GROUPING = ("group_by", "group_wait", "group_interval", "repeat_interval", "inhibit_rules", "inhibition")
MANNERS = ("edit_root", "thread", "broadcast", "drop")
SOONEST_S, LATEST_S = 1.0, 86_400.0  # what is a day late is nobody's to pick up
PERMISSION_OF_ALL = "tocsin"  # of the poller's own articles on a feed's health


@dataclass(frozen=True, slots=True)
class Known:
    """What the nodes of the tree may name."""

    receivers: Mapping[ReceiverId, Receiver]
    desks: Mapping[DeskId, Desk]
    time_intervals: Mapping[str, TimeInterval]


def load_routes(folder: Path) -> Routes:
    """Return the routes of the folder, or the shipped ones.

    Raises: ConfigurationError with every problem of the file.
    """
    root = load_file(folder, FILE)
    found = read_routes(root)
    if problems := root.source.report():
        raise ConfigurationError(*problems)
    return found


def read_routes(root: Node) -> Routes:
    """Return the routes that the tree holds; its problems are added to `root.source`."""
    _refuse_grouping(root)
    fields = root.fields((*ROOT_KEYS, *GROUPING), required=("version", "desks", "route"))
    fields["version"].one_of(("1",), "1")
    known = Known(
        receivers=read_receivers(fields["receivers"]),
        desks=dict(map(_desk, fields["desks"].pairs())),
        time_intervals=read_time_intervals(fields["time_intervals"]),
    )
    tree = _node(fields["route"].named("route"), known, RouteNode(), root=True)
    return Routes(time_intervals=known.time_intervals, receivers=known.receivers, desks=known.desks, route=tree)


def _desk(pair: tuple[Node, Node]) -> tuple[DeskId, Desk]:
    key, node = pair
    name = DeskId(key.ident())
    fields = node.named(f'desk "{name}"').fields(("permissions", "zone"), required=("permissions",))
    permissions = [item.ident() for item in fields["permissions"].items()]
    held = tuple(dict.fromkeys([*permissions, PERMISSION_OF_ALL]))
    return name, Desk(desk_id=name, permissions=held, zone=read_zone(fields["zone"]))


def _node(node: Node, known: Known, parent: RouteNode, *, root: bool = False) -> RouteNode:
    """Return the node with everything that it inherits written out."""
    _refuse_grouping(node)
    fields = node.fields((*NODE_KEYS, *GROUPING))
    made = RouteNode(
        matchers=tuple(filter(None, map(_matcher, fields["matchers"].items()))),
        desk=_named(fields["desk"], known.desks, "desk") if "desk" in fields else parent.desk,
        receivers=_all_named(fields, "receivers", known.receivers, "receiver", parent.receivers),
        relations={**parent.relations, **_relations(fields["relations"])},
        mute_time_intervals=_intervals(fields, "mute_time_intervals", known, parent.mute_time_intervals),
        active_time_intervals=_intervals(fields, "active_time_intervals", known, parent.active_time_intervals),
        flash_pierces=fields["flash_pierces"].truth(default=parent.flash_pierces),
        escalate=_escalation(fields["escalate"], known) if "escalate" in fields else parent.escalate,
        go_on=fields["continue"].truth(default=False),
    )
    _check_node(node, fields, made, root=root)
    _refuse_unreached(fields["routes"].items())
    children = tuple(_node(child, known, made) for child in fields["routes"].items())
    return made.model_copy(update={"routes": children})


def _refuse_unreached(children: tuple[Node, ...]) -> None:
    for before, child in pairwise(children):
        if before.kind == "mapping" and not before.at("matchers").members and before.peek("continue") != "true":
            child.refuse(f"never reached: the node on line {before.line} has no matchers, so it takes everything")
            return


def _check_node(node: Node, fields: Fields, made: RouteNode, *, root: bool) -> None:
    if root and (made.matchers or made.go_on):
        node.refuse("the root takes every alert: move matchers and continue to a node under routes:")
    if "receivers" in fields and "desk" not in fields and made.receivers and made.desk is None:
        fields["receivers"].refuse("receivers without a desk: name a desk here or above, which says what they may see")
    if "escalate" in fields and "desk" not in fields and made.escalate and made.desk is None:
        fields["escalate"].refuse("escalate without a desk: name a desk here or above, which is to acknowledge")


def _escalation(node: Node, known: Known) -> tuple[Escalation, ...]:
    """Return the steps of `escalate`, which is one or a list; `[]` takes away what is inherited."""
    nodes = (node,) if node.kind == "mapping" else node.items()
    steps = tuple(_step(step.named(node.about), known) for step in nodes)
    latest: dict[Matcher, float] = {}
    for place, step in zip(nodes, steps, strict=True):
        condition = step.condition or ON_FLASH
        before_s = latest.get(condition, 0.0)
        if step.unacked_for_s <= before_s:
            place.named(node.about).refuse(
                f"this step comes after {step.unacked_for_s:g} s, one before it after {before_s:g} s: "
                "each counts from when the alert was routed, so write a longer unacked_for"
            )
        latest[condition] = max(before_s, step.unacked_for_s)
    return steps


def _step(node: Node, known: Known) -> Escalation:
    fields = node.fields(("if", "unacked_for", "to"), required=("unacked_for", "to"))
    after_s = fields["unacked_for"].duration_s(SOONEST_S)
    if not SOONEST_S <= after_s <= LATEST_S:
        fields["unacked_for"].refuse(f"unacked_for is from {SOONEST_S:g}s to {LATEST_S / 3600:g}h")
    told = _all_named(fields, "to", known.receivers, "receiver", ())
    if "to" in fields and fields["to"].kind == "sequence" and not fields["to"].members:
        fields["to"].refuse("names no receiver, so nobody would be told")
    return Escalation(condition=_matcher(fields["if"]) if "if" in fields else None, unacked_for_s=after_s, to=told)


def _matcher(node: Node) -> Matcher | None:
    try:
        return parse_matcher(node.text(""))
    except ValueError as err:
        node.refuse(str(err))
        return None


def _named(node: Node, known: Iterable[str], what: str) -> DeskId | None:
    found = node.text("")
    if found and found not in known:
        node.refuse(f'unknown {what} "{found}"{did_you_mean(found, known)}')
        return None
    return DeskId(found) if found else None


def _all_named(
    fields: Fields, key: str, known: Iterable[str], what: str, inherited: tuple[ReceiverId, ...]
) -> tuple[ReceiverId, ...]:
    if key not in fields:
        return inherited
    names = [ReceiverId(name) for item in fields[key].items() if (name := _named(item, known, what))]
    return tuple(dict.fromkeys(names))


def _intervals(fields: Fields, key: str, known: Known, inherited: tuple[str, ...]) -> tuple[str, ...]:
    if key not in fields:
        return inherited
    return tuple(name for item in fields[key].items() if (name := _named(item, known.time_intervals, "time interval")))


def _relations(node: Node) -> dict[Relation, str]:
    fields = node.fields([relation.value for relation in Relation])
    return {Relation(name): fields[name].one_of(MANNERS, "thread") for name in fields if name in list(Relation)}


def _refuse_grouping(node: Node) -> None:
    for key, _ in node.entries:
        if key.content in GROUPING:
            key.named(node.about).refuse(
                f"{key.content} is not there: news is told once, at once, and stories already group; take it out"
            )
