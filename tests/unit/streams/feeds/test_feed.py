import pytest

from streams.feeds.feed import Feed
from streams.ids import FeedId
from streams.topics import FEEDS


def feed(url: str) -> Feed:
    return Feed(feed_id=FeedId("f"), url=url, fetch_url="http://elsewhere.test/", publisher="P")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        pytest.param("https://Feeds.Example.test:8443/rss", "feeds.example.test", id="case and port"),
        pytest.param("https://user:pw@example.test/rss", "example.test", id="user"),
        pytest.param("http://127.0.0.1/a", "127.0.0.1", id="address"),
        pytest.param("http://[broken", "http://[broken", id="unreadable"),
        pytest.param("no-url", "no-url", id="no host"),
    ],
)
def test_the_registered_host_is_read_from_the_url_that_never_changes(url: str, host: str) -> None:
    assert feed(url).host == host


def test_two_feeds_of_one_host_share_a_partition() -> None:
    one, other = feed("http://example.test/a"), feed("https://EXAMPLE.test:444/b")
    assert FEEDS.partition(one.host) == FEEDS.partition(other.host)
