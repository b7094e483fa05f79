from datetime import timedelta

import pytest

from streams.articles.article import Article, ArticleKind, DateQuality
from streams.articles.build import article_from, date_of, language_of
from streams.articles.entry_text import EntryText, entry_text
from streams.feeds.entry import Entry, SourceDate
from streams.feeds.feed import Feed
from streams.ids import ArticleId, FeedId
from tests.fakes import START

FEED = Feed(
    feed_id=FeedId("f"), url="http://f.test/", fetch_url="http://f.test/", publisher="F", tier=1, permission="wire",
    sample=True,
)  # fmt: skip
ENGLISH = EntryText(title="Tariffs on rare earths rise", lead="The ministry raised duties on magnets.", body="")


def built(entry: Entry, **given: object) -> Article:
    more = {"article_id": ArticleId("a"), "ordinal": 1, "kind": ArticleKind.NEW, **given}
    return article_from(
        entry, entry_text(entry), more.pop("feed", FEED), first_seen_at=START, fetched_at=START, **more
    )  # fmt: skip


def test_an_article_carries_its_feed_and_its_entry() -> None:
    entry = Entry(
        guid="g", link="http://f.test/1?utm_source=x", title="Title", summary="Lead.", authors=("Ann",),
        categories=("c",),
        published=SourceDate(START, zoned=True), updated=SourceDate(START + timedelta(minutes=1), zoned=True),
    )  # fmt: skip
    article = built(entry, ordinal=2, previous_title="Before", language="en")
    assert (article.publisher, article.tier, article.permission, article.sample) == ("F", 1, "wire", True)
    assert (article.url, article.original_url, article.guid) == ("http://f.test/1", entry.link, "g")
    assert (article.title, article.lead, article.body, article.previous_title) == ("Title", "Lead.", "", "Before")
    assert (article.authors, article.categories, article.ordinal) == (("Ann",), ("c",), 2)
    assert (article.published_at, article.updated_at, article.date_quality) == (
        START, START + timedelta(minutes=1), DateQuality.EXACT,
    )  # fmt: skip
    assert (article.language, article.language_from) == ("en", "declared")


def test_what_an_entry_lacks_is_unknown() -> None:
    article = built(Entry(title="Title"))
    assert (article.guid, article.url, article.published_at, article.updated_at) == (None, "", None, None)
    assert article.date_quality is DateQuality.MISSING


def test_lists_and_names_are_bounded() -> None:
    article = built(Entry(title="T", guid="g" * 5_000, authors=("a" * 999,) * 99, categories=("c",) * 999))
    assert (len(article.authors), len(article.authors[0]), len(article.categories)) == (20, 200, 50)
    assert len(article.guid or "") == 1_000


@pytest.mark.parametrize(
    ("entry", "ahead_s", "quality"),
    [
        pytest.param(Entry(published=SourceDate(START, zoned=True)), 0, DateQuality.EXACT, id="exact"),
        pytest.param(Entry(published=SourceDate(START, zoned=False)), 0, DateQuality.NO_ZONE, id="no zone"),
        pytest.param(Entry(updated=SourceDate(START, zoned=True)), 0, DateQuality.EXACT, id="updated stands in"),
        pytest.param(
            Entry(published=SourceDate(START + timedelta(minutes=11), zoned=True)),
            None,
            DateQuality.FUTURE,
            id="future",
        ),
        pytest.param(Entry(), None, DateQuality.MISSING, id="missing"),
    ],
)
def test_no_date_is_invented(entry: Entry, ahead_s: int | None, quality: DateQuality) -> None:
    expected = None if ahead_s is None else START
    assert date_of(entry, now=START) == (expected, quality)


def test_an_update_in_the_future_is_unknown() -> None:
    article = built(Entry(title="T", updated=SourceDate(START + timedelta(days=1), zoned=True)))
    assert article.updated_at is None


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        pytest.param("zh-Hans", ("zh-Hans", "declared"), id="declared"),
        pytest.param("english please", ("en", "detector"), id="no tag"),
        pytest.param(None, ("en", "detector"), id="not declared"),
    ],
)
def test_the_language_is_declared_or_detected(declared: str | None, expected: tuple[str, str]) -> None:
    assert language_of(ENGLISH, declared) == expected


def test_the_feed_record_knows_the_language_better_than_the_document() -> None:
    entry = Entry(title="Title", language="en-us")
    assert built(entry, language="fr").language == "en-us"
    assert built(entry, feed=FEED.model_copy(update={"language": "zh"})).language == "zh"
