"""What a desk may see, deny by default, and an alert as it may see it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from streams.alerts.alert import Alert, DeskAlert, NewToken, Related, Relation
from streams.alerts.sources import seen_by
from streams.alerts.urgency import at_most_urgent
from streams.alerts.whats_new import MOST_NEW, WANTED
from streams.ids import RuleId
from streams.routing.route import Desk
from streams.stories.story import ToldBefore

NOTHING_NEW = frozenset({Relation.COPY, Relation.CONFIRMATION})


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """As what a desk is shown an alert: the relation, the rules with their own counts, and its age if it is late."""

    told_as: Relation
    rules: Mapping[RuleId, int]
    late_by_s: float | None
    routes_version: str


def may_see(desk: Desk, permission: str) -> bool:
    """Return whether the desk holds a permission."""
    return permission in desk.permissions


def may_compare(desk: Desk, alert: Alert) -> bool:
    """Return whether the desk may see everything that the alert's relation rests on."""
    compared = alert.compared_with
    return compared is None or all(may_see(desk, needed) for needed in (compared.permission, *compared.needs))


def relation_for(desk: Desk, alert: Alert) -> Relation:
    """Return the alert's relation for a desk that heard of the story by this rule.

    What copies or confirms the unseen is an update to it, and so is what only the unseen told before; the first of a
    story that it knows is a copy.
    """
    if alert.relation is Relation.FIRST:
        return Relation.COPY
    return Relation.UPDATE if alert.relation in NOTHING_NEW and _rests_on_the_unseen(desk, alert) else alert.relation


def whats_new_for(desk: Desk, alert: Alert) -> tuple[NewToken, ...]:
    """Return what is new about the story to who sees what the desk may see: six at most, in the order of all others.

    An order of its own would show what it has from the unseen.
    """
    unheard = [told for told in alert.told_before if not any(map(partial(may_see, desk), told.permissions))]
    if not unheard:
        return alert.whats_new
    counts: Counter[str] = Counter()
    placed: list[tuple[tuple[int, int, int], NewToken | ToldBefore]] = []
    placed += [((WANTED.index(told.kind), told.behind, 0), told) for told in unheard]
    for token in alert.whats_new:
        placed.append(((WANTED.index(token.kind), counts[token.kind], 1), token))
        counts[token.kind] += 1
    new = (NewToken(value=one.value, kind=one.kind) for _, one in sorted(placed, key=lambda each: each[0]))
    return tuple(dict.fromkeys(new))[:MOST_NEW]


def as_seen_by(desk: Desk, alert: Alert, telling: Telling) -> DeskAlert:
    """Return the alert with what is new, sources, lags, relations and rules computed from what the desk may see."""
    fields = {name: getattr(alert, name) for name in Alert.model_fields}
    fields |= {
        "desk": desk.desk_id,
        "told_as": telling.told_as,
        "routes_version": telling.routes_version,
        "whats_new": () if telling.told_as is Relation.FIRST and _opens(desk, alert) else whats_new_for(desk, alert),
        "told_before": (),
        "sources": seen_by(alert.sources, lambda permission: may_see(desk, permission)),
        "related": _related(desk, alert),
        "late_by_s": telling.late_by_s,
        "rules": tuple(
            rule.model_copy(
                update={
                    "urgency": at_most_urgent(rule.urgency, telling.late_by_s),
                    "revision": telling.rules[rule.rule_id],
                }
            )
            for rule in alert.rules
            if rule.rule_id in telling.rules
        ),
    }
    if _rests_on_the_unseen(desk, alert):
        fields |= {"compared_with": None, "similarity": None, "firm": True, "relation": telling.told_as}
    return DeskAlert.model_validate(fields)


def _opens(desk: Desk, alert: Alert) -> bool:
    """Return whether the article is the story's first to the desk, of which nobody can say what is new."""
    head = alert.head
    own = (head.publisher, head.permission, head.first_seen_at)
    seen = (source for source in alert.sources if may_see(desk, source.permission))
    return all((source.publisher, source.permission, source.first_seen_at) == own for source in seen)


def _rests_on_the_unseen(desk: Desk, alert: Alert) -> bool:
    """Return whether the relation would tell the desk of what it may not see."""
    told_elsewhere = alert.relation in NOTHING_NEW and bool(whats_new_for(desk, alert))
    return told_elsewhere or not may_compare(desk, alert)


def _related(desk: Desk, alert: Alert) -> tuple[Related, ...]:
    return tuple(
        related.model_copy(update={"permissions": ()})
        for related in alert.related
        if any(may_see(desk, permission) for permission in related.permissions)
    )
