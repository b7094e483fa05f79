"""Which story an article belongs to: online TF-IDF centroids with an inverted index, by event time alone.

Nearness is the cosine of the article with the story's centroid, times a Gaussian of the story's age (sigma 3 days);
more for a story of many articles, whose centroid is spread over more words, and less where a single term is shared,
because a word alone is how one event ends in the thread of another. The best at 0.25 or more is joined, others at 0.10
or more are related. Equal inputs give equal answers after any restart: no answer depends on the order of a set, on a
clock, or on what happened to be cached. Figures: bench/stories.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from heapq import nlargest
from itertools import islice
from math import exp, hypot, log
from typing import NamedTuple

from streams.ids import EntityId, StoryId
from streams.stories.frequencies import Frequencies
from streams.stories.story import Arrival, Story
from streams.stories.terms import entity_term
from streams.stories.translation import compares, leading, least_shared, shared_figures, translates
from streams.stories.vector import dot, vector_of

JOINS = 0.25
RELATED = 0.10
WINDOW = timedelta(hours=72)
DECAY_S = timedelta(days=3).total_seconds()
CROWD = 0.4  # a story of n articles is nearer by 1 + 0.4 ln n
MOST_CROWD = 4.0  # ln 55: however long a story is, nothing below a cosine of 0.096 joins it
ONE_TERM = 0.65
PROPOSED = RELATED / 2
MOST_PROPOSED = 3  # with more, and with more postings, agency stories end in threads that share their common words
MOST_POSTINGS = 40
ROUNDING = 1e-6
MILLION = 1_000_000
LEAST_LISTS = 2
MOST_STORIES = 100_000
MOST_ENDED = 100  # in one match: a clock that leaps must not end 100,000 stories at once
MOST_NAMED = 200


@dataclass(frozen=True, slots=True)
class Placement:
    """The story that an article joins (None: it opens one), and the stories beside it with their nearness, 0 to 1.

    `similarity` is the plain cosine with the story's age in it, without what its articles' number adds. `vector` is
    the article as it was weighed: what the story grows by. It is empty where nothing is to grow.
    """

    story: Story | None = None
    similarity: float = 0.0
    related: tuple[tuple[StoryId, float], ...] = ()
    vector: Mapping[str, float] = field(default_factory=dict)


class Near(NamedTuple):
    """A story near an article; they sort nearest first, ties in the order of their ids."""

    far: float
    story_id: StoryId
    similarity: float


class Clusterer:
    """The open stories, oldest use first, with an index of their terms; `joins` is the least nearness of a thread."""

    def __init__(self, *, joins: float = JOINS) -> None:
        self._joins = joins
        self.stories: dict[StoryId, Story] = {}
        self._index: dict[str, dict[StoryId, float]] = {}
        self._scale: dict[StoryId, float] = {}

    def put(self, story: Story, added: Mapping[str, float] | None = None) -> None:
        """Take a story in, or its newer version; `added` is the vector that it grew by since the version known here.

        Cost: the terms of `added`; those of the story where it is None, or where the vector was cut.
        """
        name, terms = story.story_id, story.terms
        known = self.stories.pop(name, None)  # so that the order of the dict is the order of last use
        self.stories[name] = story
        before = known.terms if known else {}
        if added is None or len(terms) != len(before) + len([term for term in added if term not in before]):
            for term in [term for term in before if term not in terms]:
                self._drop(term, name)
            added = terms
        index = self._index
        for term in added:
            holders = index.get(term)
            if holders is None:
                index[term] = {name: terms[term]}
            else:
                holders[name] = terms[term]
        self._scale[name] = _crowd(story.articles) / hypot(*terms.values()) if terms else 0.0

    def remove(self, story_id: StoryId) -> None:
        """Forget a story; one that is not there is no error."""
        story = self.stories.pop(story_id, None)
        self._scale.pop(story_id, None)
        for term in story.terms if story else ():
            self._drop(term, story_id)

    def open_story(self, story_id: StoryId, at: datetime) -> Story | None:
        """Return the story if an article may still join it at this event time."""
        story = self.stories.get(story_id)
        return story if story and at - story.last_article_at <= WINDOW else None

    def closing(self, at: datetime, *, room_for: int = 1) -> Iterator[StoryId]:
        """Yield the stories that end: those 72 h without an article, and the oldest beyond the room there is.

        At most 100 at a time; what is left ends with the matches that follow, and nothing joins it until then.
        """
        surplus = len(self.stories) + room_for - MOST_STORIES
        for number, (story_id, story) in enumerate(islice(self.stories.items(), max(surplus, MOST_ENDED))):
            if number >= surplus and at - story.last_article_at <= WINDOW:
                return
            yield story_id

    def place(self, arrival: Arrival, frequencies: Frequencies) -> Placement:
        """Return where the article belongs. Cost: 40 postings, and 3 stories term by term."""
        article = vector_of(arrival.terms, frequencies)
        ending = set(self.closing(arrival.at))  # gone already for who decides again after a crash between two records
        near = self._near(article, arrival.at, ending)
        joins = self._joined(near, article, arrival) or self._translated(article, arrival, frequencies, ending)
        name = joins and joins.story_id
        related = tuple([(other.story_id, min(1.0, -other.far)) for other in near if other.story_id != name])
        if joins is None:
            return Placement(related=related, vector=article)
        return Placement(self.stories[joins.story_id], _rounded(joins.similarity), related, article)

    def similarity(self, arrival: Arrival, story: Story, frequencies: Frequencies) -> float:
        """Return how alike an article and one story are, 0 to 1."""
        article, age = vector_of(arrival.terms, frequencies), arrival.at - story.last_article_at
        return _rounded(self._measured(article, story, age).similarity)

    def _near(self, article: Mapping[str, float], at: datetime, ending: AbstractSet[StoryId]) -> list[Near]:
        """Return the open stories at 0.10 or more, nearest first: rare terms propose them, all terms decide."""
        near = []
        for name in self._proposed(article, ending):
            story = self.stories[name]
            age = at - story.last_article_at
            if age <= WINDOW and -(found := self._measured(article, story, age)).far >= RELATED:
                near.append(found)
        near.sort()
        return near

    def _joined(self, near: Sequence[Near], article: Mapping[str, float], arrival: Arrival) -> Near | None:
        """Return the nearest story that is near enough and whose words can be compared with the article's."""
        for found in near:
            if -found.far < self._joins:
                break
            if compares(arrival, article, self.stories[found.story_id]):
                return found
        return None

    def _proposed(self, article: Mapping[str, float], ending: AbstractSet[StoryId]) -> list[StoryId]:
        """Return the stories that can be at 0.10 or more, at most the 3 that are nearest by the article's rarest terms.

        Terms that few stories hold come first, until 40 postings are read; the first two are read whatever they cost.
        """
        dots: dict[StoryId, float] = {}
        left, least = MOST_POSTINGS, RELATED - ROUNDING
        for number, (length, term) in enumerate(self._lists(article, ending)):
            left -= length
            if left < 0 and number >= LEAST_LISTS:
                least = PROPOSED
                break
            weight, holders = article[term], self._index[term]
            if not dots:
                dots = {name: weight * held for name, held in holders.items()}
                continue
            for name, held in holders.items():
                if name in dots:
                    dots[name] += weight * held
                else:
                    dots[name] = weight * held
        for name in ending:
            dots.pop(name, None)
        scale = self._scale
        found = [(-near, name) for name, total in dots.items() if (near := total * scale[name]) >= least]
        found.sort()
        return [name for _, name in found[:MOST_PROPOSED]]

    def _lists(self, article: Mapping[str, float], ending: AbstractSet[StoryId]) -> list[tuple[int, str]]:
        """Return the terms that any story holds, each behind the number of these, the rarest first."""
        index = self._index
        if not ending:
            return sorted([(len(holders), term) for term in article if (holders := index.get(term))])
        counts = ((len(index[term].keys() - ending), term) for term in article if term in index)
        return sorted(found for found in counts if found[0])

    def _translated(
        self, article: Mapping[str, float], arrival: Arrival, frequencies: Frequencies, ending: AbstractSet[StoryId]
    ) -> Near | None:
        """Return the story that the article tells in another language: of several, that of most figures in common."""
        entities = leading(arrival)
        found = [
            (-shared_figures(arrival, story), self._measured(article, story, arrival.at - story.last_article_at))
            for story in self._named(entities, ending)
            if translates(arrival, entities, story, frequencies)
        ]
        return min(found)[1] if found else None

    def _named(self, entities: Sequence[EntityId], ending: AbstractSet[StoryId]) -> list[Story]:
        """Return the 200 newest stories that can hold as many of the entities as have to be shared."""
        lists = sorted((self._index.get(entity_term(entity), {}) for entity in entities), key=len)
        names = set[StoryId]().union(*lists[: max(0, len(lists) - least_shared(entities) + 1)])
        return nlargest(
            MOST_NAMED, map(self.stories.__getitem__, names - ending), key=lambda story: story.matches_offset
        )

    def _measured(self, article: Mapping[str, float], story: Story, age: timedelta) -> Near:
        product, shared = dot(article, story.terms)
        crowd = _crowd(story.articles)
        similarity = product * self._scale.get(story.story_id, 0.0) / crowd * _decay(age)
        alone = ONE_TERM if shared == 1 < len(article) else 1.0
        return Near(-_rounded(similarity * crowd * alone), story.story_id, similarity)

    def _drop(self, term: str, story_id: StoryId) -> None:
        holders = self._index[term]
        del holders[story_id]
        if not holders:
            del self._index[term]


@lru_cache(maxsize=1_024)
def _crowd(articles: int) -> float:
    return 1.0 + CROWD * min(MOST_CROWD, log(max(1, articles)))


def _decay(age: timedelta) -> float:
    return exp(-0.5 * (max(0.0, age.total_seconds()) / DECAY_S) ** 2)


def _rounded(nearness: float) -> float:
    return round(nearness * MILLION) / MILLION  # `round(nearness, 6)` goes by way of a string
