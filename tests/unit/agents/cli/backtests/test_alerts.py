from datetime import UTC, datetime, timedelta

import pytest

from agents.cli.backtests import alerts as backtest_alerts
from agents.cli.backtests.alerts import WAITING, Alerts, BothSides
from streams.matching.backtest import Taken
from streams.matching.match import Match
from tests.support.matching import article, matcher

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def matched(title: str, number: int) -> Match:
    return matcher({"metals": "tin"}).match(article(title, article_id=f"a{number}", publisher=f"P{number}"))


def test_copies_of_what_a_story_told_are_no_further_alert() -> None:
    alerts = Alerts()
    for number, title in enumerate(
        ["Tin mine in Peru closes", "Tin mine in Peru closes", "Tin mine in Peru closes 40 shafts"]
    ):
        alerts.take(matched(title, number), NOW + timedelta(minutes=number))
    assert alerts.counts == {"metals": 2}


def test_only_so_many_stories_and_articles_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backtest_alerts, "KEPT", 1)
    alerts = Alerts()
    for number, title in enumerate(
        ["Tin mine in Peru closes", "Smelter at Kigali burns tin", "Tin mine in Peru closes"]
    ):
        alerts.take(matched(title, number), NOW + timedelta(minutes=number))
    assert alerts.counts == {"metals": 3}  # the first story is forgotten, and so opens again


def test_the_same_match_twice_is_one_alert() -> None:
    alerts = Alerts()
    for _ in range(2):
        alerts.take(matched("Tin", 1), NOW)
    assert alerts.counts == {"metals": 1}


def test_matches_are_grouped_in_the_order_of_time_though_partitions_come_one_after_another() -> None:
    titles = ["Tin mine in Peru closes", "Tin mine in Peru closes 40 shafts"]
    later, earlier = Taken(None, matched(titles[1], 1)), Taken(matched(titles[0], 2), matched(titles[0], 2))
    sides = BothSides()
    sides.take(later, NOW + timedelta(hours=1))
    sides.take(Taken(), NOW)
    sides.take(earlier, NOW)
    assert not sides.live.counts
    sides.finish()
    assert (sides.live.counts, sides.proposed.counts) == ({"metals": 1}, {"metals": 2})


def test_only_so_many_matches_wait() -> None:
    sides, taken = BothSides(), Taken(None, matched("Tin", 1))
    for number in range(WAITING + 3):
        sides.take(taken, NOW + timedelta(seconds=number))
    assert sides.proposed.counts == {"metals": 1}  # the first came, and the next are known to be the same
