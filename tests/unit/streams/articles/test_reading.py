from streams.articles.reading import read_document, unread
from streams.feeds.entry import Trouble
from tests.fakes import FeedItem, rss

URL = "http://fake.test/feed"


def test_a_document_is_read_with_the_text_of_its_new_items() -> None:
    body = rss([FeedItem("1", "One", "First."), FeedItem("2", "Two", "Second.")], more="<language>en</language>")
    first = read_document(body, known=(), content_type="", url=URL)
    assert [(item.text.title, item.text.lead) for item in first.items if item.text] == [
        ("One", "First."),
        ("Two", "Second."),
    ]
    assert (first.language, first.fatal, first.undone) == ("en", None, False)
    again = read_document(body, known={first.items[0].item_hash}, content_type="", url=URL)
    assert [item.entry is None for item in again.items] == [True, False]


def test_a_document_that_would_take_long_is_left_undone() -> None:
    reading = read_document(rss([FeedItem("1", "One")]), known=(), content_type="", url=URL, quick_bytes=10)
    assert (reading.undone, reading.items) == (True, ())


def test_what_is_unread_says_why() -> None:
    fatal = unread(Trouble.TOO_SLOW, "slow").fatal
    assert fatal is not None
    assert (fatal.trouble, fatal.detail) == (Trouble.TOO_SLOW, "slow")
