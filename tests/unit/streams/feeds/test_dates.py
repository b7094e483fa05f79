from datetime import UTC, datetime, timedelta

import pytest

from streams.feeds.dates import credible, has_zone, read_date
from streams.feeds.entry import SourceDate
from tests.fakes import START

NINE = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "at", "zoned"),
    [
        pytest.param("Mon, 02 Mar 2026 09:30:00 GMT", NINE, True, id="rfc 822"),
        pytest.param("Mon, 02 Mar 2026 10:30:00 +0100", NINE, True, id="rfc 822 with an offset"),
        pytest.param("02 Mar 2026 04:30:00 EST", NINE, True, id="american zone"),
        pytest.param("Mon, 02 Mar 2026 18:30:00 JST", NINE, True, id="japanese zone"),
        pytest.param("Mon, 02 Mar 2026 17:30 HKT", NINE, True, id="hong kong, no seconds"),
        pytest.param("Mon, 02 Mar 2026 09:30:00", NINE, False, id="no zone counts as UTC"),
        pytest.param("Mon, 02 Mar 2026 09:30:00 XYZ", NINE, False, id="unknown zone counts as UTC"),
        pytest.param("2026-03-02T09:30:00Z", NINE, True, id="iso"),
        pytest.param("2026-03-02T09:30:00.000+00:00", NINE, True, id="iso with a fraction"),
        pytest.param(" 2026-03-02 10:30:00+01:00 ", NINE, True, id="iso with a space"),
        pytest.param("2026-03-02T09:30:00", NINE, False, id="iso without a zone"),
        pytest.param("2026-03-02", NINE.replace(hour=0, minute=0), False, id="a day"),
    ],
)
def test_a_date_is_read_with_its_zone(text: str, at: datetime, zoned: bool) -> None:
    assert read_date(text) == SourceDate(at, zoned)


@pytest.mark.parametrize(
    "text",
    [
        "", "soon", "0",
        "Mon, 99 Foo 2026", "Mon, 02 Mar 99999 09:30:00 GMT", "32 Mar 2026 25:61:00 GMT", "\0", "9" * 400,
        "Mon, 02 Mar 2026 09:30:00 +99999999999999999", "0001-01-01T00:00:00+23:00",
    ],
)  # fmt: skip
def test_what_is_no_date_gives_none(text: str) -> None:
    assert read_date(text) is None


@pytest.mark.parametrize(
    ("text", "zoned"),
    [("10:00 GMT", True), ("10:00:00 +0100", True), ("10:00:00-05:00", True), ("10:00", False), ("10:00 FOO", False)],
)
def test_a_zone_is_seen(text: str, zoned: bool) -> None:
    assert has_zone(text) is zoned


@pytest.mark.parametrize(
    ("ahead_s", "stands"),
    [pytest.param(-3_600, True, id="past"), pytest.param(600, True, id="10 min"), pytest.param(601, False, id="more")],
)
def test_a_date_more_than_ten_minutes_ahead_does_not_stand(ahead_s: int, stands: bool) -> None:
    assert credible(SourceDate(START + timedelta(seconds=ahead_s), zoned=True), now=START) is stands


def test_no_date_does_not_stand() -> None:
    assert credible(None, now=START) is False
