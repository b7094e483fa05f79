"""Everything that the alert stage remembers, and how it is read back from the topic `stories`.

A match's effects are written in this order: alerts, then its `df/` and `article/` records, then its story. So the
highest story offset says which matches are done; an `article/` record above it belongs to a match that is not.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from streams.ids import ArticleId, StoryId
from streams.stories.clustering import MOST_ENDED, Clusterer
from streams.stories.frequencies import BEGINNING, MOST_PENDING, Frequencies, hour_of
from streams.stories.story import Story, StoryArticle, TermCounts

ARTICLES_KEPT = timedelta(days=7)
MOST_ARTICLES = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one match does to the book, in the order of its records; `added` is what the story's vector grew by."""

    counts: TermCounts | None
    forgotten: tuple[ArticleId, ...]
    closed: tuple[StoryId, ...]
    article: StoryArticle
    story: Story
    added: Mapping[str, float] | None = None


class StoryBook:
    """Stories, articles and document frequencies, as of the match at `offset` (-1: none yet)."""

    def __init__(self, clusterer: Clusterer | None = None) -> None:
        self.clusterer = clusterer or Clusterer()
        self.articles: dict[ArticleId, StoryArticle] = {}
        self.frequencies = Frequencies()
        self.offset = -1
        self.latest_at = BEGINNING
        self._counted_from = 0
        self._pending: Counter[str] = Counter()
        self._documents = 0
        self._held: list[StoryArticle] = []

    def restore(self, record: Story | StoryArticle | TermCounts) -> None:
        """Take one record of the topic, in log order."""
        if isinstance(record, TermCounts):
            self.frequencies = Frequencies.of(record)
            self._counted_from = record.matches_offset
        elif isinstance(record, StoryArticle):
            self._held.append(record)
        else:
            self._restore_story(record)

    def restore_deletion(self, key: str) -> None:
        """Take one tombstone of the topic, in log order."""
        kind, _, name = key.rpartition("/")
        if kind == "article":
            self.articles.pop(ArticleId(name), None)
        elif not kind:
            self.clusterer.remove(StoryId(name))

    def settle(self) -> None:
        """Finish the restoration: articles above the highest story are forgotten, the rest is counted again."""
        self._held.clear()
        self._pending.clear()
        self._documents = 0
        for article in self.articles.values():
            if article.first_offset >= self._counted_from:
                self._count(article)

    def entered(self, at: datetime, offset: int) -> tuple[Frequencies, TermCounts | None]:
        """Return the frequencies in force at an event time, with their record if they are new.

        They are new in a new hour, and after 20,000 articles in one: a clock that leapt ahead stands still for long.
        """
        hour = hour_of(at)
        if hour <= self.frequencies.hour and self._documents < MOST_PENDING:
            return self.frequencies, None
        frequencies = self.frequencies.entered(max(hour, self.frequencies.hour), self._pending, self._documents)
        return frequencies, frequencies.to_record(offset)

    def forgetting(self, at: datetime) -> Iterator[ArticleId]:
        """Yield the articles that go: those last used 7 days ago, and the oldest beyond 200,000; 100 at a time."""
        surplus = len(self.articles) + 1 - MOST_ARTICLES
        for number, (article_id, article) in enumerate(islice(self.articles.items(), max(surplus, MOST_ENDED))):
            if number >= surplus and at - article.seen_at <= ARTICLES_KEPT:
                return
            yield article_id

    def apply(self, change: Change, frequencies: Frequencies) -> None:
        """Take in what one match does; `frequencies` are those that `entered` gave."""
        if change.counts is not None:
            self.frequencies = frequencies
            self._counted_from = change.counts.matches_offset
            self._pending.clear()
            self._documents = 0
        for article_id in change.forgotten:
            self.articles.pop(article_id, None)
        for story_id in change.closed:
            self.clusterer.remove(story_id)
        self._take(change.article)
        if change.article.first_offset == change.article.matches_offset:
            self._count(change.article)
        self._take_story(change.story, change.added)

    def _restore_story(self, story: Story) -> None:
        for article in self._held:
            if article.matches_offset <= story.matches_offset and self._is_news(article):
                self._take(article)
        self._held = [article for article in self._held if article.matches_offset > story.matches_offset]
        known = self.clusterer.stories.get(story.story_id)
        if known is None or known.matches_offset <= story.matches_offset:
            self._take_story(story)  # what a process wrote that had lost the partition and did not know it is older

    def _is_news(self, article: StoryArticle) -> bool:
        known = self.articles.get(article.article_id)
        return known is None or known.matches_offset <= article.matches_offset

    def _take(self, article: StoryArticle) -> None:
        self.articles.pop(article.article_id, None)  # so that the order of the dict is the order of last use
        self.articles[article.article_id] = article
        self.latest_at = max(self.latest_at, article.seen_at)

    def _take_story(self, story: Story, added: Mapping[str, float] | None = None) -> None:
        self.clusterer.put(story, added)
        self.offset = max(self.offset, story.matches_offset)
        self.latest_at = max(self.latest_at, story.last_article_at)

    def _count(self, article: StoryArticle) -> None:
        if article.terms:
            self._pending.update(article.terms)
            self._documents += 1
