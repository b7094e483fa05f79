from datetime import UTC, datetime, timedelta

import pytest

from agents.deliver import retry
from agents.kafka import Incoming
from streams.ids import DeliveryId
from streams.matching.rule import Urgency
from streams.topics import DELIVERIES, RETRIES

AT = datetime(2026, 3, 2, 14, 55, tzinfo=UTC)
RECORD = Incoming(topic="t", partition=0, offset=0, key="k", value=b"", headers=(), appended_at=AT)


@pytest.mark.parametrize(
    ("attempts", "tier"), [(0, "1s"), (1, "1s"), (2, "5s"), (3, "30s"), (4, "5m"), (5, "30m"), (6, "2h"), (99, "2h")]
)
def test_each_attempt_goes_one_tier_up(attempts: int, tier: str) -> None:
    assert retry.tier_after(attempts) == tier


@pytest.mark.parametrize(("wait_s", "tier"), [(0.2, "1s"), (4.9, "1s"), (5, "5s"), (299, "30s"), (1e9, "2h")])
def test_what_is_scheduled_never_comes_back_late(wait_s: float, tier: str) -> None:
    assert retry.tier_within(wait_s) == tier


@pytest.mark.parametrize(("wait_s", "tier"), [(0.2, "1s"), (2.4, "1s"), (60, "30s"), (150, "5m"), (1e9, "2h")])
def test_what_a_lane_can_not_take_goes_to_a_tier_of_at_most_twice_the_wait(wait_s: float, tier: str) -> None:
    assert retry.tier_for_spill(wait_s) == tier


@pytest.mark.parametrize(
    ("tier", "left_s", "chosen"),
    [("5m", 301, "5m"), ("5m", 299, "30s"), ("2h", 400, "5m"), ("2h", 20, "5m"), ("1s", 0.1, "1s")],
)
def test_the_last_tries_come_before_the_time_to_live_ends(tier: str, left_s: float, chosen: str) -> None:
    assert retry.tier_before(tier, left_s) == chosen


def test_a_fresh_delivery_is_due_whatever_the_clocks_say() -> None:
    assert retry.due_at(RECORD, DELIVERIES[Urgency.FLASH], DeliveryId("00")) < AT


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        pytest.param("0000aa", 30.0, id="no jitter"),
        pytest.param("ffffaa", 33.0, id="all of it"),
        pytest.param("zz", 30.0, id="an id of another form"),
        pytest.param("", 30.0, id="no id"),
    ],
)
def test_a_tiers_record_is_due_after_its_delay_and_a_share_of_its_own(name: str, seconds: float) -> None:
    assert retry.due_at(RECORD, RETRIES["30s"], DeliveryId(name)) - AT == timedelta(seconds=seconds)
