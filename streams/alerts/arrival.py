"""What grouping needs of a match: the arrival of an article at its story."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from streams.articles.article import ArticleKind
from streams.ids import ChangeId, DeskId, RuleId
from streams.matching.match import EntityHit, Facts, Match, RuleHit
from streams.matching.rule import Urgency
from streams.matching.stated.facts import BETWEEN_WORDS, comparable
from streams.matching.stated.negations import negations
from streams.stories.story import Arrival, Fact, StoryRule, fact_of
from streams.stories.terms import terms_of
from streams.stories.unchecked import unchecked

NAMED_OFTEN = 3
REMEMBERED_RULES, REMEMBERED_MATCHES = 1 << 12, 1 << 8
_Rule = tuple[RuleId, ChangeId, Urgency, tuple[tuple[str, str], ...], DeskId | None]


def arrival_of(match: Match, *, offset: int, at: datetime) -> Arrival:
    """Return the arrival that a part of a match is, at its event time (UTC) and place on `matches`."""
    entities = tuple(dict.fromkeys([entity.entity_id for entity in match.entities]))
    grouped = match.head.kind is not ArticleKind.HEALTH  # a feed's health is no news: each is a story of its own
    return Arrival(
        head=match.head,
        part=match.part,
        at=at,
        offset=offset,
        terms=_terms(match) if grouped else {},
        entities=entities,
        facts=facts_of(match.facts),
        rules=_remembered(match.rules),
        text_hash=match.text_hash,
        sketch=match.sketch,
        background=background_of(match),
        denied=denied_in_lead(match),
    )


def background_of(match: Match) -> frozenset[Fact]:
    """Return what the article does not lead with: figures in its body alone, entities named in passing."""
    if not match.entities and not match.facts.background:
        return frozenset()
    named = (named.partition(" ") for named in match.facts.background)
    figures = [fact_of(kind.removesuffix("s"), value) for kind, _, value in named]
    passing = [fact_of("entity", hit.entity_id) for hit in match.entities if not _leads(hit, match)]
    return frozenset((*figures, *passing))


def denied_in_lead(match: Match) -> frozenset[Fact]:
    """Return the denials that the lead has and the title has not. They are read again: a match keeps no places."""
    background = match.facts.background
    if not background or not any(named.startswith("negations ") for named in background):
        return frozenset()
    title, lead = match.head.title, match.head.lead
    text = words = comparable(f"{title}\n{lead}\n")
    for mark in BETWEEN_WORDS:
        words = words.replace(mark, " ")
    starts = dict[str, int]()
    for start, _, denied in negations(text, set(words.split())):
        starts[denied] = min(start, starts.get(denied, start))
    return frozenset([fact_of("negation", denied) for denied, start in starts.items() if start >= len(title)])


def facts_of(facts: Facts) -> tuple[Fact, ...]:
    """Return a match's facts one by one, each with its kind in the singular."""
    kinds = (
        ("number", facts.numbers),
        ("percentage", facts.percentages),
        ("money", facts.money),
        ("date", facts.dates),
        ("negation", facts.negations),
    )
    told = [fact_of(kind, value) for kind, values in kinds for value in values]
    return tuple(dict.fromkeys(told)) if told else ()


def taken_over(rules: tuple[StoryRule, ...]) -> tuple[RuleHit, ...]:
    """Return rules of an earlier article as hits of a match without rules; they have no spans in its text."""
    return tuple(
        RuleHit(
            rule_id=rule.rule_id,
            change_id=rule.change_id,
            urgency=Urgency(rule.urgency),
            labels=rule.labels,
            owner=rule.owner,
            spans=(),
        )
        for rule in rules
    )


def _leads(hit: EntityHit, match: Match) -> bool:
    return hit.count >= NAMED_OFTEN or any(match.spans[number].field == "title" for number in hit.spans)


def _terms(match: Match) -> Mapping[str, float]:
    """Return the terms of title and lead; the words by which they name an entity count as the entity alone."""
    head, about = match.head, dict.fromkeys([hit.entity_id for hit in match.entities if hit.about])
    if not about:
        return terms_of(head.title, head.lead, ())
    surfaces = {span.surface for span in match.spans if span.entity_id in about and span.field != "body"}
    return terms_of(head.title, head.lead, about, surfaces)


def _remembered(hits: tuple[RuleHit, ...]) -> tuple[StoryRule, ...]:
    return _rules_of(
        tuple([(hit.rule_id, hit.change_id, hit.urgency, tuple(hit.labels.items()), hit.owner) for hit in hits])
    )


@lru_cache(maxsize=REMEMBERED_MATCHES)
def _rules_of(matched: tuple[_Rule, ...]) -> tuple[StoryRule, ...]:
    """Return the rules: the same for all of the articles that they match, of which 200,000 are kept."""
    return tuple(_rule_of(*rule) for rule in matched)


@lru_cache(maxsize=REMEMBERED_RULES)
def _rule_of(
    rule_id: RuleId, change_id: ChangeId, urgency: Urgency, labels: tuple[tuple[str, str], ...], owner: DeskId | None
) -> StoryRule:
    fields: dict[str, object] = {
        "rule_id": rule_id,
        "change_id": change_id,
        "urgency": urgency.value,
        "labels": dict(labels),
        "owner": owner,
    }
    return unchecked(StoryRule, fields)
