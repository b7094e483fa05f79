from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from agents.net.fetch import Fetched, Fetcher, FetchRequest
from agents.poll.sample_texts import ARTICLES, NOTE, figures
from agents.poll.sample_wire import PAPERS, SampleWire, feeds
from config.rules import load_rules
from streams.articles.article import Article, ArticleKind
from streams.articles.intake import Intake, Origin, take_in
from streams.articles.reading import read_document
from streams.feeds.feed import Feed, SeenItem
from streams.matching.matcher import Matcher
from tests.fakes import START, FixedClock
from tests.support.matching import change


@asynccontextmanager
async def serving(clock: FixedClock) -> AsyncIterator[tuple[SampleWire, Fetcher]]:
    wire = SampleWire(clock=clock)
    address = await wire.start()
    async with Fetcher(allow=[address], clock=clock) as fetcher:
        yield wire, fetcher
    await wire.stop()
    await wire.stop()


async def fetch(fetcher: Fetcher, feed: Feed, etag: str | None = None) -> Fetched:
    answer = await fetcher.get(FetchRequest(url=feed.fetch_url, etag=etag))
    assert isinstance(answer, Fetched), answer
    return answer


def taken_in(feed: Feed, answer: Fetched, known: dict[str, SeenItem] | None = None) -> Intake:
    reading = read_document(answer.body, known=(), content_type=answer.content_type, url=answer.url)
    assert reading.problems == ()
    origin = Origin(
        feed=feed, first_poll=not known, first_seen_at=answer.started_at, fetched_at=answer.answered_at,
        language=reading.language,
    )  # fmt: skip
    return take_in(reading.items, known or {}, origin)


async def articles(clock: FixedClock) -> list[Article]:
    async with serving(clock) as (wire, fetcher):
        await fetch(fetcher, wire.feeds()[0])
        clock.advance(60)
        answers = [(feed, await fetch(fetcher, feed)) for feed in wire.feeds()]
        return [article for feed, answer in answers for article in taken_in(feed, answer).articles]


async def test_the_first_article_is_out_at_once_and_new_at_a_first_poll() -> None:
    async with serving(FixedClock()) as (wire, fetcher):
        found = {}
        for feed in wire.feeds():
            intake = taken_in(feed, await fetch(fetcher, feed))
            found[feed.feed_id] = [(article.kind, article.published_at) for article in intake.articles]
        assert found["sample-harbour"] == [(ArticleKind.NEW, START)]
        assert (
            found["sample-lantern"]
            == found["sample-hangang"]
            == found["sample-minato"]
            == found["sample-speicher"]
            == []
        )


async def test_the_minute_begins_with_the_first_request() -> None:
    clock = FixedClock()
    async with serving(clock) as (wire, fetcher):
        clock.advance(90)
        intake = taken_in(wire.feeds()[0], await fetch(fetcher, wire.feeds()[0]))
        assert [(article.ordinal, article.published_at) for article in intake.articles] == [(1, clock())]


async def test_within_a_minute_every_paper_has_published_in_its_own_language_and_format() -> None:
    found = await articles(FixedClock())
    assert {article.language for article in found} == {"en", "zh-Hans", "ko", "ja", "de"}
    assert all(article.sample and article.permission == "sample" and "SAMPLE" in article.publisher for article in found)
    assert all(NOTE[article.language] in article.body for article in found)
    assert all(article.lead and article.url.startswith("http://sample.invalid/") for article in found)


async def test_a_correction_is_the_second_revision_of_its_article() -> None:
    clock = FixedClock()
    async with serving(clock) as (wire, fetcher):
        feed = wire.feeds()[0]
        first = taken_in(feed, await fetch(fetcher, feed))
        clock.advance(50)
        later = taken_in(feed, await fetch(fetcher, feed), dict(first.items))
        corrected = next(article for article in later.articles if article.kind is ArticleKind.UPDATED)
        assert (corrected.article_id, corrected.ordinal) == (first.articles[0].article_id, 2)
        assert corrected.title.startswith("CORRECTED-")
        assert corrected.previous_title == first.articles[0].title
        assert [article.title[:8] for article in later.articles if article.kind is ArticleKind.NEW] == ["UPDATE 1"]


async def test_a_later_start_has_other_guids_other_figures_and_another_address_for_the_same_feeds() -> None:
    clock = FixedClock()
    first = await articles(clock)
    clock.advance(61)
    second = await articles(clock)
    assert not {article.article_id for article in first} & {article.article_id for article in second}
    assert not {article.title for article in first} & {article.title for article in second}
    one, other = SampleWire(clock=FixedClock()), SampleWire(clock=clock)
    for before, after in zip(one.feeds(), other.feeds(), strict=True):
        assert (before.feed_id, before.url, before.host) == (after.feed_id, after.url, after.host)
        assert before.fetch_url != after.fetch_url


async def test_a_poll_without_news_is_a_304() -> None:
    clock = FixedClock()
    async with serving(clock) as (wire, fetcher):
        feed = wire.feeds()[0]
        etag = (await fetch(fetcher, feed)).headers["ETag"]
        assert (await fetch(fetcher, feed, etag)).status == 304
        clock.advance(15)
        assert (await fetch(fetcher, feed, etag)).status == 200


async def test_a_path_that_is_no_paper_is_a_404() -> None:
    async with serving(FixedClock()) as (wire, fetcher):
        stray = wire.feeds()[0].model_copy(update={"fetch_url": f"http://{wire.address}/now/else.rss"})
        assert (await fetch(fetcher, stray)).status == 404


@pytest.mark.parametrize("seconds", range(0, 4_000, 997))
def test_every_start_has_its_own_figures(seconds: int) -> None:
    now, later = (figures(START + timedelta(seconds=seconds + more)) for more in (0, 1))
    assert all(now[name] != later[name] for name in now)
    assert now["corrected"] != now["percent"]


def test_feeds_can_be_named_for_an_address_without_a_server() -> None:
    named = feeds("127.0.0.1:8099")
    assert named[0].fetch_url == "http://127.0.0.1:8099/now/harbour.rss"
    assert {paper.name for paper in PAPERS} == {article.feed for article in ARTICLES}


async def test_the_first_articles_raise_every_shipped_rule_and_each_language_raises_some() -> None:
    shipped = load_rules(Path("no-folder-of-this-name"))
    matcher = Matcher.empty().apply(list(enumerate(change(each.kind, each.id, each.body) for each in shipped)))
    raised: dict[str, set[str]] = {}
    at_once: set[str] = set()
    for article in await articles(FixedClock()):
        rules = {str(hit.rule_id) for hit in matcher.match(article).rules}
        raised.setdefault(article.language, set()).update(rules)
        at_once |= rules if article.published_at == START else set()
    news = {entry.id for entry in shipped if entry.kind == "rule"} - {"tocsin-health"}
    assert at_once == news
    assert {language: len(rules) >= 2 for language, rules in raised.items()} == dict.fromkeys(raised, True)
