from datetime import timedelta

import pytest

from agents.deliver.wishes import Wishes
from agents.kafka import Incoming, outgoing, tombstone
from streams.controls import ENDED_KEPT, Control
from streams.errors import PoisonError
from streams.ids import ReceiverId
from streams.routing.notification import UnlessAcked
from streams.topics import CONTROLS
from tests.support.alerting import NOW, written
from tests.support.counted import Counted
from tests.support.notices import delivery

SECOND, HOOK = timedelta(seconds=1), ReceiverId("hook")
STEP_UP = delivery(unless_acked=UnlessAcked(desk="fx", story_id="s1"))


def control(kind: str, name: str, *, after_s: float = 0, user: str = "kim", **fields: object) -> Incoming:
    at = NOW + after_s * SECOND
    made = Control.model_validate({"kind": kind, "id": name, "starts_at": at, "user": user, **fields})
    return written(outgoing(CONTROLS, made, key=made.key, ce_id=name, stage="t", at=at), at=at)


def ack(*, after_s: float = 35, up_to_s: float | None = 10, user: str = "kim", name: str = "fx/s1") -> Incoming:
    up_to_at = None if up_to_s is None else NOW + up_to_s * SECOND
    return control("ack", name, after_s=after_s, user=user, up_to_at=up_to_at)


def wishes(*records: Incoming, now_s: float = 0) -> Wishes:
    made = Wishes(lambda: NOW + now_s * SECOND)
    for record in records:
        made.apply(record)
    return made


@pytest.mark.parametrize(
    ("records", "routed_s", "expected"),
    [
        pytest.param([ack()], 0, "acknowledged by kim after 35.0 s", id="shown before"),
        pytest.param([ack()], 10, "acknowledged by kim after 25.0 s", id="the newest that was shown"),
        pytest.param([ack()], 10.001, None, id="routed later"),
        pytest.param(
            [ack(up_to_s=None)], 35, "acknowledged by kim after 0.0 ms", id="all that was told when it was made"
        ),
        pytest.param([ack(name="fx/s2")], 0, None, id="another story"),
        pytest.param([ack(name="ops/s1")], 0, None, id="another desk"),
        pytest.param([ack(), ack(user="lee", up_to_s=5)], 8, "acknowledged by kim after 27.0 s", id="a screen behind"),
        pytest.param([ack(), ack(user="lee", up_to_s=20)], 20, "acknowledged by lee after 15.0 s", id="a newer one"),
        pytest.param([ack(), written(tombstone(CONTROLS, key="ack/fx/s1"))], 0, None, id="taken back"),
        pytest.param([], 0, None, id="nobody"),
    ],
)
def test_who_has_seen_to_a_step_up(records: list[Incoming], routed_s: float, expected: str | None) -> None:
    assert wishes(*records).why_acknowledged(STEP_UP, NOW + routed_s * SECOND) == expected


@pytest.mark.parametrize(
    ("decided_s", "expected"),
    [
        pytest.param(35, "acknowledged by kim after 30.0 s", id="there when it was acknowledged"),
        pytest.param(36, None, id="of an alert that came after it"),
        pytest.param(None, "acknowledged by kim after 30.0 s", id="an older program did not say"),
    ],
)
def test_a_clock_that_was_ahead_lets_no_acknowledgement_stop_what_came_later(
    decided_s: float | None, expected: str | None
) -> None:
    decided_at = None if decided_s is None else NOW + decided_s * SECOND
    later = delivery(unless_acked=UnlessAcked(desk="fx", story_id="s1", decided_at=decided_at))
    assert wishes(ack(after_s=35, up_to_s=600)).why_acknowledged(later, NOW + 5 * SECOND) == expected


def test_a_delivery_that_is_no_step_up_is_sent_whatever_was_acknowledged() -> None:
    assert wishes(ack()).why_acknowledged(delivery(), NOW) is None


def test_an_acknowledgement_is_forgotten_after_eight_days_and_each_story_has_one() -> None:
    found = wishes(ack(), ack(name="fx/s2"), ack(after_s=60))
    assert len(found._acknowledged) == 2
    found.apply(ack(after_s=ENDED_KEPT.total_seconds() + 50, name="fx/s3"))
    assert [story for _, story in found._acknowledged] == ["s1", "s3"]


def test_an_acknowledgement_costs_the_same_however_many_there_are() -> None:
    found = Wishes(lambda: NOW, _acknowledged=Counted())
    for number in range(1_000):
        found.apply(ack(name=f"fx/s{number}"))
    assert found._acknowledged.walked <= 1_000  # type: ignore[attr-defined]  # 100,000 held up a start for hours


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        pytest.param([], 0, id="none"),
        pytest.param([control("pause", "hook")], float("inf"), id="without an end"),
        pytest.param([control("pause", "hook", ends_at=NOW + 90 * SECOND)], 60, id="what is left of it"),
        pytest.param([control("pause", "hook", ends_at=NOW + SECOND)], 0, id="over"),
        pytest.param([control("pause", "mail")], 0, id="another receiver"),
        pytest.param([control("pause", "hook"), written(tombstone(CONTROLS, key="pause/hook"))], 0, id="ended"),
    ],
)
def test_for_how_long_a_receiver_is_paused(records: list[Incoming], expected: float) -> None:
    assert wishes(*records, now_s=30).paused_s(HOOK) == expected


def test_a_poll_says_nothing_to_the_sender_and_what_can_not_be_read_changes_nothing() -> None:
    found = wishes(control("poll", "ustr"), control("pause", "hook"))
    with pytest.raises(PoisonError):
        found.apply(written(outgoing(CONTROLS, STEP_UP, key="pause/hook", ce_id="x", stage="t", at=NOW)))
    assert found.paused_s(HOOK) == float("inf")
