from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from streams.matching.match import Match
from streams.stories.checkpoint import Checkpoint, Memory, Snapshot, in_order, records_of
from streams.stories.story import StoryArticle
from tests.support.alerting import NOW, TITLE, match
from tests.support.alerting import Stage as Decisions

NIGHT = NOW + timedelta(days=1)


def memory_of(matches: Sequence[Match]) -> Memory:
    """Return what a stage remembers after these matches, ten minutes apart."""
    decisions, memory = Decisions(), Memory()
    for number, one in enumerate(matches):
        decisions.take(one, after=timedelta(minutes=10 * number))
    for _, record in decisions.records:
        memory.restore(record)  # type: ignore[arg-type]  # the stage writes these three kinds
    memory.settle()
    return memory


def matches(count: int) -> list[Match]:
    return [match(f"a{number}", title=f"{TITLE} {number % 3}", numbers=[str(number)]) for number in range(count)]


def snapshot(memory: Memory) -> Snapshot:
    return Snapshot(
        at=NIGHT,
        matches_offset=memory.book.offset + 1,
        counts=memory.counts,
        articles=tuple(memory.book.articles.values()),
        stories=tuple(memory.book.clusterer.stories.values()),
    )


def state(memory: Memory) -> list[bytes]:
    records = (*memory.book.articles.values(), *memory.book.clusterer.stories.values())
    counts = [] if memory.counts is None else [memory.counts.to_json()]
    return [*counts, *(record.to_json() for record in records)]


@pytest.mark.parametrize(
    ("limit", "parts"), [pytest.param(900_000, 1, id="one part"), pytest.param(3_000, 5, id="several")]
)
def test_a_memory_that_is_restored_from_all_parts_is_the_one_that_was(limit: int, parts: int) -> None:
    memory, again = memory_of(matches(12)), Memory()
    made = list(snapshot(memory).parts(limit=limit))
    read = [Checkpoint.from_json(value) for _, value in made]

    for part in read:
        for record in records_of(part):
            again.restore(record)
    again.settle()

    assert state(again) == state(memory)
    assert (again.book.offset, again.book.latest_at) == (memory.book.offset, memory.book.latest_at)
    assert [part.part for part in read] == list(range(len(read)))
    assert [part.parts for part in read] == [*[0] * (len(read) - 1), len(read)]
    assert len(read) >= parts


def test_frequencies_that_a_frozen_process_wrote_late_do_not_replace_newer_ones() -> None:
    decisions, memory = Decisions(), Memory()
    for number, one in enumerate(matches(12)):
        decisions.take(one, after=timedelta(minutes=10 * number))
    first, *_, story = [record for _, record in decisions.records if not isinstance(record, StoryArticle)]
    for record in (*(record for _, record in decisions.records), first, story):
        memory.restore(record)  # type: ignore[arg-type]  # the stage writes these three kinds
    memory.settle()

    assert memory.counts is not first
    assert memory.book.frequencies.hour == decisions.book.frequencies.hour
    assert memory.book._documents == decisions.book._documents


def test_a_part_is_the_json_of_its_record_and_keeps_below_the_limit() -> None:
    for head, value in snapshot(memory_of(matches(12))).parts(limit=4_000):
        read = Checkpoint.from_json(value)
        assert read.to_json() == value
        assert (read.key, head.key) == (f"2025-10-27/{head.part}", f"2025-10-27/{head.part}")
        assert len(value) < 4_000 + 200


def test_nothing_known_is_one_empty_part() -> None:
    ((head, value),) = snapshot(Memory()).parts()

    assert (head.part, head.parts) == (0, 1)
    assert list(records_of(Checkpoint.from_json(value))) == []


def test_a_record_that_fills_a_part_is_alone_in_it() -> None:
    memory = memory_of(matches(3))
    assert len(list(snapshot(memory).parts(limit=10))) == len(state(memory))


def test_a_part_is_encoded_when_it_is_asked_for() -> None:
    parts = snapshot(memory_of(matches(12))).parts(limit=3_000)
    head, _ = next(parts)
    assert (head.part, head.parts) == (0, 0)


@pytest.mark.parametrize(
    ("at", "due"),
    [
        pytest.param(datetime(2025, 10, 26, 23, 59, 59, 999_999, UTC), False, id="the last moment of a day"),
        pytest.param(datetime(2025, 10, 27, tzinfo=UTC), True, id="midnight"),
        pytest.param(datetime(2025, 11, 3, 9, tzinfo=UTC), True, id="days later"),
    ],
)
def test_a_snapshot_is_due_before_the_first_match_of_a_day(at: datetime, due: bool) -> None:
    decisions = Decisions()
    decisions.take(match())
    memory = memory_of([match()])
    decided = decisions.take(match("a2", numbers=["7"]), after=at - NOW)
    assert not isinstance(decided, str)

    taken = memory.before(decided.change)

    assert (taken is not None) is due
    if taken is not None:
        assert (taken.at, taken.matches_offset) == (at, 1)
        assert [article.article_id for article in taken.articles] == ["a1"]
        assert taken.counts == memory.counts


def test_the_very_first_match_stands_behind_an_empty_snapshot() -> None:
    decided = Decisions().take(match())
    assert not isinstance(decided, str)

    taken = Memory().before(decided.change)

    assert taken is not None
    assert (taken.matches_offset, taken.counts, taken.articles, taken.stories) == (0, None, (), ())


def test_what_stands_before_a_story_that_is_missing_does_not_count() -> None:
    memory = memory_of(matches(3))
    before = state(memory)
    article = next(iter(memory.book.articles))
    later = memory.counts.model_copy(update={"documents": 99, "matches_offset": 9}) if memory.counts else None
    assert later is not None
    story = next(iter(memory.book.clusterer.stories.values()))

    memory.restore_deletion(f"article/{article}")
    memory.restore(later)
    assert state(memory) == before

    memory.restore(story.model_copy(update={"matches_offset": 8}))
    assert article not in memory.book.articles
    assert memory.counts is not later, "it belongs to a later match"

    memory.restore(story.model_copy(update={"matches_offset": 9}))
    assert memory.counts is later


def test_a_settled_memory_forgets_what_it_held() -> None:
    memory = memory_of(matches(3))
    article = next(iter(memory.book.articles))
    memory.restore_deletion(f"article/{article}")
    memory.settle()
    memory.restore(next(reversed(memory.book.clusterer.stories.values())))

    assert article in memory.book.articles


def test_applying_a_change_keeps_the_record_of_the_frequencies_in_force() -> None:
    decisions, memory = Decisions(), Memory()
    first = decisions.take(match())
    second = decisions.take(match("a2"))
    assert not isinstance(first, str)
    assert not isinstance(second, str)

    memory.apply(first.change, first.frequencies)
    assert memory.counts is first.change.counts is not None
    memory.apply(second.change, second.frequencies)
    assert memory.counts is first.change.counts


def test_an_article_comes_before_the_story_of_its_match() -> None:
    memory = memory_of(matches(3))
    ordered = list(in_order(memory.book.articles.values(), memory.book.clusterer.stories.values()))

    offsets = [record.matches_offset for record in ordered]
    assert offsets == sorted(offsets)
    assert isinstance(ordered[0], StoryArticle)
