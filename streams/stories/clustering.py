"""Which story an article belongs to: online TF-IDF centroids with an inverted index, by event time alone.

Cosine of the article with each story's centroid, times a Gaussian of the story's age (sigma 3 days); the best at
0.25 or more is joined, others at 0.10 or more are related. Equal inputs give equal answers after any restart:
no answer depends on the order of a set, on a clock, or on what happened to be cached.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from math import exp, fsum, sqrt

from streams.ids import StoryId
from streams.stories.frequencies import Frequencies
from streams.stories.story import TERMS_KEPT, Arrival, Story
from streams.stories.terms import ENTITY_MARK

JOINS = 0.25
RELATED = 0.10
WINDOW = timedelta(hours=72)
DECAY_S = timedelta(days=3).total_seconds()
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
    """The open stories, oldest use first, with an index of their terms."""

    def __init__(self) -> None:
        self.stories: dict[StoryId, Story] = {}
        self._index: dict[str, dict[StoryId, None]] = {}
        self._norms: dict[StoryId, tuple[datetime, float]] = {}

    def put(self, story: Story) -> None:
        """Take a story in, or its newer version."""
        self.remove(story.story_id)
        self.stories[story.story_id] = story
        for term in story.terms:
            self._index.setdefault(term, {})[story.story_id] = None

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
        """Return where the article belongs. Cost: the postings of its 64 heaviest terms."""
        near = self._near(arrival, frequencies)
        best, similarity = near[0] if near else (None, 0.0)
        if best is None or similarity < JOINS:
            best, similarity = self._across_languages(near, arrival, frequencies) or (None, 0.0)
        beside = ((story_id, value) for story_id, value in near if story_id != best and value >= RELATED)
        related = tuple(islice(beside, MOST_RELATED))
        return Placement(None if best is None else self.stories[best], similarity, related)

    def similarity(self, arrival: Arrival, story: Story, frequencies: Frequencies) -> float:
        """Return how near an article is to one story, 0 to 1."""
        article = _heaviest(arrival.terms, frequencies)
        dot = fsum(weight * story.terms.get(term, 0.0) * frequencies.weight(term) for term, weight in article.items())
        norms = _norm(article.values()) * self._story_norm(story, frequencies)
        return round(dot / norms * _decay(arrival.at, story), 6) if norms else 0.0

    def _near(self, arrival: Arrival, frequencies: Frequencies) -> list[tuple[StoryId, float]]:
        """Return the open stories that share a term, nearest first; ties in the order of their ids.

        Those below 0.10 are left out, unless they are in another language, where entities alone can be shared.
        """
        article = _heaviest(arrival.terms, frequencies)
        dots: dict[StoryId, float] = {}
        for term, weight in article.items():
            weighted = weight * frequencies.weight(term)
            for story_id in self._index.get(term, ()):
                dots[story_id] = dots.get(story_id, 0.0) + weighted * self.stories[story_id].terms[term]
        length = _norm(article.values())
        near = []
        for story_id, dot in dots.items():
            story = self.open_story(story_id, arrival.at)
            if story is None:
                continue
            cosine = dot / (length * self._story_norm(story, frequencies))
            value = round(cosine * _decay(arrival.at, story), 6)
            if value >= RELATED or arrival.head.language not in story.languages:
                near.append((story_id, value))
        return sorted(near, key=lambda found: (-found[1], found[0]))

    def _across_languages(
        self, near: list[tuple[StoryId, float]], arrival: Arrival, frequencies: Frequencies
    ) -> tuple[StoryId, float] | None:
        """Return the nearest story in another language with a rare pair of entities and a rule in common, in 24 h."""
        rare = {entity for entity in arrival.entities if frequencies.share(ENTITY_MARK + entity) <= RARE_SHARE}
        rules = {rule.rule_id for rule in arrival.rules}
        for story_id, value in near:
            story = self.stories[story_id]
            shares_rule = any(rule.rule_id in rules for rule in story.rules)
            young = arrival.at - story.last_article_at <= RARE_PAIR_WITHIN
            foreign = arrival.head.language not in story.languages
            if foreign and shares_rule and young and len(rare.intersection(story.entities)) >= RARE_PAIR:
                return story_id, value
        return None

    def _story_norm(self, story: Story, frequencies: Frequencies) -> float:
        known = self._norms.get(story.story_id)
        if known is None or known[0] != frequencies.hour:
            norm = _norm([weight * frequencies.weight(term) for term, weight in story.terms.items()])
            known = self._norms[story.story_id] = (frequencies.hour, norm)
        return known[1]


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
