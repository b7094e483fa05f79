import random
from datetime import timedelta

import pytest

from streams.alerts.arrival import arrival_of
from streams.stories import growth, held
from streams.stories.growth import grown, joined, opened
from streams.stories.story import Arrival
from tests.support.alerting import NOW, match


def arrival(article_id: str = "a1", offset: int = 0, **fields: object) -> Arrival:
    return arrival_of(match(article_id, **fields), offset=offset, at=NOW)  # type: ignore[arg-type] # any field


def test_a_story_opens_with_its_first_article() -> None:
    story = grown(opened("s1", arrival(numbers=["54"]), {"yttrium": 1.0}), arrival(numbers=["54"]))

    assert (story.first.article_id, story.articles, story.matches_offset) == ("a1", 1, 0)
    assert [source.publisher for source in story.sources] == ["Reuters"]
    assert [(fact.kind, fact.value) for fact in story.facts] == [("number", "54")]
    assert story.alert_revisions == {"rare-earths": 1}
    assert story.terms == {"yttrium": 1.0}


def test_a_further_article_adds_its_source_facts_and_rules() -> None:
    first = arrival()
    second = arrival("a2", 1, publisher="BBC", numbers=["60"], rules=["tariffs"], entities=["china"], language="fr")

    story = grown(joined(grown(opened("s1", first, {"yttrium": 1.0}), first), {"yttrium": 0.6, "gas": 0.8}), second)

    assert (story.articles, story.terms) == (2, {"yttrium": 1.6, "gas": 0.8})
    assert [source.publisher for source in story.sources] == ["Reuters", "BBC"]
    assert [rule.rule_id for rule in story.rules] == ["rare-earths", "tariffs"]
    assert (story.entities, story.languages) == (("china",), ("en", "fr"))
    assert {fact.article_id for fact in story.facts} == {"a2"}


def test_who_told_a_fact_first_is_kept_for_each_permission() -> None:
    first, second = arrival(numbers=["54"]), arrival("a2", 1, numbers=["54"], permission="reuters")
    third = arrival("a3", 2, numbers=["54"])

    story = grown(grown(grown(opened("s1", first, {}), first), second), third)

    assert [(fact.article_id, fact.permission) for fact in story.facts] == [("a1", "public"), ("a2", "reuters")]


def test_a_revision_counts_its_rules_but_no_source_or_text_twice() -> None:
    first = arrival(extra={"text_hash": "t1", "sketch": ("01",)})

    story = grown(grown(opened("s1", first, {}), first), first)

    assert (len(story.sources), len(story.texts)) == (1, 1)
    assert story.alert_revisions == {"rare-earths": 2}


def test_the_lists_of_a_long_story_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MOST_FACTS", "MOST_TEXTS", "MOST_SOURCES"):
        monkeypatch.setattr(growth, name, 2)
    arrivals = [
        arrival(f"a{number}", number, publisher=f"p{number}", numbers=[str(number)], extra={"text_hash": f"t{number}"})
        for number in range(3)
    ]
    story = opened("s1", arrivals[0], {})
    for one in arrivals:
        story = grown(story, one)

    assert [fact.value for fact in story.facts] == ["1", "2"]
    assert [text.text_hash for text in story.texts] == ["t1", "t2"]
    assert [source.publisher for source in story.sources] == ["p0", "p1"]


def test_a_source_stands_with_its_first_sight_in_whatever_order_its_articles_come() -> None:
    later = arrival("a1", 0, first_seen_at=NOW + timedelta(seconds=9))
    first = arrival(
        "a2", 1, first_seen_at=NOW, absent_at=NOW - timedelta(seconds=30), published_at=NOW, date_quality="exact"
    )
    last = arrival("a3", 2, first_seen_at=NOW + timedelta(seconds=20))

    story = opened("s1", later, {})
    for one in (later, first, last):
        story = grown(story, one)

    (source,) = story.sources
    assert (source.article_id, source.first_seen_at, source.claimed_at) == ("a2", NOW, NOW)
    assert (source.absent_at, source.date_quality) == (NOW - timedelta(seconds=30), "exact")


def told(chance: random.Random, number: int) -> Arrival:
    """Return an article of few publishers, figures and texts, so that each comes again after it was dropped."""
    return arrival(
        f"a{number}",
        number,
        publisher=f"p{chance.randrange(5)}",
        permission=chance.choice(["public", "reuters"]),
        numbers=[str(chance.randrange(6)) for _ in range(chance.randrange(3))],
        entities=chance.sample(["china", "us", "eu"], chance.randrange(3)),
        first_seen_at=NOW + timedelta(seconds=chance.randrange(9)),
        extra={"text_hash": chance.choice(["", "t1", "t2", "t3", "t4"]), "sketch": ("01",) * chance.randrange(2)},
    )


def test_a_story_grows_the_same_with_what_it_holds_remembered_forgotten_or_of_another_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, bound in (("MOST_FACTS", 4), ("MOST_TEXTS", 2), ("MOST_SOURCES", 6)):
        monkeypatch.setattr(growth, name, bound)
    chance = random.Random(3)
    arrivals = [told(chance, number) for number in range(200)]
    remembered = forgotten = opened("s1", arrivals[0], {})
    for one in arrivals:
        remembered = grown(remembered, one)
        with monkeypatch.context() as patch:
            patch.setattr(held, "_HELD", {})
            forgotten = grown(forgotten, one)
        if one.offset % 5 == 0:
            grown(remembered, told(chance, 1_000))  # what was decided, and not applied

        assert remembered == forgotten
    assert len(remembered.sources) == 6
    assert len({fact.article_id for fact in remembered.facts}) > 1


def test_the_stories_that_grew_last_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "_HELD", {})
    monkeypatch.setattr(held, "MOST_HELD", 2)
    first = arrival()

    for name in ("s1", "s2", "s1", "s3"):
        grown(opened(name, first, {}), first)

    assert list(held._HELD) == ["s1", "s3"]
