"""What poll tells the metrics: of each request, each good answer and each article."""

from datetime import UTC
from email.utils import parsedate_to_datetime

from agents.metrics import Metrics
from agents.net.fetch import Fetched
from streams.articles.article import Article, ArticleKind
from streams.feeds.after_poll import Answer, Outcome, Timing
from streams.feeds.feed import FeedState
from streams.ids import FeedId

NEWS = frozenset({ArticleKind.NEW, ArticleKind.UPDATED})


def asked(metrics: Metrics, feed: FeedId, outcome: Outcome, timing: Timing) -> None:
    """Count one request."""
    metrics.feed_requests.labels(metrics.capped("feed", feed), outcome.value).inc()
    metrics.fetch_duration.labels(outcome.value).observe((timing.answered - timing.started).total_seconds())


def answered(metrics: Metrics, state: FeedState, said: Answer, timing: Timing) -> None:
    """Note one good answer."""
    feed = metrics.capped("feed", state.feed_id)
    metrics.feed_last_success.labels(feed).set(timing.answered.timestamp())
    metrics.feed_gap.labels(feed).set(state.gap_s)
    if said.new_items:
        metrics.feed_last_item.labels(feed).set(timing.answered.timestamp())


def clock(metrics: Metrics, feed: FeedId, answer: Fetched) -> None:
    """Note how far the server's clock is from ours (seconds, positive if it is ahead); its Date has whole seconds."""
    try:
        said = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (ValueError, TypeError):
        return
    skew_s = (said.replace(tzinfo=said.tzinfo or UTC) - answer.answered_at).total_seconds()
    metrics.clock_skew.labels(metrics.capped("feed", feed)).set(skew_s)


def published(metrics: Metrics, article: Article) -> None:
    """Count one article, and the time that the source and the fetch of it took; a publisher ahead of us counts 0."""
    metrics.articles.labels(article.kind.value).inc()
    if article.kind not in NEWS:
        return
    metrics.stage_latency.labels("fetch").observe((article.fetched_at - article.first_seen_at).total_seconds())
    if article.published_at is not None:
        source_s = (article.first_seen_at - article.published_at).total_seconds()
        metrics.stage_latency.labels("source").observe(max(0.0, source_s))
