from datetime import timedelta

import pytest

from streams.feeds.feed import FeedHealth, FeedState
from streams.feeds.health import Condition, condition_of, is_silent
from streams.ids import FeedId
from tests.fakes import START


def state(**given: object) -> FeedState:
    return FeedState(feed_id=FeedId("f"), next_poll_at=START, gap_s=15, **given)


@pytest.mark.parametrize(
    ("given", "condition"),
    [
        pytest.param({}, None, id="well"),
        pytest.param({"health": FeedHealth.PARKED}, Condition.PARKED, id="parked"),
        pytest.param({"failures": 1, "last_outcome": "denied"}, Condition.DENIED, id="denied"),
        pytest.param({"failures": 5, "failing_since": START - timedelta(minutes=15)}, Condition.FAILING, id="failing"),
        pytest.param({"failures": 4, "failing_since": START - timedelta(minutes=15)}, None, id="four failures"),
        pytest.param({"failures": 5, "failing_since": START - timedelta(minutes=14)}, None, id="for 14 minutes"),
        pytest.param({"health": FeedHealth.SILENT}, Condition.SILENT, id="silent"),
    ],
)
def test_a_person_is_told_what_lasts(given: dict[str, object], condition: Condition | None) -> None:
    assert condition_of(state(**given), now=START) is condition


@pytest.mark.parametrize(
    ("hours", "rate", "silent"),
    [
        pytest.param(60, 0.005, True, id="a busy feed, 60 hours"),
        pytest.param(59, 0.005, False, id="59 hours"),
        pytest.param(60, 0.004, False, id="a slow feed"),
        pytest.param(None, 5.0, False, id="never brought anything"),
    ],
)
def test_a_feed_is_silent_against_its_own_cadence(hours: float | None, rate: float, silent: bool) -> None:
    last = None if hours is None else START - timedelta(hours=hours)
    assert is_silent(state(last_item_at=last, rate_per_h=rate), now=START) is silent
