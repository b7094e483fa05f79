from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from streams.articles.article import ArticleKind
from streams.articles.entry_text import entry_text
from streams.articles.intake import Intake, Origin, take_in
from streams.articles.reading import ReadItem
from streams.feeds.delta import body_hash
from streams.feeds.entry import Entry, SourceDate
from streams.feeds.feed import Feed, FeedState, SeenItem
from streams.ids import FeedId, content_id
from streams.topics import MESSAGE_BYTES
from tests.fakes import START

FEED = Feed(feed_id=FeedId("f"), url="http://f.test/", fetch_url="http://f.test/", publisher="F", language="en")
HOUR = timedelta(hours=1)


def entry(guid: str = "g", title: str = "Title", summary: str = "Lead.", link: str = "", **given: object) -> Entry:
    return Entry(guid=guid, title=title, summary=summary, link=link or f"http://f.test/{guid}", **given)


class Document:
    """A feed's document over time, and what is remembered of it."""

    def __init__(self) -> None:
        self.items: Mapping[str, SeenItem] = {}
        self.first = True

    def show(self, *entries: Entry, now: datetime = START) -> Intake:
        read = [ReadItem(body_hash(repr(each).encode()), each, entry_text(each)) for each in entries]
        known = {seen.item_hash for seen in self.items.values()}
        items = [ReadItem(item.item_hash, None, None) if item.item_hash in known else item for item in read]
        origin = Origin(feed=FEED, first_poll=self.first, first_seen_at=now, fetched_at=now)
        intake = take_in(items, self.items, origin)
        self.items, self.first = intake.items, False
        return intake


def revisions(intake: Intake) -> list[tuple[str, int, ArticleKind]]:
    return [(article.title, article.ordinal, article.kind) for article in intake.articles]


def test_a_first_poll_takes_recent_items_as_new_and_all_others_as_backfill() -> None:
    dates = {"now": START, "two hours": START - 2 * HOUR, "older": START - 2.1 * HOUR, "ahead": START + HOUR}
    entries = [entry(name, name, published=SourceDate(at, zoned=True)) for name, at in dates.items()]
    kinds = {article.title: article.kind for article in Document().show(*entries, entry("undated", "undated")).articles}
    assert kinds == {
        "now": ArticleKind.NEW,
        "two hours": ArticleKind.NEW,
        "older": ArticleKind.BACKFILL,
        "ahead": ArticleKind.BACKFILL,
        "undated": ArticleKind.BACKFILL,
    }


def test_a_later_poll_takes_an_old_item_as_new() -> None:
    document = Document()
    document.show(entry("a"))
    later = document.show(entry("a"), entry("late", "Late", published=SourceDate(START - 9 * HOUR, zoned=True)))
    assert revisions(later) == [("Late", 1, ArticleKind.NEW)]


def test_articles_come_oldest_first() -> None:
    dated = [
        entry(str(hours), str(hours), published=SourceDate(START - hours * HOUR, zoned=True)) for hours in (0, 2, 1)
    ]
    assert [article.title for article in Document().show(*dated).articles] == ["2", "1", "0"]


def test_a_correction_that_is_withdrawn_is_the_third_revision() -> None:
    document = Document()
    first = document.show(entry(summary="A"))
    document.show(entry(summary="B"))
    third = document.show(entry(summary="A"))
    assert revisions(third) == [("Title", 3, ArticleKind.UPDATED)]
    assert third.articles[0].article_id == first.articles[0].article_id
    assert third.articles[0].revision.partition("-")[2] == first.articles[0].revision.partition("-")[2]


def test_an_item_whose_bytes_changed_and_whose_text_did_not_says_nothing() -> None:
    document = Document()
    document.show(entry())
    assert document.show(entry(categories=("other",))).articles == ()


def test_a_new_title_carries_the_one_before() -> None:
    document = Document()
    document.show(entry(title="Before"))
    assert document.show(entry(title="After")).articles[0].previous_title == "Before"
    assert document.show(entry(title="After", summary="More")).articles[0].previous_title is None


def test_after_24_revisions_an_item_is_published_no_more() -> None:
    document = Document()
    ordinals = [revisions(document.show(entry(summary=str(number)))) for number in range(30)]
    assert [found[0][1] for found in ordinals if found] == list(range(1, 25))
    assert document.show(entry(summary="29")).articles == ()


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        pytest.param(48, [], id="within 48 hours: the same article, unchanged"),
        pytest.param(48.1, [("Title", 1, ArticleKind.NEW)], id="later: another article"),
    ],
)
def test_a_changed_guid_with_the_same_link_and_title_is_the_same_article(
    hours: float, expected: list[tuple[str, int, ArticleKind]]
) -> None:
    document = Document()
    document.show(entry("old", link="http://f.test/x"))
    later = document.show(entry("new", link="http://f.test/x"), now=START + hours * HOUR)
    assert revisions(later) == expected


def test_a_changed_guid_goes_on_with_the_revisions_of_its_article() -> None:
    document = Document()
    first = document.show(entry("old", link="http://f.test/x"))
    second = document.show(entry("new", summary="Other", link="http://f.test/x"))
    assert revisions(second) == [("Title", 2, ArticleKind.UPDATED)]
    assert second.articles[0].article_id == first.articles[0].article_id
    third = document.show(entry("old", summary="Third", link="http://f.test/x"))
    assert (third.articles[0].article_id, third.articles[0].ordinal) == (first.articles[0].article_id, 3)


def test_an_id_that_is_another_articles_is_never_given_twice() -> None:
    document = Document()
    bare = {"link": "http://f.test/x", "title": "T"}
    document.show(Entry(guid="g", **bare))
    document.show(Entry(**bare, summary="Without a guid, the same article."))
    both = document.show(Entry(guid="g", title="T", summary="A guid that is back."), Entry(**bare, summary="Third."))
    assert len({article.article_id for article in both.articles}) == 2
    back = document.show(Entry(guid="g", title="Other", summary="Alone."))
    assert back.articles[0].ordinal > 1


def test_two_guids_with_the_same_link_and_title_in_one_document_are_two_articles() -> None:
    document = Document()
    document.show(entry("one", link="http://f.test/x"))
    both = document.show(entry("one", summary="More", link="http://f.test/x"), entry("two", link="http://f.test/x"))
    assert {article.kind for article in both.articles} == {ArticleKind.UPDATED, ArticleKind.NEW}
    assert len({article.article_id for article in both.articles}) == 2


def test_items_that_share_a_guid_are_told_apart_by_link_then_by_number() -> None:
    shared = [entry("g", "One", link="http://f.test/1"), entry("g", "Two", link="http://f.test/2")]
    more = [entry("g", "Three", link="http://f.test/2"), entry("g", "Four", link="http://f.test/2")]
    document = Document()
    assert len({article.article_id for article in document.show(*shared, *more).articles}) == 4
    rewritten = [replace(each, categories=("edited",)) for each in (*more, *shared)]
    assert document.show(*rewritten).articles == (), "each is known by its content, in any order"


def test_a_new_item_above_one_with_the_same_guid_does_not_take_its_place() -> None:
    document = Document()
    document.show(entry("home", "Old", link="http://f.test/"))
    later = document.show(entry("home", "New", link="http://f.test/"), entry("home", "Old", link="http://f.test/"))
    assert revisions(later) == [("New", 1, ArticleKind.NEW)]


def test_without_a_guid_the_link_counts_and_without_a_link_title_and_date() -> None:
    document = Document()
    document.show(Entry(link="http://f.test/1?utm_source=a", title="T", summary="A"))
    assert revisions(document.show(Entry(link="http://f.test/1?utm_source=b", title="T", summary="B")))[0][1] == 2
    dated = SourceDate(START, zoned=True)
    bare = Document()
    bare.show(Entry(title="T", published=dated, summary="A"))
    assert revisions(bare.show(Entry(title="T", published=dated, summary="B")))[0][1] == 2
    assert revisions(bare.show(Entry(title="T", summary="C")))[0][1] == 1


def test_an_item_that_left_the_document_is_remembered_and_the_longest_gone_leave_first() -> None:
    document = Document()
    document.show(entry("first"), now=START)
    for hour in range(3):
        document.show(*[entry(f"{hour}-{number}") for number in range(900)], now=START + (hour + 1) * HOUR)
    assert len(document.items) == 2_000
    assert content_id(FEED.feed_id, "first") not in document.items
    for hour, kept in ((0, False), (1, True), (2, True)):
        there = [content_id(FEED.feed_id, f"{hour}-{number}") in document.items for number in range(900)]
        assert all(there) is kept
    assert document.show(entry("1-5"), now=START + 5 * HOUR).articles == ()


def test_a_state_full_of_long_titles_still_fits_into_a_record() -> None:
    document = Document()
    document.show(*[entry(f"g{number}", "\u5173\u7a0e" * 200 + str(number)) for number in range(2_000)])
    state = FeedState(feed_id=FEED.feed_id, next_poll_at=START, gap_s=15, items=document.items)
    assert len(document.items) == 2_000
    assert len(state.to_json()) < MESSAGE_BYTES - 10_000


@pytest.mark.parametrize(
    ("shown", "all_new"),
    [
        pytest.param(["c", "d"], True, id="a full window of new items"),
        pytest.param(["c", "b"], False, id="one is known"),
        pytest.param([], False, id="nothing"),
    ],
)
def test_a_window_in_which_all_is_new_is_told(shown: list[str], all_new: bool) -> None:
    document = Document()
    assert document.show(entry("a", "A"), entry("b", "B")).all_new is False, "a first document is no overflow"
    assert document.show(*[entry(name, name.upper()) for name in shown]).all_new is all_new


def test_an_item_that_was_not_read_is_left_for_the_next_poll() -> None:
    origin = Origin(feed=FEED, first_poll=False, first_seen_at=START, fetched_at=START)
    intake = take_in([ReadItem("unknown", None, None)], {}, origin)
    assert (intake.articles, dict(intake.items)) == ((), {})
