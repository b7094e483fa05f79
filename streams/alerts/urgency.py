"""How soon a person should look: the rule's own urgency, raised by evidence, lowered when the news is late."""

from datetime import datetime

from streams.articles.article import ArticleKind, DateQuality, Head
from streams.matching.match import Match, RuleHit
from streams.matching.rule import Urgency

LATE_S = 600.0
BEST_TIER = 1
NAMED_TOGETHER = 2


def urgency_of(rule: RuleHit, match: Match, *, late_by_s: float | None) -> tuple[Urgency, tuple[str, ...]]:
    """Return the urgency with its reasons, in words.

    A routine rule is urgent when a first-tier source names two of its entities, and one of its spans stands in the
    title. Flash is only what a rule says. Late news is urgent at most.
    """
    urgency, reasons = rule.urgency, [f"the rule says {rule.urgency}"]
    evidence = _evidence(rule, match)
    if urgency is Urgency.ROUTINE and evidence:
        urgency = Urgency.URGENT
        reasons.append(f"raised: {evidence}")
    capped = at_most_urgent(urgency, late_by_s)
    if capped is not urgency:
        reasons.append(late_reason(late_by_s))
    return capped, tuple(reasons)


def late_by_s(head: Head, at: datetime) -> float | None:
    """Return the age of the news in seconds if it was older than 10 minutes at `at` (the event time), else None.

    News is as old as its publisher says, where the date is exact; else as old as our own first sight of it.
    """
    age_s = round((at - _told_at(head)).total_seconds(), 3)
    return age_s if age_s > LATE_S else None


def at_most_urgent(urgency: Urgency, late: float | None) -> Urgency:
    """Return the urgency, which for late news is urgent at most."""
    return Urgency.URGENT if late is not None and urgency is Urgency.FLASH else urgency


def late_reason(late: float | None) -> str:
    """Return the sentence for news that came late, with its age in minutes."""
    return f"late by {(late or 0.0) / 60:.0f} min: urgent at most"


def _told_at(head: Head) -> datetime:
    claimed = head.claimed_at
    seen = head.fetched_at if head.kind is ArticleKind.UPDATED else head.first_seen_at
    return min(claimed, seen) if claimed and head.date_quality is DateQuality.EXACT else seen


def _evidence(rule: RuleHit, match: Match) -> str:
    spans = [match.spans[number] for number in rule.spans]
    entities = {span.entity_id for span in spans if span.entity_id}
    in_title = any(span.field == "title" for span in spans)
    if match.head.tier > BEST_TIER or len(entities) < NAMED_TOGETHER or not in_title:
        return ""
    return f"a tier {match.head.tier} source, {len(entities)} entities, in the title"
