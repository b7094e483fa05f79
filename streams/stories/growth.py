"""A story after one more article: opened, or grown by what the article adds."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from streams.articles.article import Head
from streams.ids import RuleId, StoryId
from streams.stories.held import Held, keep, taken
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
    held = taken(story)
    _add_source(held, arrival.head)
    _add_facts(held, arrival)
    _add_text(held, arrival)
    keep(story.story_id, held)
    return unchecked(
        Story,
        vars(story)
        | {
            "last_article_at": max(story.last_article_at, arrival.at),
            "entities": _with(story.entities, arrival.entities),
            "sources": held.sources,
            "facts": held.facts,
            "languages": _with(story.languages, (arrival.head.language,)),
            "rules": merged_rules(story.rules, arrival.rules),
            "texts": held.texts,
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
            "rules": merged_rules(earlier.rules, arrival.rules) if earlier else arrival.rules,
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


def _add_source(held: Held, head: Head) -> None:
    key = head.publisher, head.permission
    seen_at = held.seen.get(key)
    full = seen_at is None and len(held.sources) >= MOST_SOURCES
    if full or (seen_at is not None and seen_at <= head.first_seen_at):  # matches don't come in the order of sight
        return
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
    held.seen[key] = head.first_seen_at
    if seen_at is None:
        held.sources = (*held.sources, source)
    else:
        held.sources = tuple(source if (other.publisher, other.permission) == key else other for other in held.sources)


def _add_facts(held: Held, arrival: Arrival) -> None:
    head, background = arrival.head, arrival.background
    untold = background - arrival.denied if background else background
    figures = [(fact.kind, fact.value) for fact in arrival.facts if fact not in untold]
    figures += [("entity", entity) for entity in arrival.entities]
    added = []
    for kind, value in figures:
        key = kind, value, head.permission
        if key not in held.figures:
            held.figures.add(key)
            added.append(
                unchecked(
                    StoryFact,
                    {"kind": kind, "value": value, "article_id": head.article_id, "permission": head.permission},
                )
            )
    if added:
        held.facts = (*held.facts, *added)
        for fact in held.facts[:-MOST_FACTS]:
            held.figures.discard((fact.kind, fact.value, fact.permission))
        held.facts = held.facts[-MOST_FACTS:]


def _add_text(held: Held, arrival: Arrival) -> None:
    permission, text_hash = arrival.head.permission, arrival.text_hash
    if (text_hash, permission) in held.hashes or not (text_hash or arrival.sketch):
        return
    text = unchecked(
        StoryText,
        {
            "article_id": arrival.head.article_id,
            "permission": permission,
            "text_hash": text_hash,
            "sketch": arrival.sketch,
        },
    )
    held.hashes.add((text_hash, permission))
    for other in held.texts[: 1 - MOST_TEXTS]:
        held.hashes.discard((other.text_hash, other.permission))
    held.texts = (*held.texts, text)[-MOST_TEXTS:]
