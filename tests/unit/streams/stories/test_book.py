from datetime import timedelta

import pytest

from streams.alerts.decide import Decided
from streams.stories import book, clustering, growth
from streams.stories.book import StoryBook
from streams.stories.story import Story, StoryArticle, TermCounts
from tests.support.alerting import NOW, Stage, head, match

HOUR = timedelta(hours=1)
TITLES = [
    "China halts rare earths exports",
    "Beijing halts exports of rare earths to US",
    "Floods displace thousands in Bangladesh",
    "Trump and Xi meet at summit in Busan",
    "Trump meets Xi at the summit, says tariffs fall",
]


def restored(stage: Stage) -> StoryBook:
    made = StoryBook()
    for _, record in stage.records:
        assert isinstance(record, Story | StoryArticle | TermCounts)
        made.restore(type(record).from_json(record.to_json()))
    made.settle()
    return made


def filled() -> Stage:
    stage = Stage()
    for number, title in enumerate(TITLES):
        stage.take(match(f"a{number}", title=title, numbers=[str(number)]), after=number * HOUR / 2)
    return stage


def test_a_restored_book_decides_as_the_old_one_would() -> None:
    stage = filled()
    twin = Stage(restored(stage))
    twin.offset = stage.offset

    for number, title in enumerate(TITLES, len(TITLES)):
        given = match(f"a{number}", title=f"UPDATE {title}", numbers=["9"])
        one, other = stage.take(given, after=3 * HOUR), twin.take(given, after=3 * HOUR)
        assert isinstance(one, Decided)
        assert isinstance(other, Decided)
        assert (one.alert.to_json(), one.change) == (other.alert.to_json(), other.change)


def test_frequencies_change_with_the_hour_of_the_event_time_alone() -> None:
    stage = Stage()
    first, same, later = (
        stage.take(match(f"a{number}"), after=after)
        for number, after in enumerate((timedelta(), timedelta(minutes=10), timedelta(minutes=20)))
    )

    assert isinstance(first, Decided)
    assert isinstance(same, Decided)
    assert isinstance(later, Decided)
    assert first.change.counts is not None
    assert same.change.counts is None
    assert later.change.counts is not None
    assert later.change.counts.documents == 2
    assert later.change.counts.matches_offset == 2


def test_an_article_above_the_highest_story_is_ignored() -> None:
    stage = filled()
    stage.records.pop()  # the story of the last match was not written

    book = restored(stage)

    assert book.offset == len(TITLES) - 2
    assert f"a{len(TITLES) - 1}" not in book.articles


def test_an_article_above_a_story_waits_for_its_own() -> None:
    stage = filled()
    article, story = stage.records[-2:]
    book = StoryBook()
    for record in (article[1], stage.records[2][1], story[1]):
        assert isinstance(record, Story | StoryArticle)
        before = set(book.articles)
        book.restore(record)
        if record is stage.records[2][1]:
            assert set(book.articles) == before

    assert "a4" in book.articles


def test_an_older_record_that_a_zombie_wrote_last_does_not_turn_a_story_back() -> None:
    stage = Stage()
    for number in range(3):
        stage.take(
            match("a0", title=TITLES[0], numbers=[str(number)], revision=f"{number + 1}-0000000{number}"),
            after=number * HOUR / 4,
        )
    newest = restored(stage)
    stage.records += [(key, record) for key, record in stage.records if not isinstance(record, TermCounts)][:2]

    turned = restored(stage)

    assert turned.clusterer.stories == newest.clusterer.stories
    assert turned.articles == newest.articles
    assert turned.offset == newest.offset


def test_a_deleted_record_is_forgotten() -> None:
    stage = filled()
    book = restored(stage)
    name = next(iter(book.clusterer.stories))

    book.restore_deletion("article/a0")
    book.restore_deletion(name)
    book.restore_deletion("df/2025-10-26T07")

    assert "a0" not in book.articles
    assert name not in book.clusterer.stories
    assert book.frequencies.documents > 0


def test_articles_end_seven_days_after_their_last_use_and_stories_after_72_hours() -> None:
    stage = filled()
    opened = set(stage.book.clusterer.stories)

    decided = stage.take(match("a9", title="Oil falls"), after=timedelta(days=8))

    assert isinstance(decided, Decided)
    assert set(decided.change.forgotten) == {f"a{number}" for number in range(len(TITLES))}
    assert set(decided.change.closed) == opened
    assert list(stage.book.articles) == ["a9"]
    assert list(stage.book.clusterer.stories) == [decided.change.story.story_id]


@pytest.mark.parametrize("kind", ["new", "health"])
def test_health_is_no_document(kind: str) -> None:
    stage = Stage()
    stage.take(match("a1", kind=kind))

    assert stage.book._documents == (kind == "new")


def test_heads_are_kept_for_later_revisions() -> None:
    assert filled().book.articles["a0"].head == head("a0", title=TITLES[0])


def test_articles_beyond_the_room_there_is_are_forgotten_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = filled()
    monkeypatch.setattr(book, "MOST_ARTICLES", 3)

    decided = stage.take(match("a9", title="Oil falls"), after=3 * HOUR)

    assert isinstance(decided, Decided)
    assert decided.change.forgotten == ("a0", "a1", "a2")


def test_where_the_clock_stands_still_articles_are_counted_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "MOST_PENDING", 3)
    stage = Stage()
    decided = [stage.take(match(f"a{number}")) for number in range(8)]

    counted = [one.change.counts.documents for one in decided if isinstance(one, Decided) and one.change.counts]
    assert counted == [0, 3, 6]
    assert restored(stage).frequencies.documents == 6


def test_an_article_that_comes_again_is_not_forgotten_by_its_own_match(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = filled()
    monkeypatch.setattr(book, "MOST_ARTICLES", 5)

    decided = stage.take(match("a0", title=TITLES[0], revision="2-0b0b0b0b", numbers=["7"]), after=3 * HOUR)

    assert isinstance(decided, Decided)
    assert decided.change.forgotten == ()


@pytest.mark.parametrize("title", ["", "!!!", "ประกาศภาษีนำเข้าใหม่", "Правительство вводит пошлины", "🚢🚢🚢"])
def test_a_title_without_words_or_entities_opens_a_story_and_its_copy_in_words_joins_it(title: str) -> None:
    stage = Stage()
    first, again = stage.alert(match("a1", title=title)), stage.alert(match("a2", title=title))

    assert (first.story_id == again.story_id) == any(char.isalpha() for char in title)


def test_articles_out_of_order_by_days_and_a_clock_that_leaps_keep_the_book_in_order() -> None:
    stage = Stage()
    leaps = [timedelta(0), timedelta(days=-3), timedelta(days=40), timedelta(days=-40), timedelta(days=41)]
    for number, after in enumerate(leaps):
        stage.alert(match(f"a{number}", title=TITLES[number]), after=after)

    times = [story.last_article_at for story in stage.book.clusterer.stories.values()]
    assert times == sorted(times)
    assert stage.book.latest_at == NOW + timedelta(days=41)
    assert [record for _, record in stage.records if isinstance(record, TermCounts)][-1].documents == 4


def test_one_article_a_thousand_times_is_one_small_story() -> None:
    stage = Stage()
    sizes = []
    for number in range(1_000):
        alert = stage.alert(match("a1", revision=f"{number + 1}-0a0a0a0a", numbers=["54"]))
        sizes.append(len(stage.book.clusterer.stories[alert.story_id].to_json()))

    assert len(stage.book.clusterer.stories) == len(stage.book.articles) == 1
    assert sizes[-1] - sizes[1] <= 6, "only the offset and the number of its revisions have more digits"


def test_a_story_of_very_many_articles_stays_below_its_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "MOST_SOURCES", 20)
    monkeypatch.setattr(growth, "MOST_FACTS", 30)
    stage = Stage()
    title = "China halts rare earths exports"
    for number in range(300):
        told = match(f"a{number}", title=f"{title} q{number}", publisher=f"p{number}", numbers=[str(number)])
        alert = stage.alert(told)
    story = stage.book.clusterer.stories[alert.story_id]

    assert (story.articles, 128 <= len(story.terms) <= 160) == (300, True)
    assert (len(story.sources), len(story.facts)) == (20, 30)
    assert len(story.to_json()) < 14_000


def test_a_thousand_stories_a_minute_leave_as_many_as_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clustering, "MOST_STORIES", 300)
    stage = Stage()
    for number in range(1_000):
        stage.alert(match(f"a{number}", title=f"w{number} x{number}"), after=number * timedelta(minutes=1) / 1_000)

    assert len(stage.book.clusterer.stories) == 300
    assert len(stage.book.clusterer._index) == 600
