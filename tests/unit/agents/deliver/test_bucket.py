from hypothesis import given
from hypothesis import strategies as st

from agents.deliver.bucket import STRICT_S, Breaker, Bucket


def test_a_burst_goes_at_once_and_the_rest_at_the_rate() -> None:
    bucket = Bucket(2.0, 3)
    assert [bucket.take(10.0) for _ in range(4)] == [True, True, True, False]
    assert bucket.wait_s(10.0) == 0.5
    assert bucket.take(10.5)


def test_a_new_rate_goes_on_with_the_tokens_that_are_there() -> None:
    bucket = Bucket(1.0, 1)
    assert bucket.take(0.0)
    bucket.retune(10.0, 5)
    assert not bucket.take(0.0)
    assert bucket.take(0.1)


@given(st.lists(st.floats(0, 2), max_size=200))
def test_no_pattern_of_asking_gets_more_than_the_rate_and_the_burst(gaps: list[float]) -> None:
    bucket, now, taken = Bucket(5.0, 2), 0.0, 0
    for gap in gaps:
        now += gap
        taken += bucket.take(now)
    assert taken <= 2 + 5.0 * now + 1e-6


def test_five_failures_in_a_row_open_the_breaker_and_one_probe_follows() -> None:
    breaker = Breaker()
    for _ in range(5):
        assert breaker.wait_s(0.0) == 0.0
        breaker.try_one()
        breaker.failed(0.0)
    assert breaker.open
    assert breaker.wait_s(4.0) == 6.0
    assert breaker.wait_s(10.0) == 0.0
    breaker.try_one()
    assert breaker.wait_s(10.0) > 5.0


def test_a_probe_that_fails_doubles_the_pause_up_to_five_minutes() -> None:
    breaker, now, pauses = Breaker(failures=4), 0.0, []
    for _ in range(8):
        breaker.try_one()
        breaker.failed(now)
        pauses.append(breaker.wait_s(now))
        now += pauses[-1]
    assert pauses == [10, 20, 40, 80, 160, 300, 300, 300]


def test_a_probe_that_arrives_closes_the_breaker() -> None:
    breaker = Breaker(failures=4)
    breaker.failed(0.0)
    breaker.try_one()
    breaker.succeeded()
    assert not breaker.open
    assert breaker.failures == 0


def test_a_probe_that_says_nothing_about_health_may_be_tried_again() -> None:
    breaker = Breaker(failures=4)
    breaker.failed(0.0)
    breaker.try_one()
    breaker.undecided()
    assert breaker.wait_s(11.0) == 0.0


def test_failures_that_are_not_in_a_row_open_nothing() -> None:
    breaker = Breaker()
    for _ in range(20):
        breaker.failed(0.0)
        breaker.succeeded()
    assert not breaker.open


def test_after_an_answer_that_came_too_soon_there_is_no_burst_and_the_next_token_counts_from_the_answer() -> None:
    bucket = Bucket(1.0, 3)
    assert bucket.take(0.0)
    bucket.answered(0.1, too_soon=False)
    assert bucket.take(0.1)
    bucket.answered(0.2, too_soon=True)
    assert bucket.wait_s(0.2) == 1.0
    assert bucket.take(5.0)
    bucket.answered(5.4, too_soon=False)
    assert bucket.wait_s(5.4) == 1.0
    bucket.answered(0.2 + STRICT_S, too_soon=False)
    assert [bucket.take(5_000.0) for _ in range(4)] == [True, True, True, False]


def test_a_fast_receiver_keeps_its_pace_after_an_answer_that_asked_for_patience() -> None:
    bucket = Bucket(10.0, 1)
    assert bucket.take(0.0)
    bucket.answered(0.2, too_soon=True)
    assert bucket.take(0.2)
