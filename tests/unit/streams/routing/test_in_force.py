from datetime import datetime, timedelta

import pytest

from streams import controls
from streams.controls import ENDED_KEPT, Control, InForce
from streams.errors import UnavailableError
from streams.ids import StoryId
from streams.routing.route import Matcher
from tests.support.alerting import NOW, routes, version
from tests.support.counted import Counted

MINUTE = timedelta(minutes=1)


def control(
    name: str = "x1", kind: str = "silence", comment: str = "", ends_at: datetime | None = None, **fields: object
) -> Control:
    return Control.model_validate(
        {
            "kind": kind,
            "id": name,
            "matchers": [Matcher(label="topic", op="=", value="trade")],
            "starts_at": NOW,
            "ends_at": ends_at,
            "user": "ana",
            "comment": comment,
            **fields,
        }
    )


def with_routes(*names: str) -> InForce:
    in_force = InForce()
    for number, name in enumerate(names):
        in_force.take_routes(version(routes(), name), NOW + number * MINUTE)
    return in_force


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        pytest.param(-MINUTE, "v1", id="the first version for everything before it"),
        pytest.param(0 * MINUTE, "v1", id="the first"),
        pytest.param(MINUTE, "v1", id="one that was appended at the same moment came later"),
        pytest.param(2 * MINUTE, "v2", id="the newest before"),
    ],
)
def test_the_routes_that_were_appended_before_an_alert_count(after: timedelta, expected: str) -> None:
    assert with_routes("v1", "v2").at(NOW + after, offset=0).routes.version == expected


def test_without_routes_nothing_can_be_decided() -> None:
    with pytest.raises(UnavailableError, match="routes apply"):
        InForce().at(NOW, offset=0)


def test_a_silence_counts_from_its_record_to_its_tombstone() -> None:
    in_force = with_routes("v1")
    in_force.take_control("silence/x1", control(), NOW)
    in_force.take_control("silence/x2", control("x2", "snooze"), NOW)
    in_force.take_control("silence/x1", None, NOW + 5 * MINUTE)
    in_force.take_control("ack/fx/s1", control("fx/s1", "ack"), NOW)

    names = [
        [silence.silence_id for silence in in_force.at(NOW + after, offset=0).silences]
        for after in (0 * MINUTE, MINUTE, 6 * MINUTE)
    ]

    assert names == [[], ["x1", "x2"], ["x2"]]


def test_a_clock_that_runs_backwards_reorders_nothing_and_old_versions_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    in_force = with_routes("v1", "v2")
    in_force.take_routes(version(routes(), "v3"), NOW)

    assert in_force.at(NOW + MINUTE / 2, offset=0).routes.version == "v1"
    assert in_force.at(NOW + 2 * MINUTE, offset=0).routes.version == "v3"
    monkeypatch.setattr(controls, "VERSIONS_KEPT", 1)
    in_force.take_routes(version(routes(), "v4"), NOW + 3 * MINUTE)
    assert in_force.at(NOW, offset=0).routes.version == "v4"


def test_silences_that_no_alert_can_fall_into_any_more_are_forgotten() -> None:
    in_force = with_routes("v1")
    for number in range(1_000):
        name = f"silence/x{number}"
        in_force.take_control(name, control(f"x{number}", ends_at=NOW + 10 * MINUTE), NOW)
        if number % 2:
            in_force.take_control(name, None, NOW + 5 * MINUTE)
    in_force.take_control("silence/endless", control("endless"), NOW)

    def names(at: datetime) -> set[str]:
        return {silence.silence_id for silence in in_force.at(at, offset=0).silences}

    assert len(names(NOW + MINUTE)) == 1_001
    in_force.at(NOW + ENDED_KEPT, offset=0)
    assert len(names(NOW + MINUTE)) == 1_001, "an alert that waited for a week is decided by the silences of its time"
    in_force.at(NOW + ENDED_KEPT + 11 * MINUTE, offset=0)
    assert names(NOW + MINUTE) == {"endless"}
    assert len(in_force._silences) == 1


def test_a_silence_that_was_set_anew_is_kept_by_its_newest_version() -> None:
    in_force = with_routes("v1")
    in_force.take_control("silence/x1", control(ends_at=NOW + MINUTE), NOW)
    in_force.take_control("silence/x1", control(), NOW + 2 * MINUTE)

    later = in_force.at(NOW + 2 * ENDED_KEPT, offset=0)

    assert [silence.silence_id for silence in later.silences] == ["x1"]


def test_an_acknowledgement_counts_for_its_desk_and_story_from_its_record_to_its_tombstone() -> None:
    in_force, story = with_routes("v1"), StoryId("s1")
    in_force.take_control("ack/fx/s1", control("fx/s1", "ack", target={"event": "e1"}), NOW)
    in_force.take_control("ack/ops/s2", control("ops/s2", "ack"), NOW)
    in_force.take_control("ack/nothing", control("nothing", "ack"), NOW)
    in_force.take_control("pause/hook", control("hook", "pause"), NOW)
    in_force.take_control("ack/fx/s1", None, NOW + 5 * MINUTE)

    found = [
        {desk: (made.user, made.up_to_event) for desk, made in at.acknowledged.items()}
        for at in (in_force.at(NOW + after, offset=0, story=story) for after in (0 * MINUTE, MINUTE, 6 * MINUTE))
    ]
    assert found == [{}, {"fx": ("ana", "e1")}, {}]
    assert in_force.at(NOW + MINUTE, offset=0).acknowledged == {}, "nobody asked of which story"


def test_acknowledgements_of_stories_that_have_ended_are_forgotten() -> None:
    in_force = with_routes("v1")
    in_force.take_control("ack/fx/s1", control("fx/s1", "ack"), NOW)
    in_force.take_control("ack/fx/s2", control("fx/s2", "ack"), NOW)
    in_force.take_control("ack/ops/s2", control("ops/s2", "ack"), NOW + 5 * MINUTE)

    in_force.at(NOW + ENDED_KEPT + MINUTE, offset=0)

    assert set(in_force._acknowledged) == {"s2"}


def test_an_alert_costs_the_same_however_many_stories_are_acknowledged() -> None:
    in_force = with_routes("v1")
    in_force._acknowledged = walked = Counted()
    for number in range(1_000):
        in_force.take_control(f"ack/fx/s{number}", control(f"fx/s{number}", "ack"), NOW)
    for second in range(100):
        in_force.at(NOW + timedelta(seconds=second), offset=second)
    assert walked.walked <= 100


def test_a_story_that_was_acknowledged_again_is_not_forgotten_and_keeps_no_older_one() -> None:
    in_force = with_routes("v1")
    for minutes, story in ((0, "s1"), (1, "s2"), (9, "s1")):
        in_force.take_control(f"ack/fx/{story}", control(f"fx/{story}", "ack"), NOW + minutes * MINUTE)

    in_force.at(NOW + ENDED_KEPT + 5 * MINUTE, offset=0)

    assert set(in_force._acknowledged) == {"s1"}
