"""Each shipped rule has examples for and against in each shipped language; what tocsin says of itself has its own."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.rules import load_rules
from streams.articles.article import Article
from streams.articles.notes import PUBLISHER, feed_note, heartbeat
from streams.feeds.feed import Feed, FeedState
from streams.feeds.health import Condition
from streams.matching.matcher import Matcher
from streams.matching.query import parse
from streams.matching.rule import Examples
from streams.matching.tree import And, Attribute
from streams.text.fold import fold
from streams.text.language import detect
from streams.text.variants import variants
from tests.support.headlines import LANGUAGES, shipped
from tests.support.matching import article

RULES = {entry.id: entry for entry in load_rules(Path("no-folder-of-this-name")) if entry.kind == "rule"}
NOW = datetime(2025, 10, 26, 12, tzinfo=UTC)


def note(condition: Condition, publisher: str = "The Wire") -> Article:
    """Return what tocsin writes of a feed."""
    url = "https://wire.example/"
    feed = Feed.model_validate({"feed_id": "wire", "url": url, "fetch_url": url, "publisher": publisher})
    return feed_note(feed, FeedState(feed_id=feed.feed_id, next_poll_at=NOW, gap_s=60.0), condition, now=NOW)


NOTES = (heartbeat(3, now=NOW), *map(note, Condition))


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


def languages_of(query: str) -> set[str]:
    """Return the languages in which a rule needs examples: all that are shipped, or those of tocsin's own articles.

    A rule that can match nothing but those is told by the part of its query that asks for their publisher.
    """
    root = parse(query).root
    asked = root.children if isinstance(root, And) else (root,)
    own = any(isinstance(part, Attribute) and (part.name, part.words) == ("source", (PUBLISHER,)) for part in asked)
    return {note.language for note in NOTES} if own else set(LANGUAGES)


def lacking(query: str, examples: Examples) -> set[str]:
    """Return each kind and language of which a rule has fewer than three examples."""
    given = {"match": examples.match, "no_match": examples.no_match}
    stated = {"match": examples.match_articles, "no_match": examples.no_match_articles}
    counts = {
        kind: Counter([*map(language_of, given[kind]), *(one.language for one in stated[kind])]) for kind in given
    }
    return {f"{kind} {name}" for kind in counts for name in languages_of(query) if counts[kind][name] < 3}


@pytest.mark.parametrize("rule", sorted(RULES))
def test_each_shipped_rule_has_three_examples_for_and_against_in_each_language(rule: str) -> None:
    body = RULES[rule].body
    assert lacking(str(body["query"]), Examples.model_validate(body["examples"])) == set()


def test_examples_that_are_missing_in_one_language_are_found() -> None:
    body = RULES["rare-earths"].body
    whole = Examples.model_validate(body["examples"])
    fewer = tuple(text for text in whole.match if language_of(text) != "ja")
    assert lacking(str(body["query"]), whole.model_copy(update={"match": fewer})) == {"match ja"}
    assert lacking("source:tocsin", Examples()) == {"match en", "no_match en"}
    assert len(lacking("source:reuters OR source:tocsin", Examples())) == 2 * len(LANGUAGES)


def test_the_rule_on_health_is_shown_with_what_tocsin_writes() -> None:
    examples = Examples.model_validate(RULES["tocsin-health"].body["examples"])
    assert {one.title for one in examples.match_articles} == {note.title for note in NOTES[1:]}
    assert NOTES[0].title.partition(" ")[0] in {one.title.partition(" ")[0] for one in examples.no_match_articles}


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
    found = rules.match(note(condition, publisher))
    assert [hit.rule_id for hit in found.rules] == ["tocsin-health"]


def test_another_publisher_that_writes_of_heartbeats_and_silence_alerts_nobody(rules: Matcher) -> None:
    assert rules.match(article("heartbeat 3", "Feed wire has fallen silent")).rules == ()
