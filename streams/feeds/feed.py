"""A feed that is polled, and what the poller remembers of it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field

from streams.ids import ArticleId, FeedId
from streams.record import Part, Record, Utc


class FeedStatus(StrEnum):
    """Whether the feed is polled, and how sure we are of its address."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    DISABLED = "disabled"


class FeedHealth(StrEnum):
    """How a feed does against its own cadence."""

    ON_TIME = "on_time"
    LATE = "late"
    SILENT = "silent"
    FAILING = "failing"
    PARKED = "parked"


class Gap(Part):
    """Bounds for the time between two polls, in seconds."""

    min_s: float | None = None
    max_s: float | None = None


class Feed(Record):
    """A URL that is polled. `url` never changes and decides the partition; `fetch_url` follows redirects."""

    schema_name: ClassVar[str] = "feed"

    feed_id: FeedId
    url: str
    fetch_url: str
    publisher: str
    language: str | None = None
    tier: Literal[1, 2, 3] = 2
    permission: str = "public"
    status: FeedStatus = FeedStatus.UNVERIFIED
    reason: str | None = None
    gap: Gap = Gap()
    managed_by: str = "files"
    secret_ref: str | None = None
    sample: bool = False

    @property
    def host(self) -> str:
        """Return the registered host, which decides the partition: lower case, without port or user.

        A URL without a host gives itself, so that even a record that should not exist has one owner.
        """
        try:
            return urlsplit(self.url).hostname or self.url
        except ValueError:
            return self.url


class SeenItem(Part):
    """What is remembered of an item, so that it is published again only when it changed.

    `same_as` is the hash of link and title, by which an item is known again when its guid changed.
    """

    article_id: ArticleId
    ordinal: int
    content_hash: str
    item_hash: str
    last_in_document_at: Utc
    same_as: str = ""
    title: str = ""


class Redirect(Part):
    """A permanent redirect of the URL `source`, that is kept once it was seen in 3 polls over an hour."""

    source: str
    url: str
    polls: int
    since: Utc


class FeedState(Record):
    """What the poller remembers of a feed: validators, items and the next poll. The highest `seq` wins.

    `validators_url` is the URL whose answers the validators and failures belong to: another URL starts afresh.
    """

    schema_name: ClassVar[str] = "feed_state"

    feed_id: FeedId
    validators_url: str = ""
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str = ""
    items: Mapping[str, SeenItem] = Field(default_factory=dict)
    rate_per_h: float = 0.0
    next_poll_at: Utc
    gap_s: float
    failures: int = 0
    failing_since: Utc | None = None
    last_outcome: str = ""
    redirect: Redirect | None = None
    last_item_at: Utc | None = None
    last_full_get_at: Utc | None = None
    last_rate_at: Utc | None = None
    ttl_s: float | None = None
    health: FeedHealth = FeedHealth.ON_TIME
    seq: int = 0
