import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from agents.kafka import Incoming, Outgoing
from agents.poll.partition import Partition
from agents.poll.surroundings import Load
from streams.articles.article import Article, ArticleKind
from streams.articles.notes import OWN_FEED
from streams.errors import RefusedError
from streams.feeds.feed import FeedHealth, FeedState, FeedStatus
from streams.topics import ARTICLES, DEAD_LETTERS, FEED_STATES, FEEDS
from tests.fakes import Answer, rss, slow_loris
from tests.support.poll_bench import NAMES, NUMBER, MemoryLog, bench, feed_of, incoming, item, tombstone


async def test_a_state_stands_in_the_partition_of_its_feed() -> None:
    async with bench() as it:
        await it.start(incoming(feed_of(it.origin.script("/feed", Answer(rss([item(1)]))))))
        await it.log.until(states=1)
        assert {record.partition for record in it.log.records if record.topic is FEED_STATES} == {NUMBER}


async def test_a_restarted_poller_waits_for_the_stored_time_and_sends_the_stored_validators() -> None:
    async with bench() as it:
        feed = feed_of(it.origin.script("/feed", Answer(rss([item(1)]), etag='"1"')), gap_s=0.6)
        await it.start(incoming(feed))
        await it.log.until(states=1)
        await it.end()
        await it.again(feed)
        asked = await it.origin.wait_for("/feed", 2)
        assert asked[1].headers["If-None-Match"] == '"1"'
        assert asked[1].at_s - asked[0].at_s >= 0.5
        assert len(it.log.articles()) == 1


async def test_what_was_kept_back_is_written_when_the_partition_goes() -> None:
    async with bench() as it:
        feed = feed_of(it.origin.script("/feed", Answer(rss([item(1)]), etag='"1"')))
        await it.start(incoming(feed))
        await it.origin.wait_for("/feed", 3)
        await asyncio.sleep(0.02)
        await it.end()
        assert it.log.states()[-1].seq > it.log.states()[0].seq
        assert it.log.states()[-1].last_outcome == "not_modified"


async def test_a_disabled_feed_is_never_asked() -> None:
    async with bench() as it:
        url = it.origin.script("/feed", Answer(rss([item(1)])))
        await it.start(incoming(feed_of(url, status=FeedStatus.DISABLED, reason="dead")))
        await asyncio.sleep(0.2)
        assert it.origin.asked == []


async def test_feeds_are_added_changed_disabled_and_deleted_while_running() -> None:
    async with bench() as it:
        await it.start()
        feed = feed_of(it.origin.script("/a", Answer(rss([item(1)]))))
        moved = feed.model_copy(update={"fetch_url": it.origin.script("/b", Answer(rss([item(1)])))})
        await it.poller.take([incoming(feed)])
        await it.origin.wait_for("/a", 1)
        await it.poller.take([incoming(moved)])
        await it.origin.wait_for("/b", 1)
        await it.poller.take([incoming(moved.model_copy(update={"status": FeedStatus.DISABLED}))])
        await asyncio.sleep(0.1)
        disabled = len(it.origin.asked)
        await asyncio.sleep(0.2)
        assert len(it.origin.asked) == disabled
        await it.poller.take([incoming(moved)])
        await it.origin.wait_for("/b", len(it.origin.requests("/b")) + 1)
        await it.poller.take([tombstone(feed)])
        await asyncio.sleep(0.1)
        deleted = len(it.origin.asked)
        await asyncio.sleep(0.2)
        assert len(it.origin.asked) == deleted
        assert len(it.log.articles()) == 1, "the same items at another address are known"


async def test_a_feed_that_was_deleted_before_the_start_is_not_polled() -> None:
    async with bench() as it:
        feed = feed_of(it.origin.script("/feed", Answer(rss([item(1)]))))
        await it.start(incoming(feed), tombstone(feed))
        await asyncio.sleep(0.1)
        assert it.origin.asked == []


async def test_of_two_states_the_one_with_the_higher_sequence_stands() -> None:
    async with bench() as it:
        feed = feed_of(it.origin.script("/feed", Answer(rss([item(1)]))))
        later = datetime.now(UTC) + timedelta(hours=1)
        new = FeedState(feed_id=feed.feed_id, next_poll_at=later, gap_s=1, seq=9)
        stale = FeedState(feed_id=feed.feed_id, next_poll_at=datetime.now(UTC), gap_s=1, seq=8)
        await it.start(incoming(feed), incoming(new), incoming(stale))
        await asyncio.sleep(0.2)
        assert it.origin.asked == []


async def test_records_that_are_no_feed_and_no_state_are_left_aside() -> None:
    async with bench() as it:
        feed = feed_of(it.origin.script("/feed", Answer(rss([item(1)]))))
        broken = [
            Incoming(
                topic=NAMES.of(topic), partition=NUMBER, offset=1, key=key, value=b"{}", headers=(),
                appended_at=datetime.now(UTC),
            )
            for topic, key in [(FEEDS, "broken"), (FEED_STATES, feed.feed_id)]
        ]  # fmt: skip
        await it.start(incoming(feed), *broken)
        await it.log.until(articles=1, states=1)
        assert len(it.log.articles()) == 1
        letters = [record.key for record in it.log.records if record.topic is DEAD_LETTERS]
        assert sorted(letters) == ["tocsin.feed-states/3/1", "tocsin.feeds/3/1"]
        counted = {"stage": "poll", "reason": "not_valid"}
        assert it.registry.get_sample_value("tocsin_dead_letters_total", counted) == 2


async def test_a_parked_feed_waits_until_its_record_changes() -> None:
    async with bench() as it:
        feed = feed_of(it.origin.script("/feed", Answer(rss([item(1)]))))
        parked = FeedState(
            feed_id=feed.feed_id, next_poll_at=datetime.now(UTC), gap_s=1, health=FeedHealth.PARKED, failures=3,
            validators_url=feed.fetch_url,
        )  # fmt: skip
        await it.start(incoming(feed), incoming(parked))
        await asyncio.sleep(0.2)
        assert it.origin.asked == []
        await it.poller.take([incoming(feed.model_copy(update={"tier": 1}))])
        await it.origin.wait_for("/feed", 1)


async def test_a_poller_that_lost_its_number_asks_nobody_and_writes_nothing() -> None:
    async with bench() as it:
        it.owned.lost = True
        await it.start(incoming(feed_of(it.origin.script("/feed", Answer(rss([item(1)]))))))
        await asyncio.sleep(0.2)
        assert (it.origin.asked, it.log.records) == ([], [])


async def test_a_number_that_is_lost_during_a_poll_gets_no_state() -> None:
    async with bench() as it:

        async def lose(_request: web.Request) -> web.Response:
            it.owned.lost = True
            return web.Response(status=500)

        await it.start(incoming(feed_of(it.origin.script("/feed", Answer(send=lose)))))
        await it.origin.wait_for("/feed", 1)
        await asyncio.sleep(0.1)
        assert it.log.states() == []


async def test_a_heartbeat_is_written_at_once_into_the_articles_partition_of_the_same_number() -> None:
    async with bench() as it:
        await it.start()
        async with asyncio.timeout(10):
            while not it.log.records:  # noqa: ASYNC110 - watched from outside
                await asyncio.sleep(0.01)
        (record,) = it.log.records
        beat = Article.from_json(record.value)
        assert (record.topic, record.partition) == (ARTICLES, NUMBER)
        assert (beat.kind, beat.feed_id, beat.permission, beat.guid) == (
            ArticleKind.HEARTBEAT, "tocsin", "tocsin", str(NUMBER),
        )  # fmt: skip


async def test_a_broker_that_refuses_for_good_ends_the_process() -> None:
    async with bench() as it:
        it.log.refuses = RefusedError
        await it.start(incoming(feed_of(it.origin.script("/feed", Answer(rss([item(1)]))))))
        with pytest.raises(RefusedError):
            await asyncio.wait_for(it.poller.run(), 10)
        it.log.refuses = None


async def test_the_end_does_not_wait_for_an_origin_that_drips() -> None:
    async with bench() as it:
        await it.start(incoming(feed_of(it.origin.script("/slow", slow_loris(0.05)))))
        await it.origin.wait_for("/slow", 1)
        async with asyncio.timeout(2):
            await it.end()
        assert it.log.states() == []


async def test_records_of_a_number_that_has_not_started_are_left_to_its_restore() -> None:
    async with bench() as it:
        feed = feed_of(it.origin.script("/feed", Answer(rss([item(1)]))))
        await it.poller.take([incoming(feed)])
        it.poller.begin(NUMBER)
        await it.poller.take([incoming(feed)])
        await asyncio.sleep(0.1)
        assert it.origin.asked == []


async def test_metrics_count_requests_and_articles() -> None:
    async with bench() as it:
        await it.start(incoming(feed_of(it.origin.script("/feed", Answer(rss([item(1), item(2)]))))))
        await it.log.until(states=1)
        count = it.registry.get_sample_value
        assert count("tocsin_articles_total", {"outcome": "new"}) == 2
        assert count("tocsin_feed_requests_total", {"feed": "wire", "outcome": "new_items"}) == 1
        assert (count("tocsin_feed_last_success_timestamp_seconds", {"feed": "wire"}) or 0) > 0


async def test_a_feed_that_refuses_us_is_itself_an_article_of_the_kind_health() -> None:
    async with bench() as it:
        await it.start(incoming(feed_of(it.origin.script("/feed", Answer(status=403)))))
        await it.log.until(states=1)
        (note,) = it.log.notes()
        assert (note.feed_id, note.permission) == ("tocsin", "tocsin")
        assert note.title.startswith("Feed wire (Wire) refuses us")


async def test_a_lasting_failure_is_told_once_a_day() -> None:
    async with bench() as it:
        feed = feed_of(it.origin.script("/feed", Answer(status=429, headers={"Retry-After": "0"})))
        failing = FeedState(
            feed_id=feed.feed_id, next_poll_at=datetime.now(UTC), gap_s=1, failures=9,
            failing_since=datetime.now(UTC) - timedelta(hours=1),
        )  # fmt: skip
        await it.start(incoming(feed), incoming(failing))
        await it.log.until(states=3)
        assert len(it.log.notes()) == 1


async def test_a_number_that_is_lost_while_the_answer_comes_gets_no_article() -> None:
    async with bench() as it:

        async def lose(_request: web.Request) -> web.Response:
            it.owned.lost = True
            return web.Response(body=rss([item(1)]), content_type="application/rss+xml")

        await it.start(incoming(feed_of(it.origin.script("/feed", Answer(send=lose)))))
        await it.origin.wait_for("/feed", 1)
        await asyncio.sleep(0.2)
        assert it.log.articles() == []


async def test_a_clock_that_is_set_back_by_hours_keeps_no_feed_waiting() -> None:
    async with bench() as it:
        ahead = [timedelta(hours=8)]
        it.poller = it.new(clock=lambda: datetime.now(UTC) + ahead[0])
        await it.start(incoming(feed_of(it.origin.script("/feed", Answer(rss([item(1)]))), gap_s=0.5)))
        await it.log.until(states=1)
        ahead[0] = timedelta(0)
        asked = await it.origin.wait_for("/feed", 3)
        assert asked[1].at_s - asked[0].at_s >= 0.4, "set back, it is no earlier either"


async def test_a_state_that_cannot_be_read_is_behind_the_one_that_follows_it() -> None:
    async with bench() as it:
        feed = feed_of(it.origin.script("/feed", Answer(rss([item(1)]), etag='"1"')))
        state = FeedState(feed_id=feed.feed_id, next_poll_at=datetime.now(UTC), gap_s=1.0, seq=500)
        broken = replace(incoming(state), value=b"{")
        await it.start(incoming(feed), broken)
        await it.log.until(states=1)
        await it.end()
        assert it.log.states()[0].seq > state.seq
        it.poller = it.new()
        await it.start(incoming(feed), broken, *map(incoming, it.log.states()))
        await it.origin.wait_for("/feed", 2)
        assert it.origin.requests("/feed")[-1].headers["If-None-Match"] == '"1"'


async def test_a_feed_that_went_while_it_published_draws_on_the_budget_no_more() -> None:
    async with bench() as it:
        feed = feed_of(it.origin.script("/feed", Answer(rss([item(1)]))))
        around = replace(it.poller._around, log=(held := HeldLog()))
        partition = Partition(NUMBER, around, lambda _: None)
        partition.restore(incoming(feed), is_state=False)
        await it.poller._fetcher.open()
        await partition.start()
        await asyncio.wait_for(held.holding.wait(), 10)
        ending = asyncio.create_task(partition.end())
        await asyncio.sleep(0.05)
        held.release.set()
        await ending
        assert len(held.states()) == 1
        assert around.load == Load(around.load.budget_per_s)


class HeldLog(MemoryLog):
    """Holds the first articles back until it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.holding, self.release = asyncio.Event(), asyncio.Event()

    async def deliver(self, outputs: Sequence[Outgoing]) -> None:
        if outputs[0].topic is ARTICLES and Article.from_json(outputs[0].value).feed_id != OWN_FEED:
            self.holding.set()
            await self.release.wait()
        await super().deliver(outputs)
