from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.matching.rule import Urgency
from streams.routing.digest import digest_of
from streams.routing.schedule import SOONEST_S
from streams.routing.sending import (
    DIGEST_EVERY_S,
    DIGEST_RARELY_S,
    DIGEST_SELDOM_S,
    RARELY_AFTER_S,
    SELDOM_AFTER_S,
    digest_id,
    digest_member,
    next_digest_at,
)
from tests.support.digests import member, members
from tests.support.notices import AT, delivery


def test_the_newest_flash_comes_first_and_then_what_is_less_urgent() -> None:
    digest = digest_of(members(7))
    assert [(item.urgency, item.title) for item in digest.items] == [
        (Urgency.FLASH, "Headline 6"),
        (Urgency.FLASH, "Headline 3"),
        (Urgency.FLASH, "Headline 0"),
        (Urgency.URGENT, "Headline 4"),
        (Urgency.URGENT, "Headline 1"),
        (Urgency.ROUTINE, "Headline 5"),
        (Urgency.ROUTINE, "Headline 2"),
    ]
    assert digest.counts == {Urgency.FLASH: 3, Urgency.URGENT: 2, Urgency.ROUTINE: 2}
    assert (digest.since, digest.until) == (AT, AT + timedelta(minutes=6))


def test_what_has_no_room_is_counted_and_named_by_its_id() -> None:
    told = members(37)
    digest = digest_of(told)
    assert (len(digest.items), digest.more) == (20, 17)
    assert digest.members == tuple(sorted(each.delivery_id for each in told))
    assert digest_of(told, most_items=5).more == 32


@given(st.permutations(members(9)))
def test_the_same_members_give_the_same_digest_in_any_order(told: list[object]) -> None:
    assert digest_of(told) == digest_of(members(9))  # type: ignore[arg-type]  # a permutation of deliveries


def test_another_member_gives_another_id() -> None:
    ids = {digest_of(members(count)).digest_id for count in range(1, 9)}
    assert len(ids) == 8
    assert all(len(name) == 26 for name in ids)
    assert digest_id([]) not in ids


@pytest.mark.parametrize(
    ("purpose", "cause"),
    [
        pytest.param("digest", "expired", id="what expired here"),
        pytest.param("digest/fallback", "fallback", id="what another receiver missed"),
    ],
)
def test_the_purpose_says_why_there_is_a_digest(purpose: str, cause: str) -> None:
    assert digest_of([member(1).model_copy(update={"purpose": purpose})]).cause == cause


def test_a_delivery_that_expires_is_told_once_in_a_digest_for_a_day() -> None:
    late = delivery(number=1, urgency=Urgency.FLASH)
    told = digest_member(late, at=AT)
    assert told is not None
    assert told.is_digest
    assert not late.is_digest
    assert (told.receiver, told.desk, told.alert, told.urgency) == (late.receiver, late.desk, late.alert, "routine")
    assert told.expires_at - AT == timedelta(hours=24, seconds=DIGEST_RARELY_S), "who is back within a day is told"
    assert told.delivery_id != late.delivery_id
    again = digest_member(late, at=AT + timedelta(minutes=5))
    assert again is not None
    assert again.delivery_id == told.delivery_id


def test_a_digest_that_expires_makes_no_digest() -> None:
    assert digest_member(member(1), at=AT) is None
    assert digest_member(member(1).model_copy(update={"purpose": "digest/fallback"}), at=AT) is None


FAILING = (
    (0.0, DIGEST_EVERY_S), (SELDOM_AFTER_S - 1, DIGEST_EVERY_S), (SELDOM_AFTER_S, DIGEST_SELDOM_S),
    (RARELY_AFTER_S - 1, DIGEST_SELDOM_S), (RARELY_AFTER_S, DIGEST_RARELY_S), (1e6, DIGEST_RARELY_S),
)  # fmt: skip


@given(st.floats(0, 1e6), st.sampled_from(FAILING))
def test_members_meet_at_moments_that_all_can_compute(after_s: float, given_up: tuple[float, int]) -> None:
    after, (failing_s, every_s) = AT + timedelta(seconds=after_s), given_up
    moment = next_digest_at(after, failing_s=failing_s)
    assert moment.timestamp() % every_s == 0
    assert SOONEST_S - 1e-3 <= (moment - after).total_seconds() <= SOONEST_S + every_s
    assert next_digest_at(moment - timedelta(seconds=SOONEST_S), failing_s=failing_s) == moment


def test_whoever_waits_long_meets_those_who_wait_shortly() -> None:
    assert DIGEST_SELDOM_S % DIGEST_EVERY_S == DIGEST_RARELY_S % DIGEST_SELDOM_S == 0
    assert RARELY_AFTER_S / DIGEST_RARELY_S > 2.9, "whoever was away for a day hears of it within a third of that"
