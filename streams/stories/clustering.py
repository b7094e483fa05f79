"""Which story an article belongs to: online TF-IDF centroids with an inverted index, by event time alone.

Cosine of the article with each story's centroid, times a Gaussian of the story's age (sigma 3 days); the best at
0.25 or more is joined, others at 0.10 or more are related. Equal inputs give equal answers after any restart:
no answer depends on the order of a set, on a clock, or on what happened to be cached.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from math import exp, fsum, sqrt

from streams.ids import StoryId
from streams.stories.frequencies import Frequencies
from streams.stories.story import TERMS_KEPT, Arrival, Story
from streams.stories.terms import entity_term

JOINS = 0.25
RELATED = 0.10
WINDOW = timedelta(hours=72)
DECAY_S = timedelta(days=3).total_seconds()
PROPOSING = 12  # terms; with all of them, 3,000 open stories of financial news cost 2 ms an article
PROPOSED = RELATED / 2
MOST_PROPOSED = 16
MOST_STORIES = 20_000
MOST_RELATED = 5
RARE_SHARE = 0.05  # an entity in at most one article of twenty
RARE_PAIR = 2
RARE_PAIR_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Placement:
    """The story that an article joins (None: it opens one), how near it is (0 to 1), and the stories beside it."""

    story: Story | None = None
    similarity: float = 0.0
    related: tuple[tuple[StoryId, float], ...] = ()


class Clusterer:
    """The open stories, oldest use first, with an index of their terms; `joins` is the least cosine of a thread."""

    def __init__(self, *, joins: float = JOINS) -> None:
        self._joins = joins
        self.stories: dict[StoryId, Story] = {}
        self._index: dict[str, dict[StoryId, float]] = {}
        self._norms: dict[StoryId, float] = {}
        self._norms_hour: datetime | None = None

    def put(self, story: Story) -> None:
        """Take a story in, or its newer version."""
        self.remove(story.story_id)
        self.stories[story.story_id] = story
        for term, weight in story.terms.items():
            self._index.setdefault(term, {})[story.story_id] = weight

    def remove(self, story_id: StoryId) -> None:
        """Forget a story; one that is not there is no error."""
        story = self.stories.pop(story_id, None)
        self._norms.pop(story_id, None)
        for term in story.terms if story else ():
            holders = self._index[term]
            del holders[story_id]
            if not holders:
                del self._index[term]

    def open_story(self, story_id: StoryId, at: datetime) -> Story | None:
        """Return the story if an article may still join it at this event time."""
        story = self.stories.get(story_id)
        return story if story and at - story.last_article_at <= WINDOW else None

    def closing(self, at: datetime, *, room_for: int = 1) -> Iterator[StoryId]:
        """Yield the stories that end: those 72 h without an article, and the oldest beyond the room there is."""
        surplus = len(self.stories) + room_for - MOST_STORIES
        for number, (story_id, story) in enumerate(self.stories.items()):
            if number >= surplus and at - story.last_article_at <= WINDOW:
                return
            yield story_id

    def place(self, arrival: Arrival, frequencies: Frequencies) -> Placement:
        """Return where the article belongs. Cost: the postings of its 12 heaviest terms."""
        near = self._near(arrival, frequencies)
        best, similarity = near[0] if near else (None, 0.0)
        if best is None or similarity < self._joins:
            best, similarity = self._across_languages(arrival, frequencies) or (None, 0.0)
        related = tuple(islice((found for found in near if found[0] != best), MOST_RELATED))
        return Placement(None if best is None else self.stories[best], similarity, related)

    def similarity(self, arrival: Arrival, story: Story, frequencies: Frequencies) -> float:
        """Return how near an article is to one story, 0 to 1."""
        return self._similarity(_heaviest(arrival.terms, frequencies), arrival.at, story, frequencies)

    def _near(self, arrival: Arrival, frequencies: Frequencies) -> list[tuple[StoryId, float]]:
        """Return the open stories at 0.10 or more, nearest first; ties in the order of their ids.

        The article's heaviest terms propose stories, all terms decide.
        """
        article = _heaviest(arrival.terms, frequencies)
        near = [
            (story_id, self._similarity(article, arrival.at, self.stories[story_id], frequencies))
            for story_id in self._proposed(article, frequencies)
            if self.open_story(story_id, arrival.at)
        ]
        return sorted((found for found in near if found[1] >= RELATED), key=lambda found: (-found[1], found[0]))

    def _proposed(self, article: Mapping[str, float], frequencies: Frequencies) -> list[StoryId]:
        """Return the 16 stories that are nearest by the article's heaviest terms alone, if they are near at all."""
        dots: dict[StoryId, float] = {}
        for term, weight in islice(article.items(), PROPOSING):
            weighted = weight * frequencies.weight(term)
            for story_id, held in self._index.get(term, {}).items():
                dots[story_id] = dots.get(story_id, 0.0) + weighted * held
        least, norms = PROPOSED * _norm(article.values()), self._norms_of(frequencies)
        found = []
        for story_id, dot in dots.items():
            norm = norms.get(story_id) or self._norm_of(story_id, frequencies)
            if dot >= least * norm:
                found.append((-dot / norm, story_id))
        return [story_id for _, story_id in sorted(found)[:MOST_PROPOSED]]

    def _across_languages(self, arrival: Arrival, frequencies: Frequencies) -> tuple[StoryId, float] | None:
        """Return the nearest story in another language with a rare pair of entities and a rule in common, in 24 h."""
        rare = {term for term in map(entity_term, arrival.entities) if frequencies.share(term) <= RARE_SHARE}
        pairs = Counter(story_id for term in rare for story_id in self._index.get(term, ()))
        rules = {rule.rule_id for rule in arrival.rules}
        found = []
        for story_id in (story_id for story_id, shared in pairs.items() if shared >= RARE_PAIR):
            story = self.stories[story_id]
            shares_rule = any(rule.rule_id in rules for rule in story.rules)
            young = arrival.at - story.last_article_at <= RARE_PAIR_WITHIN
            if arrival.head.language not in story.languages and shares_rule and young:
                found.append((-self.similarity(arrival, story, frequencies), story_id))
        return (min(found)[1], -min(found)[0]) if found else None

    def _similarity(self, article: Mapping[str, float], at: datetime, story: Story, frequencies: Frequencies) -> float:
        terms = story.terms
        dot = fsum(weight * terms[term] * frequencies.weight(term) for term, weight in article.items() if term in terms)
        norms = _norm(article.values()) * self._norm_of(story.story_id, frequencies)
        return round(dot / norms * _decay(at, story), 6) if norms else 0.0

    def _norm_of(self, story_id: StoryId, frequencies: Frequencies) -> float:
        norms = self._norms_of(frequencies)
        known = norms.get(story_id)
        if known is None:
            terms = self.stories[story_id].terms
            known = norms[story_id] = _norm([weight * frequencies.weight(term) for term, weight in terms.items()])
        return known

    def _norms_of(self, frequencies: Frequencies) -> dict[StoryId, float]:
        """Return the norms that are known in this hour, and forget those of another."""
        if self._norms_hour != frequencies.hour:
            self._norms.clear()
            self._norms_hour = frequencies.hour
        return self._norms


def centroid(terms: Mapping[str, float], added: Mapping[str, float], frequencies: Frequencies) -> dict[str, float]:
    """Return the sum of two centroids, cut to the 64 terms that weigh most."""
    total = dict(terms)
    for term, weight in added.items():
        total[term] = round(total.get(term, 0.0) + weight, 4)
    heaviest = sorted(total, key=lambda term: (-total[term] * frequencies.weight(term), term))[:TERMS_KEPT]
    return {term: total[term] for term in heaviest}


def _heaviest(terms: Mapping[str, float], frequencies: Frequencies) -> dict[str, float]:
    weighted = {term: weight * frequencies.weight(term) for term, weight in terms.items()}
    chosen = sorted(weighted, key=lambda term: (-weighted[term], term))[:TERMS_KEPT]
    return {term: weighted[term] for term in chosen}


def _norm(weights: Iterable[float]) -> float:
    return sqrt(fsum(weight * weight for weight in weights))


def _decay(at: datetime, story: Story) -> float:
    age_s = max(0.0, (at - story.last_article_at).total_seconds())
    return exp(-0.5 * (age_s / DECAY_S) ** 2)
