from datetime import timedelta

import pytest

from streams.feeds.feed import Feed, FeedState, Gap
from streams.feeds.schedule import (
    Bounds,
    Wishes,
    backoff_s,
    bounds,
    first_rate,
    floor_s,
    gap_after_answer_s,
    is_gone,
    needs_full_get,
    next_poll,
    pull,
    rate_after,
    shared_gap_s,
)
from streams.ids import FeedId
from tests.fakes import START

WITHIN = Bounds(15, 900)


def feed(**given: object) -> Feed:
    return Feed(feed_id=FeedId("f"), url="http://f.test/", fetch_url="http://f.test/", publisher="F", **given)


def state(**given: object) -> FeedState:
    return FeedState(feed_id=FeedId("f"), next_poll_at=START, gap_s=60, **given)


@pytest.mark.parametrize(
    ("gap", "expected"),
    [
        pytest.param(Gap(), Bounds(15, 900), id="the settings"),
        pytest.param(Gap(min_s=1, max_s=1), Bounds(1, 1), id="both"),
        pytest.param(Gap(max_s=60), Bounds(15, 60), id="longest"),
        pytest.param(Gap(max_s=5), Bounds(5, 5), id="longest below the settings' shortest"),
        pytest.param(Gap(min_s=3_600), Bounds(3_600, 3_600), id="shortest above the settings' longest"),
    ],
)
def test_a_feed_bounds_its_own_gap(gap: Gap, expected: Bounds) -> None:
    assert bounds(feed(gap=gap), min_s=15, max_s=900) == expected


def test_the_budget_is_spent_and_a_busier_feed_gets_the_root_of_its_rate() -> None:
    wide = Bounds(0.001, 10**9)
    pulls = [pull(feed(tier=2), rate) for rate in (1, 4, 100)]
    gaps = [shared_gap_s(own, all_pulls=sum(pulls), budget_per_s=2, within=wide) for own in pulls]
    assert sum(1 / gap for gap in gaps) == pytest.approx(2)
    assert gaps[0] / gaps[1] == pytest.approx(2)
    assert gaps[0] / gaps[2] == pytest.approx(10)


def test_a_better_tier_draws_more_and_a_silent_feed_still_draws() -> None:
    assert pull(feed(tier=1), 1) > pull(feed(tier=2), 1) > pull(feed(tier=3), 1)
    assert pull(feed(), 0) > 0


@pytest.mark.parametrize(("budget", "gap"), [(1_000.0, 15.0), (0.0001, 900.0)])
def test_the_gap_stays_within_its_bounds(budget: float, gap: float) -> None:
    assert shared_gap_s(1, all_pulls=10, budget_per_s=budget, within=WITHIN) == gap


@pytest.mark.parametrize(
    ("wishes", "gap", "least_s"),
    [
        pytest.param(Wishes(), Gap(), 0, id="nothing asked"),
        pytest.param(Wishes(max_age_s=120), Gap(max_s=1), 120, id="max-age stands above the feed's own gap"),
        pytest.param(Wishes(max_age_s=10**6), Gap(), 3_600, id="max-age counts for an hour"),
        pytest.param(Wishes(retry_after_s=7_200), Gap(max_s=1), 7_200, id="Retry-After"),
        pytest.param(Wishes(retry_after_s=10**9), Gap(), 86_400, id="Retry-After counts for a day"),
        pytest.param(Wishes(ttl_s=1_800), Gap(), 1_800, id="ttl"),
        pytest.param(Wishes(ttl_s=10**6), Gap(), 3_600, id="ttl counts for an hour"),
        pytest.param(Wishes(ttl_s=1_800), Gap(max_s=60), 60, id="ttl below the feed's own longest gap"),
        pytest.param(Wishes(max_age_s=60, ttl_s=300, retry_after_s=30), Gap(), 300, id="the longest of all"),
    ],
)
def test_the_publisher_sets_a_floor(wishes: Wishes, gap: Gap, least_s: float) -> None:
    asked = feed(gap=gap)
    assert floor_s(asked, wishes, bounds(asked, min_s=15, max_s=900)) == least_s


@pytest.mark.parametrize(("age_s", "gap_s"), [(0, 15), (299, 15), (300, 120), (9_999, 120)])
def test_after_news_the_gap_is_the_shortest_for_five_minutes(age_s: int, gap_s: float) -> None:
    heard = state(last_item_at=START - timedelta(seconds=age_s))
    assert gap_after_answer_s(heard, 120, WITHIN, now=START) == gap_s


def test_without_news_the_gap_is_the_shared_one() -> None:
    assert gap_after_answer_s(state(), 120, WITHIN, now=START) == 120


@pytest.mark.parametrize(
    ("jitter", "least_s", "after_s"),
    [
        pytest.param(0.0, 0, 60, id="the gap"),
        pytest.param(1.0, 0, 66, id="later"),
        pytest.param(-1.0, 0, 54, id="earlier"),
        pytest.param(-1.0, 100, 102, id="never inside the floor, which counts from the answer"),
    ],
)
def test_the_next_poll_is_a_gap_after_the_start(jitter: float, least_s: float, after_s: float) -> None:
    answered = START + timedelta(seconds=2)
    due = next_poll(started=START, answered=answered, gap_s=60, least_s=least_s, jitter=jitter)
    assert (due - START).total_seconds() == after_s


def test_failures_double_the_pause_to_half_an_hour() -> None:
    pauses = [backoff_s(failures, WITHIN, jitter=0) for failures in range(1, 10)]
    assert pauses == [15, 30, 60, 120, 240, 480, 960, 1_800, 1_800]
    assert backoff_s(10_000, WITHIN, jitter=0) == 1_800
    assert backoff_s(3, WITHIN, jitter=1) == 75
    assert backoff_s(1, Bounds(3_600, 3_600), jitter=0) == 3_600


def test_the_rate_follows_what_comes() -> None:
    busy = state(rate_per_h=1.0, last_rate_at=START - timedelta(hours=1))
    assert rate_after(busy, 6, now=START) > 1.0 > rate_after(busy, 0, now=START) > 0
    assert rate_after(state(rate_per_h=3.0), 9, now=START) == 3.0


@pytest.mark.parametrize(
    ("ages_h", "rate"),
    [
        pytest.param([], 1.0, id="no dates"),
        pytest.param([0, 1, 2, 4], 1.0, id="4 in 4 h"),
        pytest.param([0, 0.1], 2, id="burst"),
    ],
)
def test_the_first_rate_is_what_the_document_shows(ages_h: list[float], rate: float) -> None:
    assert first_rate([START - timedelta(hours=age) for age in ages_h]) == rate


@pytest.mark.parametrize(
    ("failures", "hours", "gone"), [(3, 24, True), (2, 48, False), (50, 23, False), (50, None, False)]
)
def test_a_feed_is_gone_after_three_polls_over_a_day(failures: int, hours: float | None, gone: bool) -> None:
    since = None if hours is None else START - timedelta(hours=hours)
    assert is_gone(state(failures=failures, failing_since=since), now=START) is gone


@pytest.mark.parametrize(("hours", "full"), [(None, True), (23, False), (24, True)])
def test_one_request_a_day_goes_without_validators(hours: float | None, full: bool) -> None:
    last = None if hours is None else START - timedelta(hours=hours)
    assert needs_full_get(state(last_full_get_at=last), now=START) is full


def test_a_clock_that_is_set_back_during_a_request_puts_nothing_off() -> None:
    ahead = START + timedelta(hours=8)
    due = next_poll(started=ahead, answered=START, gap_s=60, least_s=0, jitter=0.0)
    assert due == START + timedelta(seconds=60)
