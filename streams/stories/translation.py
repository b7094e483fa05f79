"""Whether an article tells, in another language, what a story tells: by names, figures and rules, which know none.

The evidence, all of it: the story is not told in this language yet and had an article within 24 hours; a rule is
common; of the entities that the article leads with, the story names three of four, and two at least; by chance,
one article in twenty or fewer would name these together; and where both tell figures, one figure is common. So
two events of one day with the same names stay apart if their figures differ, or if one names who the other does not.
What is equal in all of that is one story: no evidence is left, and whatever is new in it is told all the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from math import ceil, prod

from streams.ids import EntityId
from streams.stories.frequencies import Frequencies
from streams.stories.story import Arrival, Fact, Story, StoryFact
from streams.stories.terms import entity_term, is_word

WITHIN = timedelta(hours=24)
SHARED, LEAST_SHARED = 0.75, 2
BY_CHANCE = 0.05
FIGURES = frozenset({"number", "percentage", "money"})


def compares(arrival: Arrival, article: Mapping[str, float], story: Story) -> bool:
    """Return whether the words of article and story can be compared: one language, or two words in common.

    Two words, because a short title's language is often mistaken. Where names alone are common, they are too few to
    tell two events apart, and the evidence above is asked for.
    """
    if arrival.head.language in story.languages:
        return True
    return sum(is_word(term) for term in article.keys() & story.terms.keys()) >= LEAST_SHARED


def leading(arrival: Arrival) -> tuple[EntityId, ...]:
    """Return the entities that the article leads with; one named in passing tells nothing about the event."""
    passing = {fact.value for fact in arrival.background if fact.kind == "entity"}
    return tuple(entity for entity in arrival.entities if entity not in passing)


def least_shared(entities: Sequence[EntityId]) -> int:
    """Return how many of these entities a story has to name."""
    return max(LEAST_SHARED, ceil(SHARED * len(entities)))


def translates(arrival: Arrival, entities: Sequence[EntityId], story: Story, frequencies: Frequencies) -> bool:
    """Return whether an article that leads with these entities tells the story in another language."""
    if arrival.head.language in story.languages or arrival.at - story.last_article_at > WITHIN:
        return False
    shared = [term for term in map(entity_term, entities) if term in story.terms]
    if len(shared) < least_shared(entities) or prod(map(frequencies.share, shared)) > BY_CHANCE:
        return False
    rules = {rule.rule_id for rule in story.rules}
    return any(rule.rule_id in rules for rule in arrival.rules) and not _contradicts(arrival, story)


def shared_figures(arrival: Arrival, story: Story) -> int:
    """Return how many of the article's figures the story tells."""
    return len(_figures(arrival.facts) & _figures(story.facts))


def _contradicts(arrival: Arrival, story: Story) -> bool:
    ours, theirs = _figures(arrival.facts), _figures(story.facts)
    return bool(ours and theirs and ours.isdisjoint(theirs))


def _figures(facts: Iterable[Fact | StoryFact]) -> set[tuple[str, str]]:
    return {(fact.kind, fact.value) for fact in facts if fact.kind in FIGURES}
