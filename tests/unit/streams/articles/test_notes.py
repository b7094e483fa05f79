from datetime import timedelta

import pytest

from streams.articles.article import ArticleKind
from streams.articles.notes import feed_note, heartbeat
from streams.feeds.feed import Feed, FeedState
from streams.feeds.health import Condition
from streams.ids import FeedId
from tests.fakes import START

FEED = Feed(feed_id=FeedId("ustr"), url="http://u.test/", fetch_url="http://u.test/", publisher="USTR")
STATE = FeedState(feed_id=FEED.feed_id, next_poll_at=START, gap_s=15, failures=7, last_outcome="timeout")


def test_a_heartbeat_has_one_id_a_minute_and_number() -> None:
    beat = heartbeat(3, now=START)
    assert beat.article_id == heartbeat(3, now=START + timedelta(seconds=59)).article_id
    assert beat.article_id != heartbeat(3, now=START + timedelta(seconds=60)).article_id
    assert beat.article_id != heartbeat(4, now=START).article_id
    assert (beat.kind, beat.permission, beat.guid, beat.title) == (ArticleKind.HEARTBEAT, "tocsin", "3", "heartbeat 3")


@pytest.mark.parametrize("condition", Condition)
def test_a_note_on_a_feed_has_one_id_a_day_whatever_its_figures_are(condition: Condition) -> None:
    note = feed_note(FEED, STATE, condition, now=START)
    later = feed_note(FEED, STATE.model_copy(update={"failures": 8}), condition, now=START + timedelta(hours=14))
    assert (note.article_id, note.revision, note.title) == (later.article_id, later.revision, later.title)
    assert feed_note(FEED, STATE, condition, now=START + timedelta(hours=15)).article_id != note.article_id
    assert (note.kind, note.feed_id, note.permission) == (ArticleKind.HEALTH, "tocsin", "tocsin")
    assert note.title.startswith("Feed ustr (USTR) ")


def test_a_note_says_since_when_and_how_often() -> None:
    state = STATE.model_copy(update={"failing_since": START})
    note = feed_note(FEED, state, Condition.FAILING, now=START)
    assert note.lead == "Last outcome: timeout; failures in a row: 7, since 2026-03-02 09:30 UTC."
