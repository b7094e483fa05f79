from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from streams.routing.route import TimeInterval
from streams.routing.time_interval import contains, muted_by, quiet_by
from tests.support.alerting import node

NIGHT = ((22 * 60, 6 * 60),)
WORKDAYS = (0, 1, 2, 3, 4)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "interval", "zone", "expected"),
    [
        pytest.param("2025-10-27T12:00", {"times": [(600, 720)]}, "UTC", False, id="the end is excluded"),
        pytest.param("2025-10-27T10:00", {"times": [(600, 720)]}, "UTC", True, id="the start is included"),
        pytest.param("2025-10-27T23:00", {"times": NIGHT}, "UTC", True, id="before midnight"),
        pytest.param("2025-10-28T05:59", {"times": NIGHT}, "UTC", True, id="after midnight"),
        pytest.param("2025-10-28T06:00", {"times": NIGHT}, "UTC", False, id="in the morning"),
        pytest.param("2025-11-01T02:00", {"times": NIGHT, "weekdays": WORKDAYS}, "UTC", True, id="friday's night"),
        pytest.param("2025-11-01T23:00", {"times": NIGHT, "weekdays": WORKDAYS}, "UTC", False, id="saturday's night"),
        pytest.param("2025-10-27T02:00", {"times": NIGHT, "weekdays": WORKDAYS}, "UTC", False, id="sunday's night"),
        pytest.param("2025-11-01T12:00", {"weekdays": (5, 6)}, "UTC", True, id="a whole day"),
        pytest.param("2025-10-31T12:00", {"weekdays": (5, 6)}, "UTC", False, id="another day"),
        pytest.param("2025-10-31T17:00", {"weekdays": (5, 6)}, "Asia/Tokyo", True, id="saturday in the desk's zone"),
        pytest.param(
            "2025-10-27T15:00", {"times": NIGHT, "location": "Asia/Kuala_Lumpur"}, "UTC", True, id="its own zone wins"
        ),
        pytest.param("2025-10-27T23:00", {"times": NIGHT}, "Moon/Tycho", True, id="an unknown zone is UTC"),
        pytest.param(
            "2025-11-02T05:30", {"times": [(60, 120)]}, "America/New_York", True, id="an hour that comes twice"
        ),
        pytest.param("2025-11-02T06:30", {"times": [(60, 120)]}, "America/New_York", True, id="and comes again"),
        pytest.param(
            "2025-03-09T07:30", {"times": [(120, 180)]}, "America/New_York", False, id="an hour that never comes"
        ),
        pytest.param("2025-10-27T12:00", {}, "UTC", True, id="no bounds"),
    ],
)
def test_a_moment_is_within(at: str, interval: dict[str, object], zone: str, *, expected: bool) -> None:
    assert contains(TimeInterval.model_validate(interval), utc(at), zone=zone) is expected


@pytest.mark.parametrize(
    ("evening", "zone", "hours"),
    [
        pytest.param("2025-11-01T17:00", "America/New_York", 9.0, id="the night in which an hour comes twice"),
        pytest.param("2026-03-07T17:00", "America/New_York", 7.0, id="the night in which an hour is missing"),
        pytest.param("2026-03-09T17:00", "America/New_York", 8.0, id="a night like any other"),
        pytest.param("2025-10-25T16:00", "Europe/Berlin", 9.0, id="elsewhere it is another night"),
        pytest.param("2026-04-04T05:00", "Australia/Lord_Howe", 8.5, id="half an hour comes twice"),
        pytest.param("2025-10-04T05:00", "Australia/Lord_Howe", 7.5, id="half an hour is missing"),
        pytest.param("2025-11-01T10:00", "Asia/Kuala_Lumpur", 8.0, id="where clocks never change"),
    ],
)
def test_quiet_hours_follow_the_wall_clock_through_a_change_of_clocks(evening: str, zone: str, hours: float) -> None:
    steps = [utc(evening) + timedelta(minutes=15) * number for number in range(80)]  # the 20 hours around one night

    quiet = [contains(TimeInterval(times=NIGHT), at, zone=zone) for at in steps]

    assert sum(quiet) / 4 == hours
    assert [quiet[0], quiet[-1]] == [False, False]
    assert sum(one != other for one, other in pairwise(quiet)) == 2, "one night, without a gap"


@pytest.mark.parametrize(
    ("urgency", "pierces", "expected"),
    [
        pytest.param("urgent", True, "night", id="an urgent one waits"),
        pytest.param("flash", True, None, id="a flash goes through"),
        pytest.param("flash", False, "night", id="unless the node says otherwise"),
    ],
)
def test_a_flash_may_go_through_quiet_hours(urgency: str, *, pierces: bool, expected: str | None) -> None:
    quiet = node("fx", mute_time_intervals=("night",), flash_pierces=pierces)

    found = quiet_by(quiet, urgency, {"night": TimeInterval(times=NIGHT)}, utc("2025-10-27T23:00"), zone="UTC")

    assert found == expected


def test_a_node_is_quiet_inside_a_muting_interval_and_outside_every_active_one() -> None:
    intervals = {"night": TimeInterval(times=NIGHT), "noon": TimeInterval(times=((720, 780),))}
    night, noon = utc("2025-10-27T23:00"), utc("2025-10-27T12:30")

    assert muted_by(["noon", "night"], [], intervals, night, zone="UTC") == "night"
    assert muted_by(["night"], [], intervals, noon, zone="UTC") is None
    assert muted_by([], ["noon"], intervals, night, zone="UTC") == "outside noon"
    assert muted_by([], ["noon", "night"], intervals, night, zone="UTC") is None
    assert muted_by(["gone"], ["gone"], intervals, night, zone="UTC") is None
