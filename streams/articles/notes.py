"""What tocsin itself publishes: heartbeats, and notes on its feeds. Every desk holds their permission."""

from datetime import UTC, datetime

from streams.articles.article import Article, ArticleKind, DateQuality
from streams.articles.identity import revision_key
from streams.feeds.feed import Feed, FeedState
from streams.feeds.health import Condition
from streams.ids import ArticleId, FeedId, content_id

OWN_FEED = FeedId("tocsin")
PUBLISHER = PERMISSION = "tocsin"

SENTENCES = {
    Condition.PARKED: "is gone for good and is polled no more until its entry changes",
    Condition.DENIED: "refuses us and is asked every 6 hours until someone acts",
    Condition.FAILING: "fails again and again",
    Condition.SILENT: "has fallen silent",
}


def heartbeat(number: int, *, now: datetime) -> Article:
    """Return the article that shows that the way from this partition to every desk is open; one id a minute."""
    minute = now.replace(second=0, microsecond=0).isoformat()
    return _note(
        ArticleId(content_id("heartbeat", str(number), minute)),
        kind=ArticleKind.HEARTBEAT,
        guid=str(number),
        title=f"heartbeat {number}",
        now=now,
    )


def feed_note(feed: Feed, state: FeedState, condition: Condition, *, now: datetime) -> Article:
    """Return the article that says what is wrong with a feed; one id a feed, condition and UTC day."""
    day = now.astimezone(UTC).date().isoformat()
    since = f", since {state.failing_since:%Y-%m-%d %H:%M} UTC" if state.failing_since else ""
    return _note(
        ArticleId(content_id("health", feed.feed_id, condition, day)),
        kind=ArticleKind.HEALTH,
        guid=f"{feed.feed_id}/{condition}",
        title=f"Feed {feed.feed_id} ({feed.publisher}) {SENTENCES[condition]}",
        lead=f"Last outcome: {state.last_outcome}; failures in a row: {state.failures}{since}.",
        now=now,
    )


def _note(article_id: ArticleId, *, kind: ArticleKind, guid: str, title: str, now: datetime, lead: str = "") -> Article:
    """Return a note; its revision depends on its id alone, so that a crash repeats it, figures apart."""
    return Article(
        article_id=article_id,
        revision=revision_key(1, article_id),
        kind=kind,
        feed_id=OWN_FEED,
        publisher=PUBLISHER,
        tier=3,
        permission=PERMISSION,
        language="en",
        url=f"tocsin:{kind}/{guid}",
        guid=guid,
        title=title,
        lead=lead,
        published_at=now,
        date_quality=DateQuality.EXACT,
        first_seen_at=now,
        fetched_at=now,
    )
