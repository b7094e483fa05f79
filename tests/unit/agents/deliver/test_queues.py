"""In what order a lane's jobs leave it, and which of them may not stay."""

from datetime import UTC, datetime, timedelta

from agents.deliver.job import Job
from agents.deliver.queues import Queues
from agents.kafka import outgoing
from streams.latency import Hop, Ledger
from streams.matching.rule import Urgency
from streams.topics import DELIVERIES, RETRIES, Topic
from tests.support.alerting import written
from tests.support.notices import delivery

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)
FLASH, TIER = DELIVERIES[Urgency.FLASH], RETRIES["30s"]


def flash(
    number: int, *, age_s: float, due_s: float | None = None, topic: Topic = FLASH, urgency: Urgency = Urgency.FLASH
) -> Job:
    """Return a job of a delivery that was routed so many seconds ago, and of a step up that was due `due_s` ago."""
    due_at = None if due_s is None else NOW - timedelta(seconds=due_s)
    sent = delivery(number=number, urgency=urgency, not_before=due_at)
    output = outgoing(topic, sent, key="hook", by="hook", ce_id="x", stage="t", at=NOW)
    times = Ledger({Hop.ROUTED: NOW - timedelta(seconds=age_s)})
    return Job(topic=topic, record=written(output, offset=number), delivery=sent, ledger=times, due_at=NOW)


class Clock:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.now_s


def queues(clock: Clock, *jobs: Job) -> Queues:
    made = Queues(lambda: NOW + timedelta(seconds=clock()), clock)
    for job in jobs:
        made.append(job)
    return made


def emptied(made: Queues) -> list[int]:
    return [made.next().record.offset for _ in range(len(made))]


def test_flashes_of_a_burst_leave_in_order_and_those_of_a_backlog_newest_first() -> None:
    assert emptied(queues(Clock(), *(flash(number, age_s=20 - number) for number in range(4)))) == [0, 1, 2, 3]
    assert emptied(queues(Clock(), *(flash(number, age_s=40 - number) for number in range(4)))) == [3, 2, 1, 0]


def test_once_there_is_a_backlog_a_fresh_flash_goes_before_all_of_it() -> None:
    made = queues(Clock(), flash(0, age_s=900), flash(1, age_s=600), flash(2, age_s=300, topic=TIER))
    made.append(flash(3, age_s=0))
    assert emptied(made) == [3, 2, 1, 0]


def test_a_step_up_that_waited_on_purpose_makes_no_backlog_of_a_burst() -> None:
    burst = [flash(number, age_s=3 - number) for number in range(1, 4)]
    assert emptied(queues(Clock(), flash(0, age_s=120, due_s=3), *burst)) == [0, 1, 2, 3]


def test_in_a_backlog_a_step_up_counts_from_when_it_was_due() -> None:
    missed = [flash(number, age_s=600 - number) for number in range(2)]
    assert emptied(queues(Clock(), *missed, flash(2, age_s=900, due_s=1), flash(3, age_s=20))) == [2, 3, 1, 0]


def test_of_what_the_newest_overtake_for_long_the_oldest_leaves_the_lane() -> None:
    clock = Clock()
    made = queues(clock, flash(8, age_s=950, topic=TIER), *(flash(number, age_s=900 - number) for number in range(4)))
    assert made.next().record.offset == 3
    assert made.overtaken(30) == []
    clock.now_s = 31
    assert [job.record.offset for job in made.overtaken(30)] == [0]
    assert made.overtaken(30) == []
    clock.now_s = 62
    assert [job.record.offset for job in made.overtaken(30)] == [1]
    clock.now_s = 93
    assert [made.next().record.offset, made.next().record.offset] == [2, 8]


def test_a_flash_that_no_other_overtook_stays_however_slow_the_receiver_is() -> None:
    clock = Clock()
    made = queues(clock, *(flash(number, age_s=0) for number in range(3)))
    assert made.next().record.offset == 0
    clock.now_s = 29
    assert made.next().record.offset == 1
    clock.now_s = 500
    assert made.overtaken(30) == []


def test_what_was_overtaken_before_the_lane_was_emptied_says_nothing_of_later_flashes() -> None:
    clock = Clock()
    made = queues(clock, flash(0, age_s=900), flash(1, age_s=600))
    made.next()
    assert [job.record.offset for job in made.empty()] == [0]
    clock.now_s = 100
    made.append(flash(2, age_s=0))
    assert made.overtaken(30) == []


def test_flashes_from_tiers_overtake_nothing_that_the_watchdog_looks_at() -> None:
    clock = Clock()
    made = queues(clock, flash(0, age_s=900, topic=TIER), flash(1, age_s=600, topic=TIER))
    made.next()
    clock.now_s = 100
    made.append(flash(2, age_s=0))
    assert made.overtaken(30) == []


def test_of_the_less_urgent_that_are_overtaken_those_from_tiers_stay() -> None:
    clock, routine = Clock(), Urgency.ROUTINE
    first = flash(0, age_s=5, topic=DELIVERIES[routine], urgency=routine)
    made = queues(clock, first, flash(1, age_s=90, topic=TIER, urgency=routine), flash(2, age_s=0))
    clock.now_s = 31
    assert [job.record.offset for job in made.overtaken(30)] == [0]
    assert emptied(made) == [2, 1]


def test_a_job_that_is_put_back_goes_first_and_less_urgent_ones_wait() -> None:
    clock = Clock()
    made = queues(clock, flash(0, age_s=0, urgency=Urgency.ROUTINE), flash(1, age_s=0), flash(2, age_s=0))
    first = made.next()
    made.put_back(first)
    assert emptied(made) == [1, 2, 0]
