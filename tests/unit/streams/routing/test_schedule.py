from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.matching.rule import Urgency
from streams.routing.notification import Delivery
from streams.routing.route import Receiver
from streams.routing.schedule import SOONEST_S, next_moment, scheduled
from streams.routing.sending import digest_member
from tests.support.notices import AT, delivery

EVERY_S = 600.0


def sent(**given: Any) -> Delivery:  # noqa: ANN401 - a record's fields
    return delivery("mail", expires_at=AT + timedelta(hours=1), **given)


def receiver(**plan: Any) -> Receiver:  # noqa: ANN401 - a record's fields
    plan = {"every_s": EVERY_S, **plan}
    return Receiver.model_validate({"receiver_id": "mail", "type": "console", "digest": plan})


@pytest.mark.parametrize("urgency", [Urgency.ROUTINE, Urgency.URGENT])
def test_a_delivery_waits_for_the_next_digest_of_its_receiver_under_its_own_id(urgency: Urgency) -> None:
    told = scheduled(sent(urgency=urgency), receiver(), at=AT)
    assert (told.delivery_id, told.purpose, told.is_digest) == (sent().delivery_id, "digest/schedule", True)
    assert told.not_before == AT.replace(hour=15, minute=0, second=0, microsecond=0)


def test_the_time_to_live_counts_from_when_the_digest_is_due() -> None:
    told = scheduled(sent(), receiver(every_s=86_400.0), at=AT)
    assert told.not_before
    assert told.expires_at - told.not_before == timedelta(hours=1)


@pytest.mark.parametrize(
    ("flash", "purpose"), [pytest.param("at_once", "alert", id="usual"), pytest.param("digest", "digest/schedule")]
)
def test_a_flash_is_told_at_once_unless_the_receiver_says_otherwise(flash: str, purpose: str) -> None:
    assert scheduled(sent(urgency=Urgency.FLASH), receiver(flash=flash), at=AT).purpose == purpose


def test_nothing_waits_at_a_receiver_without_a_digest_or_that_nobody_knows() -> None:
    plain = Receiver.model_validate({"receiver_id": "mail", "type": "console"})
    assert scheduled(sent(), plain, at=AT) == sent()
    assert not scheduled(sent(), None, at=AT).is_digest


@pytest.mark.parametrize(
    ("purpose", "told"),
    [
        pytest.param("fallback", "digest/fallback", id="what another refused"),
        pytest.param("escalation/1", "escalation/1", id="a step up goes at once"),
        pytest.param("digest", "digest", id="what expired has its own moment"),
    ],
)
def test_other_purposes_keep_their_meaning(purpose: str, told: str) -> None:
    assert scheduled(sent(purpose=purpose), receiver(), at=AT).purpose == told


def test_a_member_of_a_digest_that_expired_is_told_with_what_else_expired() -> None:
    late = digest_member(scheduled(sent(), receiver(), at=AT), at=AT + timedelta(days=1))
    assert late is not None
    assert late.purpose == "digest"
    assert late.delivery_id != sent().delivery_id


@given(st.floats(0, 10**6), st.sampled_from([60.0, 600.0, 3_600.0, 86_400.0]))
def test_moments_are_on_the_clock_and_soon_but_not_at_once(after_s: float, every_s: float) -> None:
    after = AT + timedelta(seconds=after_s)
    moment = next_moment(after, every_s)
    assert moment.timestamp() % every_s == 0
    assert SOONEST_S - 1e-3 <= (moment - after).total_seconds() <= SOONEST_S + every_s
