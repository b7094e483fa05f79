import pytest

from streams.articles.canonical_url import canonical_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("HTTP://Example.TEST/A", "http://example.test/A", id="case"),
        pytest.param("http://example.test:80/", "http://example.test/", id="default port"),
        pytest.param("https://example.test:443", "https://example.test/", id="default port, no path"),
        pytest.param("https://example.test:8443/a", "https://example.test:8443/a", id="own port"),
        pytest.param("http://user:pw@example.test./a#top", "http://example.test/a", id="user, dot, fragment"),
        pytest.param("http://e.test/a/./b/../c/..", "http://e.test/a/", id="dot segments"),
        pytest.param("http://e.test/../../a/.", "http://e.test/a/", id="dots above the root"),
        pytest.param("http://e.test/%7euser/%e4%2f", "http://e.test/~user/%E4%2F", id="escapes"),
        pytest.param("http://e.test/a?b=2&a=1&&", "http://e.test/a?b=2&a=1", id="the order of parameters stays"),
        pytest.param(
            "http://e.test/a?utm_source=x&id=7&fbclid=y&UTM_Campaign=z", "http://e.test/a?id=7", id="tracking"
        ),
        pytest.param("http://e.test/a?at_medium=RSS&at_campaign=rss", "http://e.test/a", id="all tracking"),
        pytest.param(
            "http://e.test/a?ref=7&source=b&p=utm_x", "http://e.test/a?ref=7&source=b&p=utm_x", id="real ones"
        ),
        pytest.param(
            "http://e.test/\u00e9 \u8d1d?q=\u8d1d", "http://e.test/%C3%A9%20%E8%B4%9D?q=%E8%B4%9D", id="beyond ASCII"
        ),
        pytest.param("http://e.test/\ud800", "http://e.test/\ud800", id="a lone surrogate"),
        pytest.param("http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/", id="ipv6"),
        pytest.param("  http://e.test/  ", "http://e.test/", id="white space"),
        pytest.param("tag:e.test,2026:1", "tag:e.test,2026:1", id="no host"),
        pytest.param("http://[broken", "http://[broken", id="unreadable"),
        pytest.param("http://e.test:port/", "http://e.test:port/", id="a port that is none"),
    ],
)
def test_an_address_has_one_spelling(url: str, expected: str) -> None:
    assert canonical_url(url) == expected
