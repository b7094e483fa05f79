"""A story after one more article: opened, or grown by what the article adds."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from streams.ids import RuleId, StoryId
from streams.stories.story import Arrival, Fact, FirstArticle, Story, StoryFact, StoryRule, StorySource, StoryText
from streams.stories.vector import centroid

MOST_FACTS = 512
MOST_TEXTS = 16  # distinct ones; a copy of a text that was dropped is labelled a confirmation, and is told the same
MOST_SOURCES = 100  # each is in every alert of the story, at every desk and on every delivery
T = TypeVar("T")


def opened(story_id: StoryId, arrival: Arrival, vector: Mapping[str, float]) -> Story:
    """Return the story that an article of this vector opens, without what `grown` adds for it."""
    head = arrival.head
    return Story(
        story_id=story_id,
        opened_at=arrival.at,
        last_article_at=arrival.at,
        first=FirstArticle(
            article_id=head.article_id,
            revision=head.revision,
            publisher=head.publisher,
            permission=head.permission,
        ),
        terms=centroid({}, vector),
        articles=1,
        sources=(),
        matches_offset=arrival.offset,
    )


def joined(story: Story, vector: Mapping[str, float]) -> Story:
    """Return the story with a further article's vector in its centroid, without what `grown` adds for it."""
    return story.model_copy(update={"terms": centroid(story.terms, vector), "articles": story.articles + 1})


def grown(story: Story, arrival: Arrival) -> Story:
    """Return the story with an article's facts, text, source and rules, as of the arrival's offset.

    A part or a revision adds nothing twice. Lists are bounded: the newest facts and texts stay, the first sources.
    """
    return story.model_copy(
        update={
            "last_article_at": max(story.last_article_at, arrival.at),
            "entities": _with(story.entities, arrival.entities),
            "sources": _sources(story, arrival),
            "facts": _facts(story, arrival),
            "languages": _with(story.languages, (arrival.head.language,)),
            "rules": merged_rules(story.rules, arrival.rules),
            "texts": _texts(story, arrival),
            "alert_revisions": _revisions(story, arrival.rules),
            "matches_offset": arrival.offset,
        }
    )


def merged_rules(known: Iterable[StoryRule], added: Iterable[StoryRule]) -> tuple[StoryRule, ...]:
    """Return the rules by id, in order of first appearance, each in its newest form."""
    rules = {rule.rule_id: rule for rule in known}
    return tuple((rules | {rule.rule_id: rule for rule in added}).values())


def told_facts(arrival: Arrival) -> tuple[Fact, ...]:
    """Return everything that an article tells: its figures, dates and negations, and its entities."""
    entities = (Fact(kind="entity", value=entity) for entity in arrival.entities)
    return (*arrival.facts, *entities)


def _with(known: tuple[T, ...], added: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys((*known, *added)))


def _revisions(story: Story, rules: Iterable[StoryRule]) -> dict[RuleId, int]:
    counts = dict(story.alert_revisions)
    for rule in rules:
        counts[rule.rule_id] = counts.get(rule.rule_id, 0) + 1
    return counts


def _sources(story: Story, arrival: Arrival) -> tuple[StorySource, ...]:
    head = arrival.head
    publisher, sources = head.publisher, story.sources
    same = [number for number, source in enumerate(sources) if source.publisher == publisher]
    place = next((number for number in same if sources[number].permission == head.permission), len(sources))
    before = sources[place : place + 1]
    full = not before and len(sources) >= MOST_SOURCES
    if full or (before and before[0].first_seen_at <= head.first_seen_at):  # matches don't come in the order of sight
        return sources
    source = StorySource(
        publisher=head.publisher,
        permission=head.permission,
        language=head.language,
        first_seen_at=head.first_seen_at,
        absent_at=head.absent_at,
        claimed_at=head.claimed_at,
        date_quality=head.date_quality,
        article_id=head.article_id,
    )
    return (*sources[:place], source, *sources[place + 1 :])


def _facts(story: Story, arrival: Arrival) -> tuple[StoryFact, ...]:
    head = arrival.head
    untold = {(fact.kind, fact.value) for fact in arrival.background - arrival.denied}
    figures = ((fact.kind, fact.value) for fact in arrival.facts)
    told = dict.fromkeys(figure for figure in figures if figure not in untold)
    told |= dict.fromkeys(("entity", entity) for entity in arrival.entities)
    values = {value for _, value in told}
    known = {
        (fact.kind, fact.value) for fact in story.facts if fact.value in values and fact.permission == head.permission
    }
    added = [
        StoryFact(kind=kind, value=value, article_id=head.article_id, permission=head.permission)
        for kind, value in told
        if (kind, value) not in known
    ]
    return (*story.facts, *added)[-MOST_FACTS:] if added else story.facts


def _texts(story: Story, arrival: Arrival) -> tuple[StoryText, ...]:
    head = arrival.head
    known = any(text.text_hash == arrival.text_hash and text.permission == head.permission for text in story.texts)
    if known or not (arrival.text_hash or arrival.sketch):
        return story.texts
    text = StoryText(
        article_id=head.article_id,
        permission=head.permission,
        text_hash=arrival.text_hash,
        sketch=arrival.sketch,
    )
    return (*story.texts, text)[-MOST_TEXTS:]
