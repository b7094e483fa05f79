from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.alerts.alert import Relation
from streams.matching.rule import Urgency
from streams.routing.notification import Delivery
from streams.routing.route import StormLimit
from streams.routing.storm import Storms
from tests.support.notices import AT, alert, delivery

LIMIT = StormLimit(roots_per_minute=3)


def root(number: int = 0, **given: object) -> Delivery:
    return delivery("chat", number=number, expires_at=AT + timedelta(hours=1), **given)


def told_together(storms: Storms, came: list[Delivery], *, at: datetime = AT) -> list[bool]:
    return [storms.told(one, LIMIT, at=at).is_digest for one in came]


def test_what_is_over_the_limit_within_a_minute_is_told_together_under_its_own_id() -> None:
    storms = Storms()
    assert told_together(storms, [root(number) for number in range(5)]) == [False] * 3 + [True] * 2
    member = storms.told(root(9), LIMIT, at=AT)
    assert (member.delivery_id, member.purpose) == (root(9).delivery_id, "digest/storm")
    assert member.not_before == AT.replace(minute=56, second=0, microsecond=0)


def test_the_time_to_live_of_a_member_counts_from_its_digest() -> None:
    short = root(1).model_copy(update={"expires_at": AT + timedelta(seconds=30)})
    storms = Storms()
    assert told_together(storms, [short] * 3) == [False] * 3
    member = storms.told(short, LIMIT, at=AT)
    assert member.expires_at == member.not_before + timedelta(seconds=30)  # type: ignore[operator]  # it has one
    assert storms.told(short, LIMIT, at=short.expires_at) == short, "what expired is told of as such"


def test_stories_from_before_a_clock_was_set_back_make_no_storm() -> None:
    storms, before = Storms(), AT - timedelta(hours=1)
    assert told_together(storms, [root(number) for number in range(3)]) == [False] * 3
    assert [told_together(storms, [root()], at=before + number * timedelta(minutes=2)) for number in range(5)] == [
        [False]
    ] * 5


def test_a_storm_lasts_until_fewer_stories_open_again() -> None:
    storms = Storms()
    assert told_together(storms, [root()] * 6)[-1]
    assert told_together(storms, [root()], at=AT + timedelta(seconds=59.9)) == [True]
    assert told_together(storms, [root()], at=AT + timedelta(seconds=60)) == [False]


def test_a_flash_counts_and_is_never_told_later() -> None:
    storms = Storms()
    flashes = [root(number, urgency=Urgency.FLASH) for number in range(9)]
    assert told_together(storms, flashes) == [False] * 9
    assert told_together(storms, [root()]) == [True]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(root(alert=alert(Relation.UPDATE)), id="a reply"),
        pytest.param(root(purpose="escalation/1"), id="a step up"),
        pytest.param(root(purpose="digest/schedule"), id="a digest's member"),
        pytest.param(root(seq=1), id="one that was put off"),
    ],
)
def test_only_what_opens_a_story_counts(other: Delivery) -> None:
    storms = Storms()
    assert [storms.told(other, LIMIT, at=AT) for _ in range(9)] == [other] * 9
    assert told_together(storms, [root()]) == [False]


def test_each_receiver_has_its_own_storm_and_without_a_limit_there_is_none() -> None:
    storms = Storms()
    told_together(storms, [root()] * 9)
    assert not storms.told(delivery("other"), LIMIT, at=AT).is_digest
    assert not storms.told(root(), None, at=AT).is_digest


@given(st.lists(st.floats(0, 90), max_size=60), st.integers(1, 12))
def test_the_limit_is_that_of_a_sliding_minute(gaps_s: list[float], limit: int) -> None:
    storms, times, now = Storms(), list[datetime](), AT
    for gap_s in gaps_s:
        now += timedelta(seconds=gap_s)
        times.append(now)
        within = sum(now - each < timedelta(minutes=1) for each in times)
        told = storms.told(root(), StormLimit(roots_per_minute=limit), at=now)
        assert told.is_digest is (within > limit)
