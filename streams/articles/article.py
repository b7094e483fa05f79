"""An article: our record of a feed's entry, one for each revision."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from streams.ids import ArticleId, FeedId, RevisionKey
from streams.record import Part, Record, Utc

LEAD_CHARS = 1_000
BODY_CHARS = 200_000  # longer texts are cut there and marked `truncated`
SCHEMA = "article"


class ArticleKind(StrEnum):
    """Why the article was published."""

    NEW = "new"
    UPDATED = "updated"
    BACKFILL = "backfill"
    HEARTBEAT = "heartbeat"
    HEALTH = "health"


class DateQuality(StrEnum):
    """How far the publisher's date can be trusted."""

    EXACT = "exact"
    NO_ZONE = "no_zone"
    FUTURE = "future"
    MISSING = "missing"


class Head(Part):
    """An article without its body: what later records carry on."""

    article_id: ArticleId
    revision: RevisionKey
    kind: ArticleKind
    feed_id: FeedId
    publisher: str
    tier: int
    permission: str
    language: str
    language_from: str = "declared"
    url: str
    original_url: str = ""
    guid: str | None = None
    title: str
    lead: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    truncated: bool = False
    published_at: Utc | None = None
    updated_at: Utc | None = None
    date_quality: DateQuality = DateQuality.MISSING
    absent_at: Utc | None = None  # when we last looked at the feed and did not find it; None at its first poll
    first_seen_at: Utc
    fetched_at: Utc
    previous_title: str | None = None
    sample: bool = False

    @property
    def ordinal(self) -> int:
        """Return which revision of the article this is, from 1."""
        return int(self.revision.partition("-")[0])

    @property
    def claimed_at(self) -> datetime | None:
        """Return when the publisher says that it put out this revision, or None: nothing stands in for it.

        An edit whose date of update is not after the article's own date says nothing of when it was made.
        """
        if self.kind is not ArticleKind.UPDATED:
            return self.published_at
        newer = self.updated_at and (self.published_at is None or self.updated_at > self.published_at)
        return self.updated_at if newer else None


class Article(Head, Record):
    """One revision of an article. Title, lead and body are plain text; spans count code points in them."""

    schema_name: ClassVar[str] = SCHEMA

    body: str = ""

    def head(self) -> Head:
        """Return the article without its body."""
        return Head.model_construct(**{name: getattr(self, name) for name in Head.model_fields})
