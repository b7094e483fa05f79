"""What is new about a story: the facts of an article that nobody in it has told, and on whom that rests."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain
from types import MappingProxyType

from streams.alerts.sameness import ROUNDED_BY, same_amount, same_date, size_of
from streams.articles.article import Head
from streams.stories.growth import told_facts
from streams.stories.story import Arrival, Fact, Story, StoryFact, ToldBefore

WANTED = ("money", "percentage", "number", "entity", "negation", "date", "update")  # what a trader looks for first
MOST_NEW = 6
SAME = MappingProxyType({"money": same_amount, "number": same_amount, "date": same_date})
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class News:
    """The facts that are new, and for each that is not, who told it (of the article's own permission if possible).

    `told_before` are those that the article leads with and that nobody of its own permission told: who may see it may
    not have been told them. The first six of each set of permissions are all that a desk can be shown.
    """

    new: tuple[Fact, ...]
    told_by: tuple[StoryFact, ...]
    told_before: tuple[ToldBefore, ...] = ()


def news_of(arrival: Arrival, story: Story) -> News:
    """Return what the article adds to the story: what it leads with, and nobody told in this or another form.

    A rounded sum, a date without its year and the article's own day are nothing new.
    """
    tellers: dict[tuple[str, str], StoryFact] = {}
    for told in story.facts:
        if (told.kind, told.value) not in tellers or told.permission == arrival.head.permission:
            tellers[told.kind, told.value] = told
    new, told_by = list[Fact](), list[StoryFact]()
    elsewhere = dict[Fact, int]()
    for fact in told_facts(arrival):
        leads = fact not in arrival.background
        teller = tellers.get((fact.kind, fact.value))
        if teller is None and leads:
            like = _like(fact, tellers.values())
            teller = min(like, key=lambda other: other.permission != arrival.head.permission, default=None)
        if teller:
            told_by.append(teller)
        if not leads or _is_its_own_day(fact, arrival.head):
            continue
        if teller is None:
            new.append(fact)
        elif teller.permission != arrival.head.permission:
            elsewhere[fact] = sum(other.kind == fact.kind for other in new)
    return News(
        new=in_order(new),
        told_by=tuple(dict.fromkeys(told_by)),
        told_before=tuple(_told_before(elsewhere, story, arrival.head.permission)),
    )


def _told_before(behind: Mapping[Fact, int], story: Story, own: str) -> Iterator[ToldBefore]:
    """Yield the facts that were told, in any form, under other permissions alone; six of each set of permissions."""
    counts: Counter[tuple[str, ...]] = Counter()
    for fact in in_order(behind):
        equal = (told for told in story.facts if (told.kind, told.value) == (fact.kind, fact.value))
        held = tuple(sorted({told.permission for told in chain(equal, _like(fact, story.facts))}))
        counts[held] += 1
        if own not in held and counts[held] <= MOST_NEW:
            yield ToldBefore(kind=fact.kind, value=fact.value, permissions=held, behind=behind[fact])


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
