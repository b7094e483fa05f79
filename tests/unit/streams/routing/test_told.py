import pytest

from streams.matching.rule import Urgency
from streams.routing.told import MOST_KEYS, DeskStory, ToldKey, told_with
from streams.topics import MESSAGE_BYTES


def key(*entities: str, rule: str = "r1", urgency: str = "urgent", event: str = "e1") -> ToldKey:
    return ToldKey(rule_id=rule, entities=entities, urgency=Urgency(urgency), event_id=event)


@pytest.mark.parametrize(
    ("other", "covered"),
    [
        pytest.param(key("china", "us"), True, id="the same"),
        pytest.param(key("us"), True, id="a part"),
        pytest.param(key(), True, id="no entity"),
        pytest.param(key("china", "us", urgency="routine"), True, id="less urgent"),
        pytest.param(key("china", "eu"), False, id="a further entity"),
        pytest.param(key("china", urgency="flash"), False, id="more urgent"),
        pytest.param(key("china", rule="r2"), False, id="another rule"),
    ],
)
def test_a_key_covers_a_part_of_it_at_no_higher_urgency(other: ToldKey, *, covered: bool) -> None:
    assert key("china", "us").covers(other) is covered


def test_a_desk_knows_what_one_of_its_keys_covers() -> None:
    story = DeskStory(desk="fx", story_id="s1", told=(key("china"), key("us")), decided_offset=3)

    assert story.telling(key("us")) == key("us")
    assert story.telling(key("china", "us")) is None
    assert story.heard_of("r1")
    assert not story.heard_of("r2")
    assert story.key == "fx/s1"


def test_keys_that_are_covered_are_not_kept() -> None:
    told = told_with([key("china"), key("eu")], [key("us"), key("china", "us"), key("us", event="e2")])

    assert told == (key("eu"), key("china", "us"))


def test_of_a_story_without_end_the_newest_keys_are_kept_and_the_oldest_is_told_again() -> None:
    told: tuple[ToldKey, ...] = ()
    for number in range(MOST_KEYS + 1):
        told = told_with(told, [key(f"e{number}")])
    story = DeskStory(desk="fx", story_id="s1", told=told, decided_offset=3)

    assert len(told) == MOST_KEYS
    assert story.telling(key("e0")) is None
    assert story.telling(key(f"e{MOST_KEYS}"))
    assert len(story.to_json()) < MESSAGE_BYTES / 4
