"""What poll tells the metrics: of each request, each good answer and each article."""

from datetime import UTC
from email.utils import parsedate_to_datetime

from agents.metrics import Metrics
from agents.net.fetch import Fetched
from agents.poll.records import ledger_of
from streams.articles.article import Article, ArticleKind
from streams.feeds.after_poll import Answer, Outcome, Timing
from streams.feeds.feed import FeedState
from streams.ids import FeedId

NEWS = frozenset({ArticleKind.NEW, ArticleKind.UPDATED})


def asked(metrics: Metrics, feed: FeedId, outcome: Outcome, timing: Timing) -> None:
    """Count one request."""
    metrics.feed_requests.labels(metrics.capped("feed", feed), outcome.value).inc()
    spent_s = (timing.answered - timing.started).total_seconds()
    metrics.fetch_duration.labels(outcome.value).observe(max(0.0, spent_s))  # our clock may have been set back


def answered(metrics: Metrics, state: FeedState, said: Answer, timing: Timing) -> None:
    """Note one good answer."""
    feed = metrics.capped("feed", state.feed_id)
    metrics.feed_last_success.labels(feed).set(timing.answered.timestamp())
    metrics.feed_gap.labels(feed).set(state.gap_s)
    if said.new_items:
        metrics.feed_last_item.labels(feed).set(timing.answered.timestamp())


def clock(metrics: Metrics, feed: FeedId, answer: Fetched) -> None:
    """Note how far the server's clock is from ours (seconds, positive if it is ahead), unless it gives no Date."""
    skew_s = skew_of(answer)
    if skew_s is not None:
        metrics.clock_skew.labels(metrics.capped("feed", feed)).set(skew_s)


def skew_of(answer: Fetched) -> float | None:
    """Return the server's clock less ours (seconds), give or take half a second and half the request; None if unknown.

    Date counts whole seconds, and the server wrote it in the midst of the request: so half of each is added. A cache
    passes on the Date of the origin with the answer's Age since (RFC 9111, 4.2.3).
    """
    age = answer.headers.get("Age", "").strip()
    if age and not (age.isascii() and age.isdigit()):
        return None
    try:
        said = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    ours = answer.started_at + (answer.answered_at - answer.started_at) / 2
    return (said.replace(tzinfo=said.tzinfo or UTC) - ours).total_seconds() + int(age[:9] or 0) + 0.5


def published(metrics: Metrics, article: Article) -> None:
    """Count one article, and the time that the source and the fetch of it took."""
    metrics.articles.labels(article.kind.value).inc()
    if article.kind not in NEWS:
        return
    ledger = ledger_of(article)
    metrics.took("source", ledger)
    metrics.took("fetch", ledger)
