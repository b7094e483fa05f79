"""Each shipped rule has examples for and against in each shipped language; what tocsin says of itself has its own."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.rules import load_rules
from streams.articles.notes import feed_note, heartbeat
from streams.feeds.feed import Feed, FeedState
from streams.feeds.health import Condition
from streams.matching.matcher import Matcher
from streams.matching.rule import Examples
from streams.text.fold import fold
from streams.text.language import detect
from streams.text.variants import variants
from tests.support.headlines import shipped
from tests.support.matching import article

RULES = {entry.id: entry for entry in load_rules(Path("no-folder-of-this-name")) if entry.kind == "rule"}
NEWS = sorted(set(RULES) - {"tocsin-health"})
LANGUAGES = ("en", "zh-Hans", "zh-Hant", "ja", "de")
NOW = datetime(2025, 10, 26, 12, tzinfo=UTC)


def language_of(text: str) -> str:
    """Return the language of an example; Chinese is traditional if folding changes one of its characters."""
    language, _ = detect(text)
    if language != "zh":
        return language
    simplified = set(variants().values())
    traditional = sum(fold(char) != char for char in text)
    return "zh-Hant" if traditional > sum(char in simplified for char in text) / 2 else "zh-Hans"


@pytest.fixture(scope="module")
def rules() -> Matcher:
    return shipped()


@pytest.mark.parametrize("kind", ["match", "no_match"])
@pytest.mark.parametrize("rule", NEWS)
def test_a_shipped_rule_has_three_examples_of_each_kind_in_each_language(rule: str, kind: str) -> None:
    examples = Examples.model_validate(RULES[rule].body["examples"])
    counts = Counter(map(language_of, getattr(examples, kind)))
    assert {language: counts[language] for language in LANGUAGES if counts[language] < 3} == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Smoot-Hawley tariffs of 1930 deepened the slump", False, id="history"),
        pytest.param("Trump's tariffs are the highest since the Smoot-Hawley Act of 1930", True, id="today too"),
        pytest.param("Steel tariffs at their highest since the 1930s, brokers say", True, id="since"),
        pytest.param("スムート・ホーリー法の高関税が世界恐慌を深刻にした", False, id="history ja"),
        pytest.param("トランプ関税、スムート・ホーリー法以来の高さ", True, id="today too ja"),
        pytest.param("大萧条时期的关税战", False, id="history zh"),
        pytest.param("特朗普关税水平为大萧条以来最高", True, id="today too zh"),
        pytest.param("Zölle im Mittelalter", False, id="history de"),
        pytest.param("Trumps Zölle so hoch wie seit der Weltwirtschaftskrise nicht", True, id="today too de"),
    ],
)
def test_tariffs_of_history_alert_only_with_something_of_today(rules: Matcher, text: str, *, expected: bool) -> None:
    for given in (article(text), article("News", body=text)):
        assert ("tariffs" in {hit.rule_id for hit in rules.match(given).rules}) is expected


def test_history_late_in_a_story_of_today_takes_no_alert_away(rules: Matcher) -> None:
    story = "Brussels will raise tariffs on steel. " + "Makers of cars wait and see. " * 12
    match = rules.match(article("EU raises tariffs", body=story + "In 1930 the Smoot-Hawley Act did the same."))
    assert "tariffs" in {hit.rule_id for hit in match.rules}


@pytest.mark.parametrize("number", [0, 7, 1930])
def test_a_heartbeat_alerts_nobody(rules: Matcher, number: int) -> None:
    assert rules.match(heartbeat(number, now=NOW)).rules == ()


@pytest.mark.parametrize("condition", list(Condition))
@pytest.mark.parametrize("publisher", ["The Wire", "Heartbeat News"])
def test_a_note_on_a_feed_alerts_its_rule_alone(rules: Matcher, condition: Condition, publisher: str) -> None:
    url = "https://wire.example/"
    feed = Feed.model_validate({"feed_id": "wire", "url": url, "fetch_url": url, "publisher": publisher})
    note = feed_note(feed, FeedState(feed_id=feed.feed_id, next_poll_at=NOW, gap_s=60.0), condition, now=NOW)
    assert [hit.rule_id for hit in rules.match(note).rules] == ["tocsin-health"]


def test_another_publisher_that_writes_of_heartbeats_and_silence_alerts_nobody(rules: Matcher) -> None:
    assert rules.match(article("heartbeat 3", "Feed wire has fallen silent")).rules == ()
