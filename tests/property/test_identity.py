from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from streams.articles.entry_text import EntryText
from streams.articles.intake import Intake, Origin, take_in
from streams.articles.reading import ReadItem
from streams.feeds.entry import Entry
from streams.feeds.feed import Feed, SeenItem
from streams.ids import FeedId
from tests.fakes import START

FEED = Feed(feed_id=FeedId("f"), url="http://f.test/", fetch_url="http://f.test/", publisher="F", language="en")
ENTRIES = st.builds(
    Entry,
    guid=st.sampled_from(["", "g1", "g2"]),
    link=st.sampled_from(["", "http://f.test/1", "http://f.test/2"]),
    title=st.sampled_from(["one", "two"]),
    summary=st.sampled_from(["", "x", "y", "z"]),
)
DOCUMENTS = st.lists(ENTRIES, max_size=6)


def read_items(entries: list[Entry]) -> list[ReadItem]:
    unique = {repr(entry): entry for entry in entries}
    return [
        ReadItem(item_hash, entry, EntryText(title=entry.title, lead=entry.summary, body=""))
        for item_hash, entry in unique.items()
    ]


def take(entries: list[Entry], known: dict[str, SeenItem], now: datetime) -> Intake:
    origin = Origin(feed=FEED, first_poll=not known, first_seen_at=now, fetched_at=now)
    return take_in(read_items(entries), known, origin)


def history(documents: list[list[Entry]]) -> list[Intake]:
    known: dict[str, SeenItem] = {}
    intakes = []
    for number, entries in enumerate(documents):
        intake = take(entries, known, START + timedelta(minutes=number))
        known = dict(intake.items)
        intakes.append(intake)
    return intakes


@given(st.lists(DOCUMENTS, max_size=6))
def test_no_revision_is_published_twice(documents: list[list[Entry]]) -> None:
    published = [(article.article_id, article.ordinal) for intake in history(documents) for article in intake.articles]
    assert len(published) == len(set(published))


@given(st.lists(DOCUMENTS, max_size=6))
def test_a_document_that_comes_again_says_nothing(documents: list[list[Entry]]) -> None:
    for entries, intake in zip(documents, history(documents), strict=True):
        assert take(entries, dict(intake.items), START + timedelta(days=1)).articles == ()


@given(st.lists(DOCUMENTS, max_size=5))
def test_a_crash_before_the_state_repeats_the_same_ids(documents: list[list[Entry]]) -> None:
    known: dict[str, SeenItem] = {}
    for number, entries in enumerate(documents):
        now = START + timedelta(minutes=number)
        first, again = take(entries, known, now), take(entries, known, now + timedelta(seconds=30))
        ids = [{(article.article_id, article.revision) for article in intake.articles} for intake in (first, again)]
        assert ids[0] == ids[1]
        known = dict(again.items)


@given(st.lists(DOCUMENTS, min_size=1, max_size=6))
def test_every_entry_of_a_document_is_remembered_under_a_key_of_its_own(documents: list[list[Entry]]) -> None:
    last = history(documents)[-1]
    assert {item.item_hash for item in read_items(documents[-1])} <= {seen.item_hash for seen in last.items.values()}
