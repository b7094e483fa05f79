import pytest

from config.time_intervals import read_time_intervals, read_zone
from config.yaml_source import parse


def test_an_interval_over_midnight_keeps_its_start_and_end() -> None:
    text = "quiet: {times: ['22:00-06:00', '12:00-13:30'], weekdays: [mon-wed, sat], location: Asia/Kuala_Lumpur}\n"
    root = parse(text, name="x.yaml")
    interval = read_time_intervals(root)["quiet"]
    assert interval.times == ((1_320, 360), (720, 810))
    assert interval.weekdays == (0, 1, 2, 5)
    assert interval.location == "Asia/Kuala_Lumpur"
    assert root.source.report() == []


def test_an_interval_without_a_place_takes_the_desks() -> None:
    assert read_time_intervals(parse("all: {times: ['00:00-24:00']}\n", name="x.yaml"))["all"].location is None


@pytest.mark.parametrize(
    ("interval", "problem"),
    [
        pytest.param("{}", "needs times or weekdays", id="nothing"),
        pytest.param("{times: ['22-6']}", '"22-6" is no span of the day', id="hours alone"),
        pytest.param("{times: ['24:00-06:00']}", "is no span of the day", id="from 24:00"),
        pytest.param("{times: ['00:00-24:30']}", "is no span of the day", id="beyond the day"),
        pytest.param("{times: ['06:00-06:00']}", "is no span of the day", id="no time at all"),
        pytest.param("{weekdays: [monday]}", '"monday" is no weekday', id="a day in full"),
        pytest.param("{weekdays: [sat-mon]}", "runs over the week's end", id="over the week's end"),
        pytest.param("{weekdays: [mon], months: [may]}", 'unknown key "months"', id="months"),
        pytest.param("{weekdays: [mon], location: Asia/Kuala_Lumpr}", "did you mean Asia/Kuala_Lumpur?", id="a zone"),
    ],
)
def test_a_wrong_interval_is_named_with_its_cure(interval: str, problem: str) -> None:
    root = parse(f"quiet: {interval}\n", name="x.yaml")
    read_time_intervals(root)
    assert any(problem in line and 'time interval "quiet": ' in line for line in root.source.report())


@pytest.mark.parametrize("zone", ["Nowhere", "../etc/passwd", "/etc/passwd", "Asia"])
def test_what_is_no_zone_is_refused(zone: str) -> None:
    root = parse(f"zone: {zone}\n", name="x.yaml")
    assert read_zone(root.at("zone")) == "UTC"
    assert "unknown time zone" in root.source.report()[0]
