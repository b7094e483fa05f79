"""A story: articles about one event, and what the alert stage remembers of it."""

from collections.abc import Mapping
from typing import ClassVar

from streams.articles.article import Head
from streams.ids import ArticleId, EntityId, RevisionKey, RuleId, StoryId
from streams.matching.match import EntityHit, Facts
from streams.record import Part, Record, Utc

TERMS_KEPT = 64


class FirstArticle(Part):
    """The article that opened the story."""

    article_id: ArticleId
    revision: RevisionKey
    publisher: str
    permission: str


class StorySource(Part):
    """A publisher in the story, with the first of its articles that we saw."""

    publisher: str
    permission: str
    language: str
    first_seen_at: Utc
    article_id: ArticleId


class StoryFact(Part):
    """A figure, date or entity that the story has told, and who told it first."""

    value: str
    article_id: ArticleId
    permission: str


class Story(Record):
    """Articles about one event, as of the match at `matches_offset`."""

    schema_name: ClassVar[str] = "story"

    story_id: StoryId
    opened_at: Utc
    last_article_at: Utc
    first: FirstArticle
    terms: Mapping[str, float]
    entities: tuple[EntityId, ...] = ()
    articles: int
    sources: tuple[StorySource, ...]
    facts: tuple[StoryFact, ...] = ()
    languages: tuple[str, ...] = ()
    rules: tuple[RuleId, ...] = ()
    sketches: tuple[tuple[str, ...], ...] = ()
    text_hashes: tuple[str, ...] = ()
    alert_revisions: Mapping[str, int] = {}
    matches_offset: int


class StoryArticle(Record):
    """Which story an article is in, with its newest revision: written before the story of the same match."""

    schema_name: ClassVar[str] = "story_article"

    article_id: ArticleId
    story_id: StoryId
    revision: RevisionKey
    parts: tuple[int, ...]
    rules: tuple[RuleId, ...]
    head: Head
    facts: Facts = Facts()
    entities: tuple[EntityHit, ...] = ()
    text_hash: str = ""
    matches_offset: int

    @property
    def key(self) -> str:
        """Return the key on `stories`."""
        return f"article/{self.article_id}"


class TermCounts(Record):
    """Document frequencies as of the first match of an hour; what follows is counted again from `matches`."""

    schema_name: ClassVar[str] = "term_counts"

    hour: Utc
    documents: int
    counts: Mapping[str, int]
    matches_offset: int

    @property
    def key(self) -> str:
        """Return the key on `stories`."""
        return f"df/{self.hour:%Y-%m-%dT%H}"
