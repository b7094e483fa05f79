from datetime import UTC, datetime

import pytest

from streams.routing.route import TimeInterval
from streams.routing.time_interval import contains, muted_by

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


def test_a_node_is_quiet_inside_a_muting_interval_and_outside_every_active_one() -> None:
    intervals = {"night": TimeInterval(times=NIGHT), "noon": TimeInterval(times=((720, 780),))}
    night, noon = utc("2025-10-27T23:00"), utc("2025-10-27T12:30")

    assert muted_by(["noon", "night"], [], intervals, night, zone="UTC") == "night"
    assert muted_by(["night"], [], intervals, noon, zone="UTC") is None
    assert muted_by([], ["noon"], intervals, night, zone="UTC") == "outside noon"
    assert muted_by([], ["noon", "night"], intervals, night, zone="UTC") is None
    assert muted_by(["gone"], ["gone"], intervals, night, zone="UTC") is None
