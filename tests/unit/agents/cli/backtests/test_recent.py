from datetime import UTC, datetime, timedelta

import pytest

from agents.cli.backtests.recent import LEAST_ARTICLES, Recent
from streams.matching.matcher import Matcher
from tests.support.matching import article, matcher

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
KEPT = matcher({"kept": "zinc"})
AFTER = matcher({"much": "gold", "little": "tin", "kept": "zinc"})


def warnings(*, articles: int, every: timedelta, gold: int, live: Matcher = KEPT) -> list[str]:
    recent = Recent(live, AFTER)
    for number in range(articles):
        title = "gold" if number < gold else "tin" if number == gold else "zinc"
        recent.take(article(title, article_id=f"{number:016x}"), NOW + number * every)
    return list(recent.warnings())


def test_a_new_rule_that_matches_over_a_twentieth_of_the_articles_is_told_with_how_often_a_day() -> None:
    assert warnings(articles=101, every=timedelta(hours=1), gold=6) == [
        'warning: rule "much" would fire 1 times a day: it matches 5.9% of the newest 101 articles, over 5%'
    ]


@pytest.mark.parametrize(
    ("articles", "gold"),
    [
        pytest.param(LEAST_ARTICLES, 5, id="a twentieth is not over it"),
        pytest.param(LEAST_ARTICLES - 1, 50, id="too few articles"),
        pytest.param(0, 0, id="no article"),
    ],
)
def test_nothing_is_told_of_a_share_that_is_small_or_says_nothing(articles: int, gold: int) -> None:
    assert warnings(articles=articles, every=timedelta(minutes=1), gold=gold) == []


def test_of_articles_within_an_hour_no_figure_a_day_is_told() -> None:
    (line,) = warnings(articles=100, every=timedelta(seconds=1), gold=50)
    assert line == 'warning: rule "much" matches 50.0% of the newest 100 articles, over 5%'


def test_a_rule_that_stays_as_it_is_is_not_told() -> None:
    assert warnings(articles=200, every=timedelta(minutes=1), gold=100, live=AFTER) == []
