"""Which deliveries may have been in flight at a kill, judged one by one as the next process places them."""

from datetime import UTC, datetime, timedelta

import pytest

from agents.deliver.doubt import Doubt
from agents.deliver.job import Job
from agents.kafka import outgoing
from streams.latency import Ledger
from streams.matching.rule import Urgency
from streams.topics import DELIVERIES, RETRIES, Topic
from tests.support.alerting import written
from tests.support.digests import member
from tests.support.notices import delivery

START = datetime(2026, 3, 2, 14, tzinfo=UTC)
URGENT, TIER = DELIVERIES[Urgency.URGENT], RETRIES["30s"]


def job(offset: int, *, due_s: float = 0.0, topic: Topic = URGENT, at_s: float = -10.0, **given: object) -> Job:
    """Return a job whose record was appended so many seconds after the start, and is due after so many."""
    sent = given.pop("sent", None) or delivery(number=offset, **given)  # type: ignore[arg-type]  # a delivery's fields
    given_out = outgoing(topic, sent, key="hook", by="hook", ce_id="x", stage="t", at=START)  # type: ignore[arg-type]
    record = written(given_out, offset=offset, at=START + timedelta(seconds=at_s))
    due_at = START + timedelta(seconds=due_s)
    return Job(topic=topic, record=record, delivery=sent, ledger=Ledger(), due_at=due_at)  # type: ignore[arg-type]


def judged(*jobs: Job, slots: int = 1) -> list[bool]:
    doubt = Doubt(START, lambda _receiver: slots)
    return [doubt.may_have_been_sent(one) for one in jobs]


@pytest.mark.parametrize(
    ("jobs", "slots", "doubtful"),
    [
        pytest.param([job(0), job(1), job(2)], 1, [True, False, False], id="in order, one at a time"),
        pytest.param([job(0), job(1), job(2)], 2, [True, True, False], id="in order, two at a time"),
        pytest.param([job(0, at_s=5)], 1, [False], id="written after the start"),
        pytest.param([job(0, at_s=1)], 1, [True], id="written after the start, by another clock"),
        pytest.param([job(0), job(1, topic=TIER)], 1, [True, True], id="each topic for itself"),
        pytest.param([job(0), job(1, urgency=Urgency.ROUTINE)], 1, [True, True], id="each urgency for itself"),
        pytest.param([job(0), job(1, receiver="b")], 1, [True, True], id="each receiver for itself"),
    ],
)
def test_of_urgent_and_routine_ones_the_first_few_may_have_been_sent(
    jobs: list[Job], slots: int, doubtful: list[bool]
) -> None:
    assert judged(*jobs, slots=slots) == doubtful


def test_on_a_tier_a_later_record_that_is_due_sooner_takes_no_doubt_from_the_earlier_one() -> None:
    later, earlier, last = job(8, topic=TIER, due_s=1), job(7, topic=TIER, due_s=2), job(9, topic=TIER, due_s=3)
    assert judged(later, earlier, last) == [True, True, False]


def test_after_many_a_record_that_only_few_precede_is_in_doubt_all_the_same() -> None:
    many = [job(offset, topic=TIER, due_s=offset) for offset in range(50, 90)]
    assert judged(*many, job(3, topic=TIER, due_s=99))[-1] is True


def test_every_flash_from_before_the_start_may_have_been_sent() -> None:
    flashes = [job(offset, urgency=Urgency.FLASH, topic=DELIVERIES[Urgency.FLASH]) for offset in range(9)]
    assert judged(*flashes) == [True] * 9
    assert judged(job(1, urgency=Urgency.FLASH, at_s=5)) == [False]


def test_every_member_of_a_digest_that_was_due_may_have_been_sent() -> None:
    due = [member(number).model_copy(update={"not_before": START}) for number in range(5)]
    early = [one.model_copy(update={"not_before": START + timedelta(seconds=60)}) for one in due]
    assert judged(*(job(number, sent=one) for number, one in enumerate(due))) == [True] * 5
    assert judged(*(job(number, sent=one) for number, one in enumerate(early))) == [False] * 5
