from dataclasses import replace
from datetime import timedelta

import pytest

from streams.feeds.after_poll import (
    Answer,
    Outcome,
    Timing,
    after_answer,
    after_failure,
    fresh_state,
    resumed,
    revived,
    target,
)
from streams.feeds.feed import Feed, FeedHealth, FeedState, Redirect, SeenItem
from streams.feeds.schedule import Bounds, Wishes
from streams.ids import ArticleId, FeedId
from tests.fakes import START

URL, MOVED = "http://f.test/", "http://new.test/"
FEED = Feed(feed_id=FeedId("f"), url=URL, fetch_url=URL, publisher="F")
TIMING = Timing(started=START, answered=START + timedelta(seconds=1), gap_s=100, within=Bounds(15, 900))
ANSWER = Answer(outcome=Outcome.SAME_BODY, asked=URL)
SEEN = SeenItem(
    article_id=ArticleId("a"), ordinal=1, content_hash="c", item_hash="i", last_in_document_at=START,
)  # fmt: skip


def known(**given: object) -> FeedState:
    return fresh_state(FEED, next_poll_at=START, gap_s=15).model_copy(
        update={"last_full_get_at": START, "validators_url": URL, "seq": 4, **given}
    )


def settled(state: FeedState, answer: Answer, wishes: Wishes | None = None, timing: Timing = TIMING) -> FeedState:
    return after_answer(FEED, state, answer, wishes or Wishes(), timing)


def failed(state: FeedState, outcome: Outcome, wishes: Wishes | None = None, timing: Timing = TIMING) -> FeedState:
    return after_failure(FEED, state, outcome, asked=URL, wishes=wishes or Wishes(), timing=timing)


def test_a_first_document_sets_validators_items_rate_and_the_day_of_the_full_get() -> None:
    dates = tuple(START - timedelta(hours=hours) for hours in (0, 1, 2))
    answer = replace(
        ANSWER, outcome=Outcome.NEW_ITEMS, etag='"1"', last_modified="then", body_hash="b", items={"k": SEEN},
        new_items=3, dates=dates,
    )  # fmt: skip
    state = settled(fresh_state(FEED, next_poll_at=START, gap_s=15), answer, Wishes(ttl_s=600))
    assert (state.etag, state.last_modified, state.body_hash, dict(state.items)) == ('"1"', "then", "b", {"k": SEEN})
    assert (state.rate_per_h, state.last_full_get_at, state.seq, state.ttl_s) == (1.5, START, 1, 600)
    assert state.last_item_at is None, "a first document is no news"
    assert (state.next_poll_at - TIMING.answered).total_seconds() == 600


def test_a_304_keeps_validators_and_items_and_the_day_of_the_full_get() -> None:
    before = known(etag='"1"', last_modified="then", body_hash="b", items={"k": SEEN})
    state = settled(before, replace(ANSWER, outcome=Outcome.NOT_MODIFIED, conditional=True))
    assert (state.etag, state.last_modified, state.body_hash, dict(state.items)) == ('"1"', "then", "b", {"k": SEEN})
    assert (state.last_full_get_at, state.seq, state.last_outcome) == (START, 5, "not_modified")
    assert (state.next_poll_at - START).total_seconds() == 100


def test_a_full_answer_without_validators_drops_the_old_ones() -> None:
    state = settled(known(etag='"1"', last_modified="then"), ANSWER)
    assert (state.etag, state.last_modified) == (None, None)


def test_news_brings_the_shortest_gap() -> None:
    state = settled(known(), replace(ANSWER, new_items=1))
    assert (state.last_item_at, state.gap_s) == (TIMING.answered, 15)


def test_failures_pile_up_and_an_answer_ends_them() -> None:
    first = failed(known(), Outcome.TIMEOUT)
    second = failed(first, Outcome.HTTP_ERROR)
    assert (first.failures, second.failures, second.failing_since) == (1, 2, TIMING.answered)
    assert (second.gap_s, second.health, second.last_outcome) == (30, FeedHealth.FAILING, "http_error")
    well = settled(second, ANSWER)
    assert (well.failures, well.failing_since, well.health) == (0, None, FeedHealth.ON_TIME)


@pytest.mark.parametrize(
    ("outcome", "wishes", "pause_s"),
    [
        pytest.param(Outcome.THROTTLED, Wishes(retry_after_s=40), 40, id="the server says when"),
        pytest.param(Outcome.THROTTLED, Wishes(retry_after_s=1), 15, id="never below the shortest gap"),
        pytest.param(Outcome.THROTTLED, Wishes(), 120, id="the server does not say"),
        pytest.param(Outcome.HTTP_ERROR, Wishes(retry_after_s=400), 400, id="another error that says when"),
        pytest.param(Outcome.DENIED, Wishes(), 21_600, id="denied: every six hours"),
    ],
)
def test_the_pause_after_a_failure(outcome: Outcome, wishes: Wishes, pause_s: float) -> None:
    state = failed(known(failures=3), outcome, wishes)
    assert (state.next_poll_at - TIMING.answered).total_seconds() == pause_s


def test_a_feed_without_news_for_60_hours_is_silent_until_it_brings_some() -> None:
    quiet = known(last_item_at=START - timedelta(hours=61), rate_per_h=1.0)
    assert settled(quiet, ANSWER).health is FeedHealth.SILENT
    assert settled(quiet, replace(ANSWER, new_items=1)).health is FeedHealth.ON_TIME


def test_a_feed_that_is_gone_for_a_day_is_parked() -> None:
    gone = known(failures=2, failing_since=START - timedelta(days=1), last_outcome="gone")
    assert failed(gone, Outcome.GONE).health is FeedHealth.PARKED
    assert failed(gone, Outcome.HTTP_ERROR).health is FeedHealth.FAILING
    short = known(failures=2, failing_since=START, last_outcome="gone")
    assert failed(short, Outcome.GONE).health is FeedHealth.FAILING


def test_one_410_after_a_day_of_other_failures_ends_nothing() -> None:
    down = known(failures=50, failing_since=START - timedelta(days=2), last_outcome="timeout")
    first = failed(down, Outcome.GONE)
    assert (first.health, first.failures, first.failing_since) == (FeedHealth.FAILING, 1, TIMING.answered)
    assert failed(first, Outcome.GONE).failures == 2


def test_a_failure_at_another_address_drops_the_validators_of_the_first() -> None:
    state = failed(known(etag='"1"', body_hash="b", validators_url=MOVED), Outcome.TIMEOUT)
    assert (state.validators_url, state.etag, state.body_hash) == (URL, None, "")
    assert failed(known(etag='"1"'), Outcome.TIMEOUT).etag == '"1"'


def moved_polls(*minutes: float) -> FeedState:
    state = known()
    for minute in minutes:
        at = START + timedelta(minutes=minute)
        state = settled(state, replace(ANSWER, moved_to=MOVED), timing=replace(TIMING, started=at, answered=at))
    return state


@pytest.mark.parametrize(
    ("minutes", "asked"),
    [
        pytest.param([0], URL, id="once"),
        pytest.param([0, 1, 2, 3, 4], URL, id="often, within an hour"),
        pytest.param([0, 61], URL, id="twice"),
        pytest.param([0, 30, 61], MOVED, id="three times over an hour"),
    ],
)
def test_a_permanent_redirect_is_kept_after_three_polls_over_an_hour(minutes: list[float], asked: str) -> None:
    assert target(FEED, moved_polls(*minutes)) == asked


def test_a_redirect_that_stops_or_changes_is_forgotten() -> None:
    state = moved_polls(0, 30)
    assert settled(state, ANSWER).redirect is None
    other = settled(state, replace(ANSWER, moved_to="http://third.test/")).redirect
    assert other is not None
    assert (other.url, other.polls) == ("http://third.test/", 1)


def test_a_kept_redirect_stays_kept_and_gives_way_when_its_address_fails() -> None:
    kept = settled(moved_polls(0, 30, 61), replace(ANSWER, asked=MOVED))
    assert target(FEED, kept) == MOVED
    assert target(FEED, kept.model_copy(update={"failures": 3})) == URL


def test_a_redirect_of_another_address_does_not_count() -> None:
    kept = moved_polls(0, 30, 61)
    elsewhere = FEED.model_copy(update={"fetch_url": "http://chosen.test/"})
    assert target(elsewhere, kept) == "http://chosen.test/"
    assert after_answer(elsewhere, kept, ANSWER, Wishes(), TIMING).redirect is None


def test_a_feed_with_another_address_starts_afresh_at_once() -> None:
    now = START + timedelta(days=1)
    state = known(failures=9, failing_since=START, health=FeedHealth.FAILING, next_poll_at=now + timedelta(hours=1))
    moved = FEED.model_copy(update={"fetch_url": MOVED})
    assert resumed(moved, state, now=now) == revived(state, now=now)
    assert resumed(moved, state, now=now).next_poll_at == now


def test_a_feed_goes_on_at_its_stored_time() -> None:
    state = known(failures=9, next_poll_at=START + timedelta(hours=1))
    assert resumed(FEED, state, now=START) == state
    redirected = known(redirect=Redirect(source=URL, url=MOVED, polls=3, since=START), validators_url=MOVED)
    assert resumed(FEED, redirected, now=START) == redirected
    fresh = fresh_state(FEED, next_poll_at=START, gap_s=15)
    assert resumed(FEED, fresh, now=START) == fresh


def test_a_stored_time_from_a_clock_that_was_a_year_ahead_is_now() -> None:
    year = START + timedelta(days=365)
    state = resumed(FEED, known(next_poll_at=year, last_item_at=year, last_full_get_at=year), now=START)
    assert (state.next_poll_at, state.last_item_at, state.last_full_get_at) == (START, START, START)
    later = known(next_poll_at=START + timedelta(days=1))
    assert resumed(FEED, later, now=START) == later, "a server may wish for a day"
