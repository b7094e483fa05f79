"""Permissions, silences and quiet hours once more, when a delivery is about to be sent: it may have waited long."""

from collections.abc import Sequence
from datetime import datetime

from streams.alerts.alert import AlertedRule
from streams.routing.notification import ESCALATION, Delivery
from streams.routing.permission import may_see
from streams.routing.route import Desk, RouteNode, Routes
from streams.routing.silence import Silence, silencing
from streams.routing.time_interval import quiet_by
from streams.routing.tree import labels_of, walk
from streams.routing.verdict import entities_of

ELSEWHERE = "elsewhere"  # of a rule that leads to other receivers


def why_muted(delivery: Delivery, routes: Routes, silences: Sequence[Silence], *, at: datetime) -> str | None:
    """Return why a delivery that was decided is not to be sent at a moment (UTC), or None.

    It is muted if each of its rules that leads to the receiver is silenced, or quiet in every node, by then, or if
    the desk is gone or has lost the permission. Where no rule leads there any more nothing mutes it: who is told was
    decided by the routes of its time.
    """
    if (lost := why_not_permitted(delivery, routes)) is not None:
        return lost
    desk = routes.desks[delivery.desk]
    reasons = [_why_rule_muted(delivery, rule, routes, silences, desk, at=at) for rule in delivery.alert.rules]
    leading = [reason for reason in reasons if reason != ELSEWHERE]
    return next(iter(leading), None) if all(leading) else None


def why_not_permitted(delivery: Delivery, routes: Routes) -> str | None:
    """Return why the desk may not see by these routes what it was to be told, or None. Who is gone sees nothing."""
    desk, needed = routes.desks.get(delivery.desk), delivery.alert.head.permission
    if desk is None:
        return f"the routes name the desk {delivery.desk} no more"
    return None if may_see(desk, needed) else f'{desk.desk_id} does not hold the permission "{needed}" any more'


def _why_rule_muted(
    delivery: Delivery, rule: AlertedRule, routes: Routes, silences: Sequence[Silence], desk: Desk, *, at: datetime
) -> str | None:
    alert = delivery.alert
    labels = labels_of(alert, rule, relation=alert.told_as, urgency=rule.urgency)
    nodes = [hit.node for hit in walk(routes.route, labels) if hit.node.desk == delivery.desk]
    nodes = [node for node in nodes if _leads_to(delivery, node)]
    if not nodes:
        return ELSEWHERE
    meant = {**labels, "desk": desk.desk_id, "story": alert.story_id}
    if silenced := silencing(silences, meant, entities_of(alert, rule), at=at):
        return f"silenced by {silenced[0].user} {silenced[0].until}"
    quiet = [quiet_by(node, rule.urgency, routes.time_intervals, at, zone=desk.zone) for node in nodes]
    return f"quiet hours {quiet[0]} at {at:%H:%M} UTC" if all(quiet) else None


def _leads_to(delivery: Delivery, node: RouteNode) -> bool:
    _, escalated, number = delivery.purpose.rpartition(f"{ESCALATION}/")  # a redrive's stands before it
    if not escalated:
        return delivery.receiver in node.receivers
    return any(str(step) == number and delivery.receiver in one.to for step, one in enumerate(node.escalate, start=1))
