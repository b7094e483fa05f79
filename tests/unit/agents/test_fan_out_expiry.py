"""Desk-stories end a week after their last decision, whatever the broker's clock does."""

from datetime import datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from agents import fan_out
from agents.fan_out import FanOut, Known
from agents.metrics import Metrics
from streams.routing.told import DeskStory
from streams.topics import ROUTES
from tests.support.alerting import NOW, alert, read_alert, read_as, routes, version

WEEK = timedelta(days=7)
MINUTE = timedelta(minutes=1)


def known(*decided: datetime | None) -> Known:
    found = Known()
    for number, at in enumerate(decided):
        found.take(DeskStory(desk="fx", story_id=f"s{number}", decided_offset=number, decided_at=at))
    return found


def test_a_clock_that_leapt_ahead_keeps_no_later_desk_story_for_ever() -> None:
    stories = known(NOW, NOW + 52 * WEEK, None, NOW + MINUTE, NOW + WEEK)

    assert list(stories.expiring(NOW + WEEK + 2 * MINUTE)) == ["fx/s0", "fx/s3"]
    assert list(stories.expiring(NOW + 54 * WEEK)) == ["fx/s0", "fx/s1", "fx/s3", "fx/s4"]


def test_a_leap_ends_so_many_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fan_out, "MOST_EXPIRED", 2)
    stage = FanOut(Metrics(CollectorRegistry()))
    stage.apply(read_as(ROUTES, version(routes()), key="v1", at=NOW - MINUTE))
    stage.begin(0)
    for number in range(5):
        stage.decide(read_alert(alert(f"a{number}", story=f"s{number}"), offset=number, number=0), stamped_at=NOW)

    ended = [
        [state.key for state in stage.decide(leapt, stamped_at=NOW).states if state.value is None]
        for leapt in (
            read_alert(alert(f"b{number}", story=f"t{number}"), offset=9 + number, at=NOW + 2 * WEEK, number=0)
            for number in range(3)
        )
    ]

    assert ended == [["fx/s0", "fx/s1"], ["fx/s2", "fx/s3"], ["fx/s4"]]
