"""A story: articles about one event, and what the alert stage remembers of it.

Nothing here names a match or an alert: streams.alerts turns a match into an `Arrival` and reads a `Label` back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import ClassVar

from streams.articles.article import DateQuality, Head
from streams.ids import ArticleId, ChangeId, DeskId, EntityId, RevisionKey, RuleId, StoryId
from streams.record import Part, Record, Utc
from streams.stories.unchecked import unchecked

TERMS_KEPT, MOST_TERMS = 128, 160
REMEMBERED_FACTS = 1 << 14


class FirstArticle(Part):
    """The article that opened the story."""

    article_id: ArticleId
    revision: RevisionKey
    publisher: str
    permission: str


class StorySource(Part):
    """A publisher in the story, with the first of its articles that we saw, and when it says that it put that out."""

    publisher: str
    permission: str
    language: str
    first_seen_at: Utc
    absent_at: Utc | None = None
    claimed_at: Utc | None = None
    date_quality: DateQuality = DateQuality.MISSING
    article_id: ArticleId


class Fact(Part):
    """A figure, date, negation or entity; equal facts are equal strings."""

    kind: str
    value: str


@lru_cache(maxsize=REMEMBERED_FACTS)
def fact_of(kind: str, value: str) -> Fact:
    """Return the fact: many articles tell the same, and each is asked for several times."""
    return unchecked(Fact, {"kind": kind, "value": value})


class StoryFact(Part):
    """A fact that the story has told, and who told it first among those of this permission."""

    kind: str = ""
    value: str
    article_id: ArticleId
    permission: str


class ToldBefore(Part):
    """A fact that an article leads with, and the permissions under which alone the story told it, in any form.

    `behind` says how many facts of its kind stand before it in the article that are new to everybody.
    """

    kind: str
    value: str
    permissions: tuple[str, ...]
    behind: int = 0


class StoryText(Part):
    """A text of the story, as copies are found by: its hash, and its sketch (both may be empty)."""

    article_id: ArticleId
    permission: str
    text_hash: str
    sketch: tuple[str, ...] = ()


class StoryRule(Part):
    """A rule that matched, as a later match without rules takes it over."""

    rule_id: RuleId
    change_id: ChangeId
    urgency: str
    labels: Mapping[str, str] = {}
    owner: DeskId | None = None


class Label(Part):
    """What was decided for an article revision, so that each further part of its match says the same."""

    relation: str
    firm: bool = True
    similarity: float | None = None
    compared_article: ArticleId | None = None
    compared_permission: str = ""
    needs: tuple[str, ...] = ()
    whats_new: tuple[Fact, ...] = ()
    told_before: tuple[ToldBefore, ...] = ()
    related: Mapping[StoryId, float] = {}


class Story(Record):
    """Articles about one event, as of the match at `matches_offset`. A story without terms is never joined."""

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
    rules: tuple[StoryRule, ...] = ()
    texts: tuple[StoryText, ...] = ()
    alert_revisions: Mapping[RuleId, int] = {}
    matches_offset: int


class StoryArticle(Record):
    """Which story an article is in, with its newest revision: written before the story of the same match.

    `terms` are what its first revision counted in the document frequencies, at the match of `first_offset`.
    """

    schema_name: ClassVar[str] = "story_article"

    article_id: ArticleId
    story_id: StoryId
    revision: RevisionKey
    parts: tuple[int, ...]
    rules: tuple[StoryRule, ...]
    head: Head
    facts: tuple[Fact, ...] = ()
    entities: tuple[EntityId, ...] = ()
    text_hash: str = ""
    label: Label
    terms: tuple[str, ...] = ()
    first_offset: int
    seen_at: Utc
    matches_offset: int

    @property
    def key(self) -> str:
        """Return the key on `stories`."""
        return f"article/{self.article_id}"


class TermCounts(Record):
    """Document frequencies as of the first match of an hour; what follows is counted again from `article/`."""

    schema_name: ClassVar[str] = "term_counts"

    hour: Utc
    documents: int
    counts: Mapping[str, int]
    matches_offset: int

    @property
    def key(self) -> str:
        """Return the key on `stories`."""
        return f"df/{self.hour:%Y-%m-%dT%H}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What grouping needs of one part of a match: `at` is its event time, `offset` its place on `matches`.

    `background` are the facts and entities that the article does not lead with: alone they make no news. Of them
    `denied` are the denials of its lead: who read it was told them.
    """

    head: Head
    part: int
    at: datetime
    offset: int
    terms: Mapping[str, float]
    entities: tuple[EntityId, ...]
    facts: tuple[Fact, ...]
    rules: tuple[StoryRule, ...]
    text_hash: str
    sketch: tuple[str, ...]
    background: frozenset[Fact] = frozenset()
    denied: frozenset[Fact] = frozenset()
