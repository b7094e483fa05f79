from datetime import timedelta

from streams.stories.checkpoint import Checkpoint
from streams.topics import CHECKPOINTS
from tests.support.alerting import NOW, match, read_match
from tests.unit.agents.test_alert import LATER, alerts, made, matches, restored, taken


def test_the_first_match_of_a_day_has_a_checkpoint_that_ends_before_it() -> None:
    given = matches(60)  # 20 minutes apart from 7:41 on: match 49 is the first of the next day
    stage = made()
    decisions = taken(stage, given)
    parts = {number: list(decision.snapshot) for number, decision in enumerate(decisions)}

    assert {number: len(found) for number, found in parts.items() if found} == {0: 1, 49: 1}
    (part,) = parts[49]
    read = Checkpoint.from_json(part.value)
    assert (part.topic, part.key, read.matches_offset) == (CHECKPOINTS, "2025-10-27/0", 49)
    assert dict(part.headers)["ce_id"] == b"2025-10-27/0@49"
    assert len(read.articles) == 49

    again = made()
    again.resume(read)
    assert alerts(taken(again, given[49:], first=49)) == alerts(decisions[49:])


def test_a_snapshot_does_not_know_what_came_after_it() -> None:
    stage = made()
    given = matches(60)
    early = taken(stage, given[:50])
    before = [part.value for part in early[49].snapshot]

    again = made()
    late = taken(again, given)
    assert [part.value for part in late[49].snapshot] == before


def test_a_match_that_died_after_its_tombstones_is_decided_with_what_they_delete() -> None:
    given = [(match(), 0), (match(revision="2-0b0b0b0b", numbers=["9"]), 8)]
    records = [
        read_match(one, offset=number, at=NOW + timedelta(days=days)) for number, (one, days) in enumerate(given)
    ]
    stage = made()
    whole = [stage.decide(record, stamped_at=LATER) for record in records]
    states = [state for decision in whole for state in decision.states]
    parts = [part.value for part in whole[1].snapshot]
    first_tombstone = next(number for number, state in enumerate(states) if state.value is None)

    for count in range(first_tombstone, len(states)):
        again = restored(states[:count])
        decision = again.decide(records[1], stamped_at=LATER)
        assert alerts([decision]) == alerts(whole[1:]), count
        assert [state.value for state in decision.states] == [state.value for state in whole[1].states]
        assert [part.value for part in decision.snapshot] == parts


def test_a_checkpoint_with_a_record_that_no_topic_takes_is_given_up() -> None:
    stage = made()
    taken(stage, [match(rules=[f"r{number}" for number in range(14_000)])])
    next_day = read_match(match("a2"), offset=1, at=NOW + timedelta(days=1))

    parts = [Checkpoint.from_json(part.value) for part in stage.decide(next_day, stamped_at=LATER).snapshot]

    assert [part.parts for part in parts] == [0], "what fits before it, and never the last part"
