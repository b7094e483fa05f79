"""The alert for one part of a match: its label, its rules with their own revisions, its sources with their lags."""

from datetime import datetime

from streams.alerts.alert import Alert, AlertedRule, AlertSource, ComparedWith, NewToken, Related, Relation
from streams.alerts.urgency import late_by_s, urgency_of
from streams.ids import StoryId, alert_id, event_id, story_id
from streams.matching.match import Match, RuleHit
from streams.stories.clustering import Clusterer
from streams.stories.story import Label, Story


def alert_of(
    match: Match, label: Label, story: Story, clusterer: Clusterer, *, at: datetime, before: tuple[RuleHit, ...] = ()
) -> Alert:
    """Return the alert; `story` is the story with this part already in it.

    `before` are rules that it takes over from what was told before, as they do not match this text.
    """
    head = match.head
    late = late_by_s(head, at)
    return Alert(
        event_id=event_id(story.story_id, head.article_id, head.revision, match.part),
        story_id=story.story_id,
        relation=Relation(label.relation),
        firm=label.firm,
        compared_with=_compared(label),
        similarity=label.similarity,
        head=head,
        spans=match.spans,
        rules=(
            *(_rule(rule, match, story, late) for rule in match.rules),
            *(_rule(rule, match, story, late).model_copy(update={"taken_over": True}) for rule in before),
        ),
        entities=match.entities,
        whats_new=tuple(NewToken(value=fact.value, kind=fact.kind) for fact in label.whats_new),
        told_before=label.told_before,
        sources=sources_of(story),
        related=tuple(_related(other, near, clusterer) for other, near in label.related.items()),
        late_by_s=late,
        sample=head.sample,
    )


def heartbeat(match: Match) -> Alert:
    """Return a heartbeat as an alert without rules: it shows each desk that every stage before it is alive."""
    head = match.head
    story = story_id(head.article_id, head.revision)
    return Alert(
        event_id=event_id(story, head.article_id, head.revision, match.part),
        story_id=story,
        relation=Relation.FIRST,
        head=head,
        sample=head.sample,
    )


def _rule(rule: RuleHit, match: Match, story: Story, late: float | None) -> AlertedRule:
    urgency, reasons = urgency_of(rule, match, late_by_s=late)
    return AlertedRule(
        rule_id=rule.rule_id,
        change_id=rule.change_id,
        alert_id=alert_id(story.story_id, rule.rule_id),
        revision=story.alert_revisions[rule.rule_id],
        urgency=urgency,
        urgency_reasons=reasons,
        labels=rule.labels,
        owner=rule.owner,
        spans=rule.spans,
    )


def _compared(label: Label) -> ComparedWith | None:
    if label.compared_article is None:
        return None
    return ComparedWith(article_id=label.compared_article, permission=label.compared_permission, needs=label.needs)


def sources_of(story: Story) -> tuple[AlertSource, ...]:
    """Return the sources, the first one first, each with its lag in seconds. They were checked in the story."""
    seen = sorted(story.sources, key=lambda source: (source.first_seen_at, source.publisher, source.permission))
    return tuple(
        AlertSource.model_construct(
            publisher=source.publisher,
            permission=source.permission,
            lag_s=(source.first_seen_at - seen[0].first_seen_at).total_seconds(),
            first_seen_at=source.first_seen_at,
            absent_at=source.absent_at,
            claimed_at=source.claimed_at,
            date_quality=source.date_quality,
        )
        for source in seen
    )


def _related(other: StoryId, near: float, clusterer: Clusterer) -> Related:
    story = clusterer.stories.get(other)
    permissions = sorted({source.permission for source in story.sources}) if story else ()
    return Related(story_id=other, similarity=near, permissions=tuple(permissions))
