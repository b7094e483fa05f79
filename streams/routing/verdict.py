"""The verdict on one rule of an alert for one desk: told, as what, through which nodes, or why not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from streams.alerts.alert import Alert, AlertedRule, Relation
from streams.alerts.urgency import at_most_urgent
from streams.ids import ControlId, EntityId
from streams.routing.permission import relation_for
from streams.routing.route import Desk, Routes
from streams.routing.silence import Silence, silencing
from streams.routing.time_interval import quiet_by
from streams.routing.told import DeskStory, RoutingDecision, ToldKey
from streams.routing.tree import Hit, labels_of, walk

NAMED = 4  # as many names as a line holds
NEWS = frozenset({Relation.UPDATE, Relation.CORRECTION, Relation.RETRACT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What holds for a desk at an alert's event time `at` (UTC); `late_by_s` is the news' age if it is late."""

    desk: Desk
    routes: Routes
    silences: tuple[Silence, ...]
    known: DeskStory
    at: datetime
    late_by_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was decided for one rule; `key` is what the desk knows once it is told, `hits` are the nodes not muted.

    `labels` are those by which the tree was walked.
    """

    key: ToldKey
    decision: RoutingDecision
    told_as: Relation
    because: str
    hits: tuple[Hit, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    controls: tuple[ControlId, ...] = ()

    @property
    def shown(self) -> bool:
        """Return whether the desk sees the rule: told, or known and counted."""
        return self.decision in {RoutingDecision.TOLD, RoutingDecision.KNOWN}


def judge(alert: Alert, rule: AlertedRule, situation: Situation) -> Verdict:
    """Return the verdict on a rule of an alert that the desk may see.

    In this order: no match any more, no route (or another desk's own rule), silenced, quiet hours in every node
    reached, then: a key that was not told is told, whatever the label; of a known one, only an update, a correction
    or a retraction is.
    """
    key = key_of(alert, rule, situation)
    told_as = _told_as(alert, key, situation)
    labels = labels_of(alert, rule, relation=told_as, urgency=key.urgency)
    mine = rule.owner in {None, situation.desk.desk_id}
    if rule.taken_over and not situation.known.heard_of(rule.rule_id):
        why = "it does not match any more, and the desk was told nothing by it"
        return Verdict(key=key, told_as=told_as, decision=RoutingDecision.NO_MATCH, because=why)
    hits = [hit for hit in walk(situation.routes.route, labels) if mine and hit.node.desk == situation.desk.desk_id]
    if not hits:
        why = "no route leads here" if mine else f"the rule is {rule.owner}'s own"
        return Verdict(key=key, told_as=told_as, decision=RoutingDecision.NO_ROUTE, because=why)
    silenced = _silenced(alert, key, labels, situation)
    if silenced:
        ids = tuple(silence.silence_id for silence in silenced)
        why = f"silenced by {silenced[0].user} {silenced[0].until}"
        return Verdict(key=key, told_as=told_as, decision=RoutingDecision.SILENCED, because=why, controls=ids)
    intervals, zone = situation.routes.time_intervals, situation.desk.zone
    quiet = [quiet_by(hit.node, key.urgency, intervals, situation.at, zone=zone) for hit in hits]
    heard = tuple(hit for hit, muted in zip(hits, quiet, strict=True) if muted is None)
    if not heard:
        why = f"quiet hours {quiet[0]} at {situation.at:%H:%M} UTC"
        return Verdict(key=key, told_as=told_as, decision=RoutingDecision.QUIET_HOURS, because=why)
    decision, why = _told_or_known(key, told_as, situation.known)
    return Verdict(key=key, told_as=told_as, decision=decision, because=why, hits=heard, labels=labels)


def key_of(alert: Alert, rule: AlertedRule, situation: Situation) -> ToldKey:
    """Return what a desk knows once it is told of this rule: the rule, its own spans' entities, the urgency."""
    return ToldKey(
        rule_id=rule.rule_id,
        entities=entities_of(alert, rule),
        urgency=at_most_urgent(rule.urgency, situation.late_by_s),
        event_id=alert.event_id,
        told_at=situation.at,
        publisher=alert.head.publisher,
    )


def entities_of(alert: Alert, rule: AlertedRule) -> tuple[EntityId, ...]:
    """Return the entities in the rule's own spans, sorted."""
    named = (alert.spans[number].entity_id for number in rule.spans)
    return tuple(sorted({entity for entity in named if entity is not None}))


def _told_as(alert: Alert, key: ToldKey, situation: Situation) -> Relation:
    if not situation.known.heard_of(key.rule_id):
        return Relation.FIRST
    relation = relation_for(situation.desk, alert)
    new_to_it = situation.known.telling(key) is None
    return Relation.UPDATE if new_to_it and relation not in NEWS else relation


def _told_or_known(key: ToldKey, told_as: Relation, known: DeskStory) -> tuple[RoutingDecision, str]:
    before = known.telling(key)
    if before is None:
        return RoutingDecision.TOLD, f"{_about(key)}, not told before"
    since = f"{before.publisher} at {before.told_at:%H:%M:%S} UTC" if before.told_at else before.event_id
    if told_as in NEWS:
        return RoutingDecision.TOLD, f"{_about(key)}, told from {since}; this is its {told_as}"
    return RoutingDecision.KNOWN, f"{_about(key)}, told from {since}; a {told_as} adds nothing"


def _about(key: ToldKey) -> str:
    """Return a key in words, such as `urgent, 2 entities (china, us)`."""
    count = len(key.entities)
    names = ", ".join(key.entities[:NAMED]) + (", ..." if count > NAMED else "")
    entities = "1 entity" if count == 1 else f"{count} entities"
    return f"{key.urgency}, {entities} ({names})" if count else f"{key.urgency}, no entity"


def _silenced(alert: Alert, key: ToldKey, labels: Mapping[str, str], situation: Situation) -> tuple[Silence, ...]:
    meant = {**labels, "desk": situation.desk.desk_id, "story": alert.story_id}
    return silencing(situation.silences, meant, key.entities, at=situation.at)
