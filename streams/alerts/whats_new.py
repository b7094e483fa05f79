"""What is new about a story: the facts of an article that nobody in it has told, and on whom that rests."""

from collections.abc import Iterable
from dataclasses import dataclass

from streams.stories.growth import told_facts
from streams.stories.story import Arrival, Fact, Story, StoryArticle, StoryFact

FIGURES = ("number", "percentage", "money", "entity")


@dataclass(frozen=True, slots=True)
class News:
    """The facts that are new, and for each that is not, who told it (of the article's own permission if possible)."""

    new: tuple[Fact, ...]
    told_by: tuple[StoryFact, ...]


def news_of(arrival: Arrival, story: Story) -> News:
    """Return what the article adds to the story."""
    tellers: dict[tuple[str, str], StoryFact] = {}
    for fact in story.facts:
        if (fact.kind, fact.value) not in tellers or fact.permission == arrival.head.permission:
            tellers[fact.kind, fact.value] = fact
    facts = told_facts(arrival)
    return News(
        new=tuple(fact for fact in facts if (fact.kind, fact.value) not in tellers),
        told_by=tuple(tellers[fact.kind, fact.value] for fact in facts if (fact.kind, fact.value) in tellers),
    )


def corrected(arrival: Arrival, earlier: StoryArticle) -> tuple[Fact, ...]:
    """Return what a new revision changed of what the earlier one told; empty if it only adds.

    A number or an entity is changed when it is gone; a negation, when it came or went.
    """
    before = {*earlier.facts, *(Fact(kind="entity", value=entity) for entity in earlier.entities)}
    after = set(told_facts(arrival))
    gone = (fact for fact in before - after if fact.kind in FIGURES)
    flipped = (fact for fact in before ^ after if fact.kind == "negation")
    return _in_order((*gone, *flipped))


def _in_order(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    return tuple(sorted(facts, key=lambda fact: (fact.kind, fact.value)))
