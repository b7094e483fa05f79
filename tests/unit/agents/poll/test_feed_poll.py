import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from agents.poll.records import ledger_of
from streams.articles.article import Article, ArticleKind
from streams.feeds.feed import FeedHealth, FeedState
from streams.latency import Hop, read_ledger
from streams.topics import ARTICLES, DEAD_LETTERS
from tests.fakes import Answer, redirect, rss
from tests.support.poll_bench import NUMBER, bench, feed_of, incoming, item


async def test_new_items_become_articles_with_their_ledger_and_then_a_state() -> None:
    async with bench() as it:
        feed = feed_of(it.origin.script("/feed", Answer(rss([item(1), item(2)]), etag='"1"')))
        await it.start(incoming(feed))
        await it.log.until(articles=2, states=1)
        first = next(record for record in it.log.records if record.topic is ARTICLES and record.partition != NUMBER)
        article = Article.from_json(first.value)
        assert first.partition == ARTICLES.partition(article.article_id)
        ledger = read_ledger(dict(first.headers)["tocsin-ledger"])
        assert ledger.at(Hop.FIRST_SEEN) == article.first_seen_at <= article.fetched_at == ledger.at(Hop.FETCHED)
        assert ledger.at(Hop.PUBLISHED) == article.published_at
        topics = [record.topic.name for record in it.log.records if record.key in {feed.feed_id, article.article_id}]
        assert topics.index("articles") < topics.index("feed-states")
        assert it.log.states()[0].etag == '"1"'


async def test_a_feed_is_asked_again_with_its_validators_and_says_nothing_twice() -> None:
    async with bench() as it:
        await it.start(incoming(feed_of(it.origin.script("/feed", Answer(rss([item(1)]), etag='W/"x"')))))
        asked = await it.origin.wait_for("/feed", 4)
        assert [request.headers.get("If-None-Match") for request in asked[:4]] == [None, 'W/"x"', 'W/"x"', 'W/"x"']
        assert len(it.log.articles()) == 1
        assert len(it.log.states()) == 1, "states that only repeat a 304 are kept back"


async def test_an_item_that_appears_later_is_new_and_an_edited_one_is_updated() -> None:
    async with bench() as it:
        answers = [rss([item(1)]), rss([item(2), item(1, text="Tariffs rise to 30 percent.")])]
        await it.start(incoming(feed_of(it.origin.script("/feed", *map(Answer, answers)))))
        await it.log.until(articles=3)
        kinds = {(article.title, article.ordinal): article.kind for article in it.log.articles()}
        assert kinds == {
            ("Title 1", 1): ArticleKind.NEW,
            ("Title 1", 2): ArticleKind.UPDATED,
            ("Title 2", 1): ArticleKind.NEW,
        }


async def test_an_article_says_when_its_feed_was_last_looked_at_without_it() -> None:
    async with bench() as it:
        same = Answer(rss([item(1)]), etag='"1"')  # a 304 is a look too
        answers = [same, same, Answer(rss([item(1), item(2)]), etag='"2"')]
        feed = feed_of(it.origin.script("/feed", *answers))
        await it.start(incoming(feed))
        await it.log.until(articles=2, states=2)
        first, second = it.log.articles()
        assert first.absent_at is None, "it stood there before the first look"
        assert second.absent_at is not None
        assert first.fetched_at < second.absent_at < second.first_seen_at, "the look in between did not find it"
        await it.poller.end(NUMBER)
        it.origin.script("/feed", Answer(rss([item(3)])))
        await it.again(feed)
        await it.log.until(articles=3)
        third = it.log.articles()[2]
        assert third.absent_at == max(state.last_full_get_at for state in it.log.states()[:2] if state.last_full_get_at)


async def test_a_server_whose_clock_is_ahead_is_measured_and_its_date_is_kept_as_a_claim() -> None:
    async with bench() as it:
        ahead = datetime.now(UTC) + timedelta(minutes=5)
        headers = {"Date": f"{ahead:%a, %d %b %Y %H:%M:%S} GMT"}
        answers = [Answer(rss([])), Answer(rss([item(1, age_s=-300)]), headers=headers)]
        await it.start(incoming(feed_of(it.origin.script("/feed", *answers))))
        await it.log.until(articles=1, states=2)
        article = it.log.articles()[0]
        spent_ms = ledger_of(article).spent_ms("source")
        assert spent_ms is not None
        assert -310_000 < spent_ms < -290_000
        skew_s = it.registry.get_sample_value("tocsin_clock_skew_seconds", {"feed": "wire"})
        assert skew_s is not None
        assert 290 < skew_s < 310
        assert it.registry.get_sample_value("tocsin_stage_latency_seconds_count", {"stage": "source"}) == 0


async def test_a_crash_between_articles_and_state_repeats_the_same_ids() -> None:
    async with bench() as it:
        feed = feed_of(it.origin.script("/feed", Answer(rss([item(1), item(2)]), etag='"1"')))
        it.log.stops_before_states = True
        await it.start(incoming(feed))
        await asyncio.wait_for(it.log.stopped.wait(), 10)
        before = {(article.article_id, article.revision) for article in it.log.articles()}
        crashed = it.poller
        it.log.stops_before_states = False
        await it.again(feed)
        await it.log.until(articles=4, states=1)
        assert {(article.article_id, article.revision) for article in it.log.articles()} == before
        assert len(it.log.articles()) == 4
        it.owned.lost = True
        await crashed.end(NUMBER)


async def test_retry_after_keeps_every_feed_of_the_host_away() -> None:
    async with bench() as it:
        busy = Answer(status=503, headers={"Retry-After": "1"})
        feeds = [
            feed_of(it.origin.script("/a", busy, Answer(rss([item(1)]))), "a"),
            feed_of(it.origin.script("/b", Answer(rss([item(2)]))), "b"),
        ]
        await it.start(*map(incoming, feeds))
        first = (await it.origin.wait_for("/a", 1))[0].at_s
        again = (await it.origin.wait_for("/a", 2))[1].at_s
        assert again - first >= 0.95
        between = [asked.at_s - first for asked in it.origin.requests("/b") if 0.2 < asked.at_s - first < 0.9]
        assert between == []
        assert it.log.states()[0].last_outcome == "throttled"


async def test_max_age_stands_above_the_gap_and_is_remembered_at_once() -> None:
    async with bench() as it:
        answer = Answer(rss([item(1)]), etag='"1"', headers={"Cache-Control": "max-age=600"})
        await it.start(incoming(feed_of(it.origin.script("/feed", answer))))
        await it.log.until(states=1)
        await asyncio.sleep(0.2)
        assert len(it.origin.asked) == 1
        assert it.log.states()[0].next_poll_at > datetime.now(UTC) + timedelta(seconds=590)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        pytest.param(Answer(status=500), "http_error", id="500"),
        pytest.param(Answer(status=404), "http_error", id="404"),
        pytest.param(Answer(status=401), "denied", id="401"),
        pytest.param(Answer(status=410), "gone", id="410"),
        pytest.param(Answer(status=429), "throttled", id="429"),
        pytest.param(Answer(status=304), "http_error", id="304 to a first request"),
        pytest.param(Answer("<!doctype html><html></html>"), "not_a_feed", id="a web page"),
        pytest.param(Answer(""), "not_a_feed", id="empty"),
        pytest.param(redirect("/feed"), "http_error", id="redirect loop"),
        pytest.param(redirect("file:///etc/passwd"), "refused_address", id="redirect to a file"),
        pytest.param(Answer(bytes(11 * 2**20)), "too_large", id="too large"),
        pytest.param(Answer("<rss", headers={"Content-Encoding": "gzip"}), "http_error", id="not gzip"),
    ],
)
async def test_a_failing_feed_is_remembered_with_its_outcome_and_leaves_another_alone(
    answer: Answer, outcome: str
) -> None:
    async with bench() as it:
        bad = feed_of(it.origin.script("/feed", answer), "bad")
        good = feed_of(it.origin.script("/good", Answer(rss([item(1)]))), "good")
        await it.start(incoming(bad), incoming(good))
        await it.log.until(articles=1, states=2)
        state = next(state for state in it.log.states() if state.feed_id == "bad")
        assert (state.last_outcome, state.failures, state.health) == (outcome, 1, FeedHealth.FAILING)
        assert state.next_poll_at > datetime.now(UTC) + timedelta(seconds=5)


async def test_a_feed_that_answers_again_is_on_time_again() -> None:
    async with bench() as it:
        feed = feed_of(it.origin.script("/feed", Answer(rss([item(1)]))))
        failing = FeedState(
            feed_id=feed.feed_id, next_poll_at=datetime.now(UTC), gap_s=1, failures=4, seq=7, health=FeedHealth.FAILING,
            failing_since=datetime.now(UTC),
        )  # fmt: skip
        await it.start(incoming(feed), incoming(failing))
        await it.log.until(states=1)
        state = it.log.states()[0]
        assert (state.failures, state.failing_since, state.health, state.seq) == (0, None, FeedHealth.ON_TIME, 8)


async def test_a_malformed_document_is_read_in_its_own_process() -> None:
    async with bench() as it:
        body = rss([item(1)]).replace(b"</channel>", b"</chan")
        await it.start(incoming(feed_of(it.origin.script("/feed", Answer(body)))))
        await it.log.until(articles=1)
        assert it.log.articles()[0].title == "Title 1"


async def test_a_large_document_is_read_whole() -> None:
    async with bench() as it:
        body = rss([item(number, text="x" * 2_000) for number in range(700)])
        await it.start(incoming(feed_of(it.origin.script("/feed", Answer(body)))))
        await it.log.until(articles=700)
        assert len(it.log.articles()) == 700


async def test_a_document_that_trips_a_bug_becomes_a_dead_letter_with_its_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_given: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("agents.poll.document.take_in", broken)
    async with bench() as it:
        await it.start(incoming(feed_of(it.origin.script("/feed", Answer(rss([item(1)]))))))
        await it.log.until(states=1)
        letters = [record for record in it.log.records if record.topic is DEAD_LETTERS]
        assert len(letters) == 1
        assert b"decision_failed" in (letters[0].value or b"")
        assert it.log.states()[0].failures == 1


async def test_a_host_that_cannot_be_reached_is_left_alone_after_five_failures() -> None:
    async with bench() as it:
        feeds = [feed_of(f"http://127.0.0.1:{it.origin.port}/{n}", f"f{n}", gap_s=0.05) for n in range(6)]
        gone = [feed.model_copy(update={"fetch_url": "http://127.0.0.1:1/"}) for feed in feeds]
        it.allow.append("127.0.0.1:1")
        it.poller = it.new()
        await it.start(*map(incoming, gone))
        await it.log.until(states=6)
        assert {state.last_outcome for state in it.log.states()} == {"connect_error"}
        await it.poller.take([incoming(feed.model_copy(update={"tier": 1})) for feed in feeds])
        await asyncio.sleep(0.2)
        assert it.origin.asked == [], "the same registered host: its breaker is open"
