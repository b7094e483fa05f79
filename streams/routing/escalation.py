"""Steps up: who else is told of a story that nobody at the desk acknowledged in time.

They are deliveries that are written at once, with the time before which nobody sends them, and the story that an
acknowledgement of which stops them: so nothing has to remember them, and a restart forgets none.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from streams.alerts.alert import DeskAlert
from streams.ids import ReceiverId, delivery_id
from streams.matching.rule import Urgency
from streams.routing.matchers import holds
from streams.routing.notification import ESCALATION, Delivery, UnlessAcked
from streams.routing.route import Escalation, Matcher, Routes
from streams.routing.sending import DROP, manner_of, time_to_live_s
from streams.routing.told import RoutingDecision
from streams.routing.tree import Hit
from streams.routing.verdict import Verdict

ON_FLASH = Matcher(label="urgency", op="=", value=Urgency.FLASH.value)
LOUD = "broadcast"


def escalations_of(alert: DeskAlert, verdicts: Iterable[Verdict], routes: Routes, *, at: datetime) -> list[Delivery]:
    """Return the deliveries of each step, sorted by step and receiver; the time to live counts from when it is due.

    A step is taken for each rule that is told and whose labels hold its condition; not where the node drops what the
    rule is told as, for then nobody was asked to acknowledge. Of several ways to one receiver the soonest holds.
    """
    chosen: dict[tuple[int, ReceiverId], tuple[float, Urgency]] = {}
    for verdict in verdicts:
        if verdict.decision is not RoutingDecision.TOLD:
            continue
        for hit in verdict.hits:
            if manner_of(hit.node, verdict.told_as) == DROP:
                continue
            for number, step in steps_of(hit, verdict.labels):
                for receiver in step.to:
                    soonest, before = chosen.get((number, receiver), (step.unacked_for_s, Urgency.ROUTINE))
                    urgency = max(before, verdict.key.urgency, key=lambda one: one.rank)
                    chosen[number, receiver] = (min(soonest, step.unacked_for_s), urgency)
    return [
        _delivery(alert, routes, receiver, number, urgency=urgency, at=at, after_s=after_s)
        for (number, receiver), (after_s, urgency) in sorted(chosen.items())
    ]


def steps_of(hit: Hit, labels: Mapping[str, str]) -> list[tuple[int, Escalation]]:
    """Return the steps of a node whose conditions these labels hold, each with its number, from 1."""
    return [
        (number, step)
        for number, step in enumerate(hit.node.escalate, start=1)
        if holds(step.condition or ON_FLASH, labels)
    ]


def _delivery(
    alert: DeskAlert,
    routes: Routes,
    receiver: ReceiverId,
    number: int,
    *,
    urgency: Urgency,
    at: datetime,
    after_s: float,
) -> Delivery:
    purpose, due_at = f"{ESCALATION}/{number}", at + timedelta(seconds=after_s)
    return Delivery(
        delivery_id=delivery_id(receiver, alert.desk, alert.event_id, purpose),
        receiver=receiver,
        desk=alert.desk,
        purpose=purpose,
        urgency=urgency,
        alert=alert,
        manner=LOUD,
        not_before=due_at,
        expires_at=due_at + timedelta(seconds=time_to_live_s(routes.receivers.get(receiver), urgency)),
        unless_acked=UnlessAcked(desk=alert.desk, story_id=alert.story_id, decided_at=at, within_s=after_s),
    )
