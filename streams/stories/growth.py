"""A story after one more article: opened, or grown by what the article adds."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from streams.articles.article import Head
from streams.ids import RuleId, StoryId
from streams.stories.story import (
    Arrival,
    Fact,
    FirstArticle,
    Label,
    Story,
    StoryArticle,
    StoryFact,
    StoryRule,
    StorySource,
    StoryText,
    fact_of,
)
from streams.stories.unchecked import unchecked
from streams.stories.vector import centroid

MOST_FACTS = 512
MOST_TEXTS = 16  # distinct ones; a copy of a text that was dropped is labelled a confirmation, and is told the same
MOST_SOURCES = 100  # each is in every alert of the story, at every desk and on every delivery
T = TypeVar("T")


def opened(story_id: StoryId, arrival: Arrival, vector: Mapping[str, float]) -> Story:
    """Return the story that an article of this vector opens, without what `grown` adds for it."""
    head = arrival.head
    first = unchecked(
        FirstArticle,
        {
            "article_id": head.article_id,
            "revision": head.revision,
            "publisher": head.publisher,
            "permission": head.permission,
        },
    )
    return unchecked(
        Story,
        {
            "story_id": story_id,
            "opened_at": arrival.at,
            "last_article_at": arrival.at,
            "first": first,
            "terms": centroid({}, vector),
            "entities": (),
            "articles": 1,
            "sources": (),
            "facts": (),
            "languages": (),
            "rules": (),
            "texts": (),
            "alert_revisions": {},
            "matches_offset": arrival.offset,
        },
    )


def joined(story: Story, vector: Mapping[str, float]) -> Story:
    """Return the story with a further article's vector in its centroid, without what `grown` adds for it."""
    return unchecked(Story, vars(story) | {"terms": centroid(story.terms, vector), "articles": story.articles + 1})


def grown(story: Story, arrival: Arrival) -> Story:
    """Return the story with an article's facts, text, source and rules, as of the arrival's offset.

    A part or a revision adds nothing twice. Lists are bounded: the newest facts and texts stay, the first sources.
    """
    return unchecked(
        Story,
        vars(story)
        | {
            "last_article_at": max(story.last_article_at, arrival.at),
            "entities": _with(story.entities, arrival.entities),
            "sources": _sources(story.sources, arrival.head),
            "facts": _facts(story, arrival),
            "languages": _with(story.languages, (arrival.head.language,)),
            "rules": merged_rules(story.rules, arrival.rules),
            "texts": _texts(story.texts, arrival),
            "alert_revisions": _revisions(story, arrival.rules),
            "matches_offset": arrival.offset,
        },
    )


def article_of(
    arrival: Arrival, label: Label, story: Story, *, earlier: StoryArticle | None, further_part: bool
) -> StoryArticle:
    """Return the record of an article in its story; `earlier` is the record before this part or revision of it."""
    head, before = arrival.head, earlier if further_part else None
    return unchecked(
        StoryArticle,
        {
            "article_id": head.article_id,
            "story_id": story.story_id,
            "revision": head.revision,
            "parts": (*before.parts, arrival.part) if before else (arrival.part,),
            # of every revision: a later one may take them back
            "rules": merged_rules(earlier.rules if earlier else (), arrival.rules),
            "head": head,
            "facts": arrival.facts,
            "entities": arrival.entities,
            "text_hash": arrival.text_hash,
            "label": label,
            "terms": earlier.terms if earlier else tuple(sorted(arrival.terms)),
            "first_offset": earlier.first_offset if earlier else arrival.offset,
            "seen_at": arrival.at,
            "matches_offset": arrival.offset,
        },
    )


def merged_rules(known: Iterable[StoryRule], added: Iterable[StoryRule]) -> tuple[StoryRule, ...]:
    """Return the rules by id, in order of first appearance, each in its newest form."""
    rules = {rule.rule_id: rule for rule in known}
    for rule in added:
        rules[rule.rule_id] = rule
    return tuple(rules.values())


def told_facts(arrival: Arrival) -> tuple[Fact, ...]:
    """Return everything that an article tells: its figures, dates and negations, and its entities."""
    return (*arrival.facts, *(fact_of("entity", entity) for entity in arrival.entities))


def _with(known: tuple[T, ...], added: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys((*known, *added))) if added else known


def _revisions(story: Story, rules: Iterable[StoryRule]) -> dict[RuleId, int]:
    counts = dict(story.alert_revisions)
    for rule in rules:
        counts[rule.rule_id] = counts.get(rule.rule_id, 0) + 1
    return counts


def _sources(sources: tuple[StorySource, ...], head: Head) -> tuple[StorySource, ...]:
    place = _place(sources, head.publisher, head.permission)
    if place is None and len(sources) >= MOST_SOURCES:
        return sources
    if place is not None and sources[place].first_seen_at <= head.first_seen_at:
        return sources  # else it was seen later and matched first
    source = unchecked(
        StorySource,
        {
            "publisher": head.publisher,
            "permission": head.permission,
            "language": head.language,
            "first_seen_at": head.first_seen_at,
            "absent_at": head.absent_at,
            "claimed_at": head.claimed_at,
            "date_quality": head.date_quality,
            "article_id": head.article_id,
        },
    )
    return (*sources, source) if place is None else (*sources[:place], source, *sources[place + 1 :])


def _place(sources: tuple[StorySource, ...], publisher: str, permission: str) -> int | None:
    """Return where a publisher's source of this permission stands, or None."""
    publishers = [source.publisher for source in sources]
    if publisher not in publishers:
        return None
    same = (number for number, name in enumerate(publishers) if name == publisher)
    return next((number for number in same if sources[number].permission == permission), None)


def _facts(story: Story, arrival: Arrival) -> tuple[StoryFact, ...]:
    head = arrival.head
    untold = {(fact.kind, fact.value) for fact in arrival.background - arrival.denied}
    figures = ((fact.kind, fact.value) for fact in arrival.facts)
    told = dict.fromkeys(figure for figure in figures if figure not in untold)
    told |= dict.fromkeys(("entity", entity) for entity in arrival.entities)
    if not told:
        return story.facts
    values = {value for _, value in told}
    known = {
        (fact.kind, fact.value) for fact in story.facts if fact.value in values and fact.permission == head.permission
    }
    added = [
        unchecked(
            StoryFact, {"kind": kind, "value": value, "article_id": head.article_id, "permission": head.permission}
        )
        for kind, value in told
        if (kind, value) not in known
    ]
    return (*story.facts, *added)[-MOST_FACTS:] if added else story.facts


def _texts(texts: tuple[StoryText, ...], arrival: Arrival) -> tuple[StoryText, ...]:
    permission, text_hash = arrival.head.permission, arrival.text_hash
    known = [text.permission for text in texts if text.text_hash == text_hash]
    if permission in known or not (text_hash or arrival.sketch):
        return texts
    text = unchecked(
        StoryText,
        {
            "article_id": arrival.head.article_id,
            "permission": permission,
            "text_hash": text_hash,
            "sketch": arrival.sketch,
        },
    )
    return (*texts, text)[-MOST_TEXTS:]
