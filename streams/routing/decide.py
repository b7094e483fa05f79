"""The decision for one alert and one desk: told, or the reason why not. Every pair gets exactly one.

What a desk was told is kept per (desk, story) as keys: a rule, the entities in its own spans, an urgency.

| the key | the label for this desk | decision | shown on the desk's topic | receivers |
|---|---|---|---|---|
| nothing of (story, rule) was told | any | told, as first | yes | a root message, or a reply under the story's |
| not told, or at a lower urgency | any | told, as update if the label says that nothing is new | yes | a reply |
| told | update | told | yes | a reply |
| told | correction, retract | told | yes | broadcast |
| told | confirmation | known | yes, so that the sources are counted | the root is edited |
| told | copy | known | yes, counted | none |

A node's `relations` can say otherwise for its receivers. The table's first line that holds decides, after these: not
permitted, backfill, no match (a rule taken over from an earlier revision by which the desk was told nothing), no
route, silenced, quiet hours; they mark nothing as told, so the next article that the desk may hear of is told as
first. A copy or a confirmation of what the desk may not see, or with a fact that only the unseen told before, counts as
update.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from streams.alerts.alert import Alert, DeskAlert, Relation
from streams.alerts.urgency import late_by_s
from streams.articles.article import ArticleKind
from streams.ids import DeskId, ReceiverId, routing_id
from streams.routing.escalation import escalations_of
from streams.routing.notification import Delivery
from streams.routing.permission import Telling, as_seen_by, may_see
from streams.routing.route import Desk, RoutesVersion
from streams.routing.sending import deliveries_of
from streams.routing.silence import Silence
from streams.routing.told import Acknowledgement, DeskStory, Routing, RoutingDecision, told_with
from streams.routing.verdict import Situation, Verdict, judge

DECISIONS = (  # of an alert with several rules, the first that one of its rules has
    RoutingDecision.TOLD,
    RoutingDecision.KNOWN,
    RoutingDecision.SILENCED,
    RoutingDecision.QUIET_HOURS,
    RoutingDecision.NO_ROUTE,
    RoutingDecision.NO_MATCH,
)
LOUDEST = (
    Relation.RETRACT,
    Relation.CORRECTION,
    Relation.FIRST,
    Relation.UPDATE,
    Relation.CONFIRMATION,
    Relation.COPY,
)
AGAIN = timedelta(minutes=1)  # further than two brokers' clocks are apart
NEVER_TOLD: Mapping[DeskId, DeskStory] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What holds when an alert is decided: the routes and silences set before it, its event time and offset.

    `acknowledged`: by desk, what was acknowledged of the alert's story before it.
    """

    routes: RoutesVersion
    silences: tuple[Silence, ...] = ()
    acknowledged: Mapping[DeskId, Acknowledgement] = field(default_factory=dict)
    at: datetime
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskDecision:
    """One desk's routing; what it sees and what is sent, if anything; and its state, if it has one now."""

    routing: Routing
    alert: DeskAlert | None = None
    deliveries: tuple[Delivery, ...] = ()
    state: DeskStory | None = None


def decide(alert: Alert, moment: Moment, known: Mapping[DeskId, DeskStory] = NEVER_TOLD) -> tuple[DeskDecision, ...]:
    """Return the decision of each desk of the routes, in the order of the file.

    `known` holds the state of each desk that was told something of the story. A desk that decided this offset, or a
    later one, decided this alert before, and is left out: unless the alert was appended a minute after that, as only
    happens on a topic that was deleted and made anew.
    """
    desks = moment.routes.body.desks
    states = {
        desk_id: known.get(desk_id) or DeskStory(desk=desk_id, story_id=alert.story_id, decided_offset=-1)
        for desk_id in desks
    }
    return tuple(
        decide_for(desk, alert, moment, states[desk_id])
        for desk_id, desk in desks.items()
        if not _decided(states[desk_id], moment)
    )


def _decided(known: DeskStory, moment: Moment) -> bool:
    anew = known.decided_at is not None and moment.at - known.decided_at > AGAIN
    return known.decided_offset >= moment.offset and not anew


def decide_for(desk: Desk, alert: Alert, moment: Moment, known: DeskStory) -> DeskDecision:
    """Return the decision for one desk; `known` has no keys if the desk was told nothing of the story."""
    if not may_see(desk, alert.head.permission):
        held = ", ".join(desk.permissions) or "nothing"
        why = f'{alert.head.publisher} needs the permission "{alert.head.permission}"; the desk holds {held}'
        return _untold(desk, alert, moment, known, (RoutingDecision.NOT_PERMITTED, why))
    if alert.head.kind is ArticleKind.BACKFILL:
        age_h = (moment.at - (alert.head.published_at or alert.head.first_seen_at)).total_seconds() / 3600
        why = f"it stood in the feed when tocsin first read it; it is {age_h:.1f} h old"
        return _untold(desk, alert, moment, known, (RoutingDecision.BACKFILL, why))
    late = late_by_s(alert.head, moment.at) or alert.late_by_s
    situation = Situation(
        desk=desk,
        routes=moment.routes.body,
        silences=moment.silences,
        known=known,
        at=moment.at,
        late_by_s=late,
    )
    verdicts = [judge(alert, rule, situation) for rule in alert.rules]
    return _combined(desk, alert, moment, situation, verdicts)


def _combined(desk: Desk, alert: Alert, moment: Moment, situation: Situation, verdicts: list[Verdict]) -> DeskDecision:
    decision = _overall(verdicts)
    shown = [verdict for verdict in verdicts if verdict.shown]
    if not shown:
        return _untold(desk, alert, moment, situation.known, (decision, _reason(decision, verdicts)), verdicts=verdicts)
    leading = [verdict for verdict in shown if verdict.decision is decision]
    told_as = min((verdict.told_as for verdict in leading), key=LOUDEST.index)
    state = _state(situation.known, moment, shown)
    seen = as_seen_by(
        desk,
        alert,
        Telling(
            told_as=told_as,
            rules={verdict.key.rule_id: state.shown[verdict.key.rule_id] for verdict in shown},
            late_by_s=situation.late_by_s,
            routes_version=moment.routes.version,
        ),
    )
    told = deliveries_of(seen, shown, moment.routes.body, at=moment.at)
    later = escalations_of(seen, shown, moment.routes.body, at=moment.at)
    routing = _routing(desk, alert, moment, (decision, _reason(decision, verdicts)), verdicts)
    return DeskDecision(
        routing=routing.model_copy(
            update={
                "told_as": told_as,
                "receivers": tuple(delivery.receiver for delivery in told),
                "escalations": _by_purpose(later),
            }
        ),
        alert=seen,
        deliveries=(*told, *later),
        state=state,
    )


def _by_purpose(deliveries: Iterable[Delivery]) -> dict[str, tuple[ReceiverId, ...]]:
    found: dict[str, tuple[ReceiverId, ...]] = {}
    for one in deliveries:
        found[one.purpose] = (*found.get(one.purpose, ()), one.receiver)
    return found


def _untold(
    desk: Desk,
    alert: Alert,
    moment: Moment,
    known: DeskStory,
    why: tuple[RoutingDecision, str],
    *,
    verdicts: Iterable[Verdict] = (),
) -> DeskDecision:
    """Return a decision that tells nothing; a state that there is already takes the offset, one is never begun."""
    state = _state(known, moment, ()) if known.told else None
    return DeskDecision(routing=_routing(desk, alert, moment, why, verdicts), state=state)


def _routing(
    desk: Desk, alert: Alert, moment: Moment, why: tuple[RoutingDecision, str], verdicts: Iterable[Verdict]
) -> Routing:
    verdicts = tuple(verdicts)
    return Routing(
        routing_id=routing_id(alert.event_id, desk.desk_id),
        event_id=alert.event_id,
        story_id=alert.story_id,
        desk=desk.desk_id,
        decision=why[0],
        reason=why[1],
        rules={verdict.key.rule_id: verdict.decision for verdict in verdicts}
        or dict.fromkeys((rule.rule_id for rule in alert.rules), why[0]),
        routes_version=moment.routes.version,
        controls=tuple(sorted({control for verdict in verdicts for control in verdict.controls})),
        permission=alert.head.permission,
    )


def _state(known: DeskStory, moment: Moment, shown: Collection[Verdict]) -> DeskStory:
    told = [verdict.key for verdict in shown if verdict.decision is RoutingDecision.TOLD]
    rules = {verdict.key.rule_id for verdict in shown}
    return known.model_copy(
        update={
            "told": told_with(known.told, told),
            "shown": {**known.shown, **{rule: known.shown.get(rule, 0) + 1 for rule in sorted(rules)}},
            "first_told_at": known.first_told_at or moment.at,
            "acknowledged": moment.acknowledged.get(known.desk, known.acknowledged),
            "decided_offset": moment.offset,
            "decided_at": moment.at,
        }
    )


def _overall(verdicts: Iterable[Verdict]) -> RoutingDecision:
    reached = {verdict.decision for verdict in verdicts}
    return next((decision for decision in DECISIONS if decision in reached), RoutingDecision.NO_ROUTE)


def _reason(decision: RoutingDecision, verdicts: Iterable[Verdict]) -> str:
    """Return a sentence that a trader can read: each rule and why, first those that made the decision."""
    ordered = sorted(
        verdicts, key=lambda verdict: (verdict.decision is not decision, DECISIONS.index(verdict.decision))
    )
    why = "; ".join(f"{verdict.key.rule_id}: {verdict.because}" for verdict in ordered[:5])
    more = f"; and {len(ordered) - 5} more" if len(ordered) > 5 else ""  # noqa: PLR2004 - as many as fit a line
    return f"{why}{more}" or "the alert has no rules"
