"""What is new about a story: the facts of an article that nobody in it has told, and on whom that rests."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from streams.alerts.sameness import ROUNDED_BY, same_amount, same_date, size_of
from streams.articles.article import Head
from streams.stories.growth import told_facts
from streams.stories.story import Arrival, Fact, Story, StoryFact

WANTED = ("money", "percentage", "number", "entity", "negation", "date", "update")  # what a trader looks for first
MOST_NEW = 6
SAME = MappingProxyType({"money": same_amount, "number": same_amount, "date": same_date})
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class News:
    """The facts that are new, and for each that is not, who told it (of the article's own permission if possible)."""

    new: tuple[Fact, ...]
    told_by: tuple[StoryFact, ...]


def news_of(arrival: Arrival, story: Story) -> News:
    """Return what the article adds to the story: what it leads with, and nobody told in this or another form.

    A rounded sum, a date without its year and the article's own day are nothing new.
    """
    tellers: dict[tuple[str, str], StoryFact] = {}
    for told in story.facts:
        if (told.kind, told.value) not in tellers or told.permission == arrival.head.permission:
            tellers[told.kind, told.value] = told
    new, told_by = [], []
    for fact in told_facts(arrival):
        teller = tellers.get((fact.kind, fact.value))
        if teller is None and fact not in arrival.background:
            like = _like(fact, tellers.values())
            teller = min(like, key=lambda other: other.permission != arrival.head.permission, default=None)
        if teller:
            told_by.append(teller)
        elif fact not in arrival.background and not _is_its_own_day(fact, arrival.head):
            new.append(fact)
    return News(new=in_order(new), told_by=tuple(dict.fromkeys(told_by)))


def in_order(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Return the facts in the order of what a trader wants, those of one kind as the article has them."""
    return tuple(sorted(facts, key=lambda fact: WANTED.index(fact.kind)))


def _like(fact: Fact, told: Iterable[StoryFact]) -> Iterator[StoryFact]:
    """Yield who told the fact in another form."""
    same = SAME.get(fact.kind)
    if same is same_amount:
        size = size_of(fact.value)
        least, most = size / ROUNDED_BY, size * ROUNDED_BY
        told = [other for other in told if other.kind == fact.kind and least <= size_of(other.value) <= most]
    if same is not None:
        yield from (other for other in told if other.kind == fact.kind and same(fact.value, other.value))


def _is_its_own_day(fact: Fact, head: Head) -> bool:
    """Return whether a date is only when the article was written: its day, by any clock on earth, or its year."""
    if fact.kind != "date":
        return False
    written = (head.published_at or head.first_seen_at).date()
    days: tuple[date, ...] = (written - A_DAY, written, written + A_DAY)
    return any(same_date(fact.value, day.isoformat()) for day in days)
