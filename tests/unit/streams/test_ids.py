import re

from streams import ids
from streams.ids import ArticleId, DeskId, EventId, ReceiverId, RevisionKey, RuleId, StoryId

ARTICLE, REVISION = ArticleId("a" * 16), RevisionKey("2-0123abcd")


def test_equal_parts_give_equal_ids_and_the_border_between_parts_counts() -> None:
    assert ids.content_id("ab", "c") == ids.content_id("ab", "c")
    assert ids.content_id("ab", "c") != ids.content_id("a", "bc")


def test_an_id_is_lower_case_hex_of_the_length_asked_for() -> None:
    assert re.fullmatch(r"[0-9a-f]{16}", ids.content_id("关税"))
    assert re.fullmatch(r"[0-9a-f]{26}", ids.content_id("关税", length=26))


def test_a_lone_surrogate_has_an_id_too() -> None:
    assert ids.content_id("\ud800") != ids.content_id("?")


def test_an_event_names_story_article_revision_and_part() -> None:
    story = ids.story_id(ARTICLE, REVISION)
    assert ids.event_id(story, ARTICLE, REVISION, 3) == f"{story}-{ARTICLE}-2-0123abcd-3"


def test_alert_and_routing_ids_depend_on_what_they_are_about_only() -> None:
    story = StoryId("s")
    assert ids.alert_id(story, RuleId("tariffs")) == ids.alert_id(story, RuleId("tariffs"))
    assert ids.alert_id(story, RuleId("tariffs")) != ids.alert_id(story, RuleId("rare-earths"))
    assert ids.routing_id(EventId("e"), DeskId("fx")) == "e@fx"


def test_a_delivery_differs_by_receiver_desk_event_part_and_purpose() -> None:
    event = ids.event_id(StoryId("s"), ARTICLE, REVISION, 0)
    other_part = ids.event_id(StoryId("s"), ARTICLE, REVISION, 1)
    made = {
        ids.delivery_id(ReceiverId(receiver), DeskId(desk), EventId(which), purpose)
        for receiver in ("slack", "hook")
        for desk in ("fx", "ops")
        for which in (event, other_part)
        for purpose in ("alert", "fallback")
    }
    assert len(made) == 16
    assert {len(one) for one in made} == {26}


def test_a_delivery_id_is_the_hash_of_its_seven_parts() -> None:
    event = ids.event_id(StoryId("s"), ARTICLE, REVISION, 4)
    expected = ids.content_id("slack", "fx", "s", ARTICLE, REVISION, "4", "alert", length=26)
    assert ids.delivery_id(ReceiverId("slack"), DeskId("fx"), event, "alert") == expected
