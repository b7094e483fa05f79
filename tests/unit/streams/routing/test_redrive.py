from datetime import timedelta

import pytest

from streams.ids import ControlId, UserId
from streams.routing.decide import decide
from streams.routing.muting import why_muted
from streams.routing.notification import UnlessAcked
from streams.routing.redrive import id_of, purpose_of, redriven
from streams.routing.route import Receiver
from streams.routing.sending import CHAT_TTL_S, MACHINE_TTL_S, digest_member
from streams.routing.silence import Silence
from streams.routing.storm import is_root
from tests.support.alerting import NOW, alert, moment, node, routes
from tests.support.notices import AT, delivery

FIRST = delivery("hook").model_copy(
    update={"seq": 4, "attempts": 9, "last_outcome": "ambiguous: timeout", "reason": "retry", "not_before": AT}
)


@pytest.mark.parametrize(
    ("original", "purpose"),
    [
        ("alert", "redrive/2"),
        ("fallback", "redrive/2/fallback"),
        ("escalation/3", "redrive/2/escalation/3"),
        ("escalation/3/fallback", "redrive/2/escalation/3/fallback"),
        pytest.param("digest/schedule", "redrive/2", id="a member of a digest is told alone"),
        pytest.param("digest/storm", "redrive/2", id="a member of a storm is told alone"),
        pytest.param("digest/fallback", "redrive/2/fallback", id="a fallback in a digest stays a fallback"),
    ],
)
def test_the_purpose_says_what_the_first_one_was_for(original: str, purpose: str) -> None:
    assert purpose_of(original, 2) == purpose


def test_a_redrive_begins_anew_with_the_same_alert() -> None:
    again = redriven(FIRST, 1, None, at=AT)
    assert (again.seq, again.attempts, again.reason, again.last_outcome, again.not_before) == (0, 0, None, None, None)
    assert (again.receiver, again.desk, again.alert, again.manner) == (
        FIRST.receiver, FIRST.desk, FIRST.alert, FIRST.manner,
    )  # fmt: skip
    assert again.redrive_of == FIRST.delivery_id


def test_a_step_up_that_is_sent_anew_is_owed_from_now_and_still_asks_who_acknowledged() -> None:
    asked = UnlessAcked(desk=FIRST.desk, story_id=FIRST.alert.story_id, within_s=120.0)
    again = redriven(FIRST.model_copy(update={"unless_acked": asked}), 1, None, at=NOW)
    assert (again.not_before, again.unless_acked) == (NOW, asked)


def test_each_redrive_has_an_id_of_its_own_and_the_same_one_each_time() -> None:
    ids = [redriven(FIRST, number, None, at=AT + timedelta(number)).delivery_id for number in (1, 2, 1)]
    assert ids[0] == ids[2] == id_of(FIRST, 1)
    assert len({*ids, FIRST.delivery_id}) == 3
    fallback = FIRST.model_copy(update={"purpose": "fallback"})
    assert id_of(fallback, 1) != id_of(FIRST, 1)


@pytest.mark.parametrize(("kind", "table"), [("slack", CHAT_TTL_S), ("webhook", MACHINE_TTL_S)])
def test_the_time_to_live_counts_from_now_as_the_receiver_has_it(kind: str, table: dict[str, float]) -> None:
    receiver = Receiver.model_validate({"receiver_id": "hook", "type": kind})
    again = redriven(FIRST, 1, receiver, at=AT)
    assert again.expires_at == AT + timedelta(seconds=table[FIRST.urgency])


def test_it_is_no_digest_and_opens_no_storm_and_one_that_expires_is_told_of_as_any() -> None:
    again = redriven(FIRST.model_copy(update={"purpose": "digest/storm"}), 1, None, at=AT)
    assert not again.is_digest
    assert not is_root(again)
    member = digest_member(again, at=AT)
    assert member is not None
    assert member.purpose == "digest"


def test_a_silence_holds_back_what_is_sent_anew_whatever_the_first_one_was_for() -> None:
    step = {"unacked_for_s": 120.0, "to": ["pd"]}
    body = routes(node("fx", "hook", escalate=[step]), receivers={"hook": "webhook", "pd": "console"})
    (decision,) = decide(alert(urgency="flash"), moment(body))
    assert {one.purpose for one in decision.deliveries} == {"alert", "escalation/1"}
    silence = Silence(silence_id=ControlId("x1"), target={"story": "5t0ry"}, starts_at=NOW, user=UserId("ana"))
    for one in decision.deliveries:
        again = redriven(one, 1, None, at=NOW)
        why = why_muted(again, body, [silence], at=NOW)
        assert why is not None
        assert why == why_muted(one, body, [silence], at=NOW)
        assert why_muted(again, body, [], at=NOW) is None
