"""What a desk was told of an alert, or why not: rule by rule, the nodes of the routes, silences, deliveries."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from agents.cli.explaining.journey import Ground, Journey, deliveries_of
from agents.cli.explaining.reasons import reasons
from agents.cli.reading import Found
from streams.alerts.alert import Alert, AlertedRule, Relation
from streams.alerts.urgency import at_most_urgent, late_by_s
from streams.controls import Control, acknowledgement_of
from streams.latency import HOPS, Hop, Ledger
from streams.routing.permission import relation_for
from streams.routing.route import Desk, RouteNode, RoutesVersion
from streams.routing.told import PURPOSE, Routing, RoutingDecision
from streams.routing.tree import Tried, labels_of, path_of, text_of, tried

Line = tuple[str, str]
ROUTED = {RoutingDecision.TOLD, RoutingDecision.KNOWN, RoutingDecision.SILENCED, RoutingDecision.QUIET_HOURS}
TIME = "%Y-%m-%d %H:%M:%S"
NOT_ASKED = {RoutingDecision.NOT_PERMITTED, RoutingDecision.BACKFILL}


def desk_lines(found: Found[Routing], alert: Found[Alert], journey: Journey, ground: Ground) -> Iterator[Line]:
    """Yield what is to be said of one decision, each line with its label."""
    routing, version = found.record, ground.routes.get(found.record.routes_version)
    desk = version.body.desks.get(routing.desk) if version else None
    yield from (("why" if number == 0 else "", why) for number, why in enumerate(reasons(routing)))
    if routing.decision is not RoutingDecision.NOT_PERMITTED:  # then the reason says it
        yield "needs", _permission(alert.record, desk)
    for name in routing.controls:
        yield "silence", _control(name, ground.controls.get(name))
    yield from _routes(found, alert, version, desk, ground)
    yield from _acknowledged(found, ground)
    yield from _deliveries(found, journey)


def _permission(alert: Alert, desk: Desk | None) -> str:
    held = (
        "what the desk held is not known any more" if desk is None else f"the desk holds {', '.join(desk.permissions)}"
    )
    return f"{alert.head.permission}; {held}"


def _control(name: str, control: Control | None) -> str:
    if control is None:
        return f"{name}, which is over"
    until = f"until {control.ends_at:%Y-%m-%d %H:%M} UTC" if control.ends_at else "until it is ended"
    comment = f': "{control.comment}"' if control.comment else ""
    return f"{name} by {control.user} since {control.starts_at:%Y-%m-%d %H:%M} UTC, {until}{comment}"


def _routes(
    found: Found[Routing], alert: Found[Alert], version: RoutesVersion | None, desk: Desk | None, ground: Ground
) -> Iterator[Line]:
    """Yield, for each way through the tree, what became of the desk's nodes: the rules that went it stand before."""
    routing = found.record
    if routing.decision in NOT_ASKED:
        return
    if version is None or desk is None:
        yield "routes", f"version {routing.routes_version}, which is not on the topic any more"
        return
    ways: dict[tuple[str, ...], list[str]] = {}
    for rule in alert.record.rules:
        labels = labels_of(
            alert.record, rule,
            relation=_label(found, alert.record, desk, rule, ground),
            urgency=at_most_urgent(rule.urgency, late_by_s(alert.record.head, alert.incoming.appended_at)),
        )  # fmt: skip
        nodes = [one for one in tried(version.body.route, labels) if one.node.desk == routing.desk]
        reached = [one for one in nodes if one.reached]
        shown = reached if routing.rules.get(rule.rule_id) in ROUTED and reached else nodes
        said = tuple(_node(one, version.body.route, labels) for one in shown)
        ways.setdefault(said or ("no node is this desk's",), []).append(rule.rule_id)
    for said, rules in ways.items():
        yield "routes", f"version {version.version}, for {', '.join(rules)}:"
        yield from (("", f"  {line}") for line in said)


def _label(found: Found[Routing], alert: Alert, desk: Desk, rule: AlertedRule, ground: Ground) -> Relation:
    """Return the relation by which the tree was walked: that of the desk, which may have heard nothing by the rule."""
    routing = found.record
    before = (
        one.record
        for one in ground.stories
        if one.record.desk == routing.desk
        and one.record.story_id == routing.story_id
        and one.incoming.offset < found.incoming.offset  # a story's decisions stand in one partition
    )
    if not any(one.rules.get(rule.rule_id) is RoutingDecision.TOLD for one in before):
        return Relation.FIRST
    return routing.told_as or relation_for(desk, alert)


def _node(one: Tried, root: RouteNode, labels: Mapping[str, str]) -> str:
    way = path_of(root, one.path)
    if one.failed is not None:
        return f'{way}: not {text_of(one.failed)}, as {one.failed.label} is "{labels.get(one.failed.label, "")}"'
    if one.taken_by is not None:
        return f"{way}: not asked, as {path_of(root, one.taken_by)} took it and does not say continue"
    if not one.reached:
        return f"{way}: passed on to a node below"
    return f"{way}: reached, to {', '.join(one.node.receivers) or 'no receiver'}"


def _acknowledged(found: Found[Routing], ground: Ground) -> Iterator[Line]:
    control = ground.controls.get(f"{found.record.desk}/{found.record.story_id}")
    if control is None or control.kind != "ack":
        return
    made = acknowledgement_of(control)
    routed_at = found.incoming.ledger.at(Hop.ROUTED) or found.incoming.appended_at
    later = f"not acknowledged: what {made.user} acknowledged was told before"
    yield "seen", f"{made.after(routed_at)}, at {made.at:{TIME}} UTC" if made.covers(routed_at) else later


def _deliveries(found: Found[Routing], journey: Journey) -> Iterator[Line]:
    states = {one.record.delivery_id: one for one in journey.deliveries}
    for (name, purpose), one in zip(found.record.promised(), deliveries_of(found.record), strict=True):
        receiver = name if purpose == PURPOSE else f"{name} ({purpose}, unless acknowledged)"
        state = states.get(one)
        if state is None:
            yield "sent", f"{receiver}: not sent yet"
            continue
        record = state.record
        attempts = "1 attempt" if record.attempts == 1 else f"{record.attempts} attempts"
        took = state.incoming.ledger.lag_ms(Hop.ROUTED, Hop.DELIVERED)
        after = "" if state.incoming.ledger.at(Hop.DELIVERED) is None else f", {ms(took)} after it was routed"
        yield "sent", f"{receiver}: {record.state.value} after {attempts}: {record.outcome}{after}"


def hops(ledger: Ledger) -> str:
    """Return the milliseconds of each hop after the one before; unknown as unknown, negative ones as they are."""
    shown = [f"{end.replace('_', ' ')} {ms(ledger.lag_ms(start, end))}" for start, end in pairwise(HOPS[:-1])]
    total = ms(ledger.lag_ms(Hop.FETCHED, Hop.ROUTED))
    return f"{', '.join(shown)} (each after the one before; the first after published); fetched to routed {total}"


def ms(milliseconds: float | None) -> str:
    """Return milliseconds with their unit, or `unknown`."""
    return "unknown" if milliseconds is None else f"{milliseconds:,.1f} ms"
