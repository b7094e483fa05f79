import asyncio
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from agents.broker.server import Broker
from streams.articles.article import Article, ArticleKind
from streams.feeds.feed import Feed, FeedStatus, Gap
from streams.ids import FeedId
from streams.latency import Hop
from streams.topics import ARTICLES, FEED_STATES, FEEDS
from tests.fakes import Answer, FeedItem, FeedOrigin, rss
from tests.support.poll_process import Topics, polling
from tests.support.processes import Child, children

pytestmark = pytest.mark.kafka


@pytest.fixture
async def origin() -> AsyncIterator[FeedOrigin]:
    async with FeedOrigin() as served:
        yield served


@pytest.fixture
async def topics(broker: Broker, topic_prefix: str, origin: FeedOrigin) -> Topics:
    return await Topics.laid(broker.bootstrap, topic_prefix, origin.address)


def items(*numbers: int) -> list[FeedItem]:
    return [FeedItem(f"item-{each}", f"Title {each}", "Tariffs.", published=datetime.now(UTC)) for each in numbers]


def feed_of(url: str, name: str = "wire", *, host: str = "127.0.0.1", **given: object) -> Feed:
    return Feed(
        feed_id=FeedId(name), url=f"http://{host}/{name}", fetch_url=url, publisher="Wire",
        gap=Gap(min_s=0.2, max_s=0.2), **given,
    )  # fmt: skip


def keys(articles: list[Article]) -> set[tuple[str, str]]:
    return {(article.article_id, article.revision) for article in articles}


async def child(topics: Topics, origin: FeedOrigin, *more: str) -> Child:
    settings = topics.settings
    assert settings.bootstrap is not None
    given = ("--bootstrap", settings.bootstrap, "--prefix", settings.topic_prefix, "--allow", origin.address)
    return await Child.start("tests.support.poll_process", *given, *more)


async def test_what_a_feed_publishes_stands_on_articles_with_its_ledger(topics: Topics, origin: FeedOrigin) -> None:
    answers = [Answer(rss(items(1))), Answer(rss(items(2, 1)), etag='"2"')]
    feed = feed_of(origin.script("/feed", *answers))
    await topics.publish(feed)
    async with polling(topics.settings):
        await topics.until(articles=2, states=2)
    records = [each for each in await topics.records(ARTICLES) if each.header("ce_source") == b"/tocsin/poll/articles"]
    new = [each for each in records if Article.from_json(each.value).feed_id == feed.feed_id]
    assert sorted(Article.from_json(each.value).title for each in new) == ["Title 1", "Title 2"]
    for record in new:
        article = Article.from_json(record.value, schema=record.schema)
        assert record.partition == ARTICLES.partition(article.article_id)
        assert record.ledger.at(Hop.FETCHED) == article.fetched_at >= article.first_seen_at
        assert record.ledger.at(Hop.PRODUCED) is None, "the broker's append time is told by the next stage"
    states = [each for each in await topics.records(FEED_STATES) if each.key == feed.feed_id]
    assert {each.partition for each in states} == {FEEDS.partition(feed.host)}


async def test_every_number_has_its_heartbeat_in_the_articles_partition_of_the_same_number(topics: Topics) -> None:
    async with polling(topics.settings), asyncio.timeout(30):
        while len({record.partition for record in await topics.records(ARTICLES)}) < ARTICLES.partitions:  # noqa: ASYNC110 - a broker tells
            await asyncio.sleep(0.2)
    for record in await topics.records(ARTICLES):
        beat = Article.from_json(record.value)
        assert (beat.kind, beat.guid) == (ArticleKind.HEARTBEAT, str(record.partition))


async def test_feeds_are_taken_up_changed_and_dropped_while_the_poller_runs(topics: Topics, origin: FeedOrigin) -> None:
    one = feed_of(origin.script("/one", Answer(rss(items(1)))), "one", host="a.test")
    two = feed_of(origin.script("/two", Answer(rss(items(2)))), "two", host="b.test")
    async with polling(topics.settings):
        await topics.publish(one)
        await topics.until(articles=1)
        await topics.publish(two)
        await topics.until(articles=2)
        await topics.publish(one.model_copy(update={"status": FeedStatus.DISABLED}))
        await topics.delete(two)
        await asyncio.sleep(1.0)
        asked = len(origin.asked)
        await asyncio.sleep(0.8)
        assert len(origin.asked) == asked


async def test_a_restart_goes_on_where_the_state_says(topics: Topics, origin: FeedOrigin) -> None:
    await topics.publish(feed_of(origin.script("/feed", Answer(rss(items(1)), etag='"1"'))))
    async with polling(topics.settings):
        await topics.until(articles=1, states=1)
    asked = len(origin.asked)
    async with polling(topics.settings):
        await origin.wait_for("/feed", asked + 2)
    assert origin.asked[asked].headers["If-None-Match"] == '"1"'
    assert len(await topics.articles()) == 1


@pytest.mark.parametrize("crash", ["before_articles", "before_states", "after_states"])
async def test_a_poller_that_is_killed_in_any_gap_loses_nothing_and_repeats_the_same_ids(
    topics: Topics, origin: FeedOrigin, crash: str
) -> None:
    body = rss(items(1, 2, 3))
    await topics.publish(feed_of(origin.script("/feed", Answer(body, etag='"1"'))))
    async with children() as started:
        started.append(await child(topics, origin, "--crash", crash))
        assert await started[0].ended() == -signal.SIGKILL
        before = await topics.articles()
        started.append(await child(topics, origin))
        after = await topics.until(articles=3, states=1)
        await origin.wait_for("/feed", 4)
        assert {article.title for article in after} == {"Title 1", "Title 2", "Title 3"}
        assert len(keys(await topics.articles())) == 3
        assert keys(before) <= keys(after)
        assert await started[1].stop() in {0, -signal.SIGTERM}


async def test_a_poller_that_remembers_first_would_lose_the_article_for_ever(
    topics: Topics, origin: FeedOrigin
) -> None:
    await topics.publish(feed_of(origin.script("/feed", Answer(rss(items(1)), etag='"1"'))))
    async with children() as started:
        started.append(await child(topics, origin, "--mutant", "state_first", "--crash", "before_articles"))
        assert await started[0].ended() == -signal.SIGKILL
        asked = len(origin.asked)
        started.append(await child(topics, origin))
        await origin.wait_for("/feed", asked + 3, timeout_s=30)
        assert await topics.articles() == []


async def test_a_stored_next_poll_is_not_anticipated_after_a_kill(topics: Topics, origin: FeedOrigin) -> None:
    later = Answer(rss(items(1)), etag='"1"', headers={"Cache-Control": "max-age=6"})
    await topics.publish(feed_of(origin.script("/feed", later)))
    async with children() as started:
        started.append(await child(topics, origin, "--crash", "after_states"))
        assert await started[0].ended() == -signal.SIGKILL
        due = (await topics.states())[-1].next_poll_at
        async with polling(topics.settings):
            asked = await origin.wait_for("/feed", 2, timeout_s=40)
        assert datetime.now(UTC) >= due - timedelta(seconds=0.1)
        assert asked[1].at_s - asked[0].at_s >= 5.9
