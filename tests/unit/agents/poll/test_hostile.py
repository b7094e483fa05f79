"""What strangers can serve: each of these costs its own feed only."""

import asyncio
import json

import pytest
from aiohttp import web

from tests.fakes import Answer, FeedItem, endless, gzip_bomb, redirect, rss, slow_loris
from tests.support.poll_bench import bench, feed_of, incoming, item

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def document(inner: str, head: str = "") -> Answer:
    return Answer(f'<?xml version="1.0"?>{head}<rss version="2.0"><channel><title>x</title>{inner}</channel></rss>')


async def bad_chunks(request: web.Request) -> web.StreamResponse:
    transport = request.transport
    assert transport is not None
    transport.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n<rss>\r\n")  # type: ignore[attr-defined]
    transport.close()
    return web.Response()


REFUSED = [
    pytest.param(gzip_bomb(), "too_large", id="gzip bomb: 1 MB to 1 GiB"),
    pytest.param(endless(), "too_large", id="a body without an end"),
    pytest.param(redirect("/hostile"), "http_error", id="redirect loop"),
    pytest.param(Answer(send=bad_chunks), "http_error", id="bad chunks"),
    pytest.param(document("<a>" * 200_000), "not_a_feed", id="depth bomb, 600 kB"),
    pytest.param(document("&l9;", f'<!DOCTYPE rss [<!ENTITY l0 "ha">{LAUGHS}]>'), "not_a_feed", id="billion laughs"),
    pytest.param(
        document("&x;", '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), "not_a_feed", id="external entity"
    ),
    pytest.param(Answer("/dev/zero"), "not_a_feed", id="the name of a device"),
    pytest.param(document("<item/>" * 100_000), "not_a_feed", id="100,000 items"),
    pytest.param(Answer('{"a":' * 500_000), "not_a_feed", id="deep JSON"),
    pytest.param(Answer(bytes(2**20)), "not_a_feed", id="NULs"),
    pytest.param(Answer("<!--" * 250_000), "not_a_feed", id="comments without an end"),
    pytest.param(document("<item '" * 400_000), "not_a_feed", id="quotes without an end"),
]
READ = [
    pytest.param(Answer(rss([FeedItem("g", "x" * 10**6)])), id="a title of 1 MB"),
    pytest.param(Answer(rss([FeedItem("g", "a&#x202E;b", "c\u202ed")])), id="bidirectional overrides"),
    pytest.param(
        document("<item><title>x</title><pubDate>Fri, 01 Jan 2099 00:00:00 GMT</pubDate></item>"), id="in 2099"
    ),
    pytest.param(document("<item><title>x&#0;y</title></item>"), id="a NUL by reference"),
    pytest.param(
        Answer(json.dumps({"version": "https://jsonfeed.org/version/1", "items": [{"id": "1", "title": "\ud800\0"}]})),
        id="JSON with a lone surrogate",
    ),
]


@pytest.mark.parametrize(("answer", "outcome"), REFUSED)
async def test_a_hostile_answer_is_an_outcome_and_other_feeds_go_on(answer: Answer, outcome: str) -> None:
    async with bench() as it:
        hostile = feed_of(it.origin.script("/hostile", answer), "hostile")
        good = feed_of(it.origin.script("/good", Answer(rss([item(1)]), etag='"1"')), "good")
        await it.start(incoming(hostile), incoming(good))
        async with asyncio.timeout(30):
            while not any(state.feed_id == "hostile" for state in it.log.states()):  # noqa: ASYNC110 - from outside
                await asyncio.sleep(0.02)
        state = next(state for state in it.log.states() if state.feed_id == "hostile")
        assert (state.last_outcome, state.failures) == (outcome, 1)
        await it.origin.wait_for("/good", len(it.origin.requests("/good")) + 2)
        assert {article.feed_id for article in it.log.articles()} == {"good"}


@pytest.mark.parametrize("answer", READ)
async def test_an_odd_document_is_read_and_its_article_fits_on_the_wire(answer: Answer) -> None:
    async with bench() as it:
        await it.start(incoming(feed_of(it.origin.script("/odd", answer))))
        await it.log.until(articles=1, states=1)
        (article,) = it.log.articles()
        assert all(record.fits for record in it.log.records)
        assert not {"\0", "\u202e"} & set(article.title + article.lead)
        assert article.published_at is None or article.published_at <= article.fetched_at


async def test_a_dripping_origin_holds_up_its_own_feed_only() -> None:
    async with bench() as it:
        slow = feed_of(it.origin.script("/slow", slow_loris(0.01)), "slow")
        good = feed_of(it.origin.script("/good", Answer(rss([item(1)]))), "good")
        await it.start(incoming(slow), incoming(good))
        await it.origin.wait_for("/good", 5)
        assert len(it.origin.requests("/slow")) == 1
