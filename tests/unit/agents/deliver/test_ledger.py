from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.deliver.ledger import DeliveryLedger, Threads, Verdict
from agents.deliver.offsets import Offsets
from streams.ids import DeliveryId, EventId, ReceiverId, StoryId
from streams.routing.notification import DeliveryState, DeliveryStatus, Thread
from tests.support.notices import delivery

AT = datetime(2026, 3, 2, tzinfo=UTC)
NAME = delivery().delivery_id


def state(seq: int, status: DeliveryStatus = DeliveryStatus.HANDED_OFF) -> DeliveryState:
    return DeliveryState(
        delivery_id=NAME, receiver=ReceiverId("hook"), seq=seq, state=status, attempts=0, outcome="", changed_at=AT
    )  # fmt: skip


def ledger(*states: DeliveryState) -> DeliveryLedger:
    made = DeliveryLedger()
    for each in states:
        made.restore(NAME, each.to_json())
    return made


@pytest.mark.parametrize("order", list(permutations([1, 3, 2])), ids=str)
def test_the_highest_seq_wins_whatever_was_written_last(order: tuple[int, ...]) -> None:
    kept = ledger(*(state(seq) for seq in order))
    for _ in range(2):
        found = kept.state(NAME)
        assert found is not None
        assert found.seq == 3


def test_a_final_state_stays_even_under_a_higher_seq() -> None:
    kept = ledger(state(1, DeliveryStatus.DELIVERED), state(2))
    assert kept.judge(delivery().model_copy(update={"seq": 2})) is Verdict.FINAL


@pytest.mark.parametrize(
    ("seq", "verdict"),
    [
        pytest.param(1, Verdict.STALE, id="older"),
        pytest.param(2, Verdict.SEND, id="current"),
        pytest.param(3, Verdict.SEND, id="of a torn pair"),
    ],
)
def test_a_copy_older_than_the_state_is_stale(seq: int, verdict: Verdict) -> None:
    assert ledger(state(2)).judge(delivery().model_copy(update={"seq": seq})) is verdict


def test_an_unknown_delivery_is_sent_and_a_tombstone_makes_it_unknown() -> None:
    kept = ledger(state(1, DeliveryStatus.DELIVERED))
    kept.restore(NAME, None)
    assert kept.judge(delivery()) is Verdict.SEND
    assert len(kept) == 0


def test_a_state_that_can_not_be_read_says_nothing() -> None:
    kept = DeliveryLedger()
    kept.restore(NAME, b"{")
    assert kept.judge(delivery()) is Verdict.SEND
    assert kept.state(DeliveryId("other")) is None


def test_what_this_process_wrote_counts_at_once() -> None:
    kept = ledger(state(1))
    kept.record(state(2, DeliveryStatus.EXPIRED))
    assert kept.judge(delivery()) is Verdict.FINAL


def test_a_million_states_are_kept_as_bytes_until_somebody_asks() -> None:
    kept = DeliveryLedger()
    broken = b"never decoded"
    for number in range(10_000):
        kept.restore(f"{number:026x}", broken)
    assert len(kept) == 10_000


def test_what_the_topic_forgot_is_forgotten_and_nothing_younger() -> None:
    kept = ledger(state(1, DeliveryStatus.DELIVERED))
    other = state(1, DeliveryStatus.DEAD).model_copy(update={"delivery_id": DeliveryId("other")})
    kept.turn(AT)
    kept.turn(AT + timedelta(days=8))
    kept.record(other)
    assert kept.judge(delivery()) is Verdict.FINAL
    kept.restore(NAME, state(2).to_json())
    assert kept.judge(delivery()) is Verdict.FINAL
    kept.turn(AT + timedelta(days=16))
    kept.turn(AT + timedelta(days=17))
    assert len(kept) == 2
    kept.turn(AT + timedelta(days=24))
    assert len(kept) == 0


def test_the_last_root_of_a_story_counts() -> None:
    threads = Threads()
    first = Thread(receiver=ReceiverId("r"), story_id=StoryId("s"), root_ref="1.1", event_id=EventId("e"))
    threads.restore(first.key, first.to_json())
    threads.record(first.model_copy(update={"root_ref": "2.2"}))
    found = threads.root(ReceiverId("r"), StoryId("s"))
    assert found is not None
    assert found.root_ref == "2.2"
    threads.restore(first.key, b"{")
    assert threads.root(ReceiverId("r"), StoryId("s")) is None
    threads.restore(first.key, None)
    assert threads.root(ReceiverId("r"), StoryId("s")) is None


def test_a_root_that_the_topic_forgot_is_forgotten() -> None:
    threads = Threads()
    root = Thread(receiver=ReceiverId("r"), story_id=StoryId("s"), root_ref="1.1", event_id=EventId("e"))
    threads.turn(AT)
    threads.record(root)
    threads.record(root.model_copy(update={"story_id": StoryId("other")}))
    threads.turn(AT + timedelta(days=8))
    threads.record(root.model_copy(update={"root_ref": "2.2"}))
    assert threads.root(ReceiverId("r"), StoryId("other")) is not None
    threads.turn(AT + timedelta(days=16))
    found = threads.root(ReceiverId("r"), StoryId("s"))
    assert found is not None
    assert found.root_ref == "2.2"
    assert (threads.root(ReceiverId("r"), StoryId("other")), len(threads)) == (None, 1)


def test_only_what_is_done_without_a_gap_may_be_committed() -> None:
    offsets = Offsets()
    assert [offsets.take(offset) for offset in (5, 6, 9, 6)] == [True, True, True, False]
    offsets.finish(6)
    assert offsets.committable() is None
    offsets.finish(5)
    assert offsets.committable() == 7
    assert offsets.committable() is None
    offsets.finish(9)
    assert offsets.committable() == 10


@given(st.permutations(range(12)), st.integers(0, 12))
def test_no_order_of_ends_commits_past_what_is_in_flight(order: list[int], done: int) -> None:
    offsets = Offsets()
    for offset in range(12):
        offsets.take(offset)
    for offset in order[:done]:
        offsets.finish(offset)
    in_flight = order[done:]
    assert (offsets.committable() or 0) == min(in_flight, default=12)
