"""What poll writes: articles with their ledger, states, and dead letters."""

from datetime import datetime

from agents.dead_letters import letter_of
from agents.kafka import Incoming, Outgoing, outgoing
from streams.articles.article import Article
from streams.feeds.feed import Feed, FeedState
from streams.latency import Ledger
from streams.topics import ARTICLES, FEED_STATES, FEEDS, Names

STAGE = "poll"
NO_OFFSET = -1  # what failed is a document from outside, which has no place in any log


def article_record(article: Article, *, partition: int | None = None) -> Outgoing:
    """Return the article's record, with its ledger."""
    return outgoing(
        ARTICLES,
        article,
        key=article.article_id,
        by=article.article_id,
        partition=partition,
        ce_id=f"{article.article_id}-{article.revision}",
        stage=STAGE,
        at=article.fetched_at,
        ledger=ledger_of(article),
    )


def ledger_of(article: Article) -> Ledger:
    """Return the ledger's first hops: published, as the publisher says of this revision, first seen, fetched."""
    return Ledger().stamped(published=article.claimed_at, first_seen=article.first_seen_at, fetched=article.fetched_at)


def state_record(state: FeedState, *, number: int, at: datetime) -> Outgoing:
    """Return the state's record; its `ce_id` ends with the sequence number, so that it is known undecoded."""
    return outgoing(
        FEED_STATES,
        state,
        key=state.feed_id,
        partition=number,
        ce_id=f"{state.feed_id}@{state.seq}",
        stage=STAGE,
        at=at,
    )


def sequence_of(record: Incoming) -> int:
    """Return the sequence number of a state record, from its header; -1 where it has none."""
    number = (record.header("ce_id") or b"").rpartition(b"@")[2]
    return int(number) if number.isdigit() else -1


def letter(feed: Feed, body: bytes, err: Exception, *, number: int, names: Names, at: datetime) -> Outgoing:
    """Return the dead letter for a document that could not be processed, with its first 64 kB."""
    record = Incoming(
        topic=names.of(FEEDS),
        partition=number,
        offset=NO_OFFSET,
        key=feed.feed_id,
        value=body,
        headers=(("ce_subject", feed.feed_id.encode()),),
        appended_at=at,
    )
    return letter_of(err, record, stage=STAGE)
