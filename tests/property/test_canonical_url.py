from urllib.parse import urlsplit

from hypothesis import given
from hypothesis import strategies as st

from streams.articles.canonical_url import canonical_url

PARTS = st.text("abcXYZ019-._~%2fE4/.:?&=#@[]+ \u00e9\u8d1d", max_size=30)
URLS = st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(["http", "HTTPS"]),
    st.sampled_from(["e.test", "E.TEST:80", "u:p@e.test", "[::1]:443", "e.test."]),
    st.one_of(st.just(""), PARTS.map(lambda text: f"/{text}")),
    st.lists(st.sampled_from(["a=1", "utm_source=x", "b", "fbclid=2", "c=%7e"])).map(
        lambda pairs: "?" + "&".join(pairs) if pairs else ""
    ),
)


@given(URLS)
def test_twice_is_once(url: str) -> None:
    once = canonical_url(url)
    assert canonical_url(once) == once


@given(URLS)
def test_the_host_stays_and_neither_user_nor_fragment_does(url: str) -> None:
    parts = urlsplit(canonical_url(url))
    assert parts.hostname == (urlsplit(url).hostname or "").rstrip(".")
    assert (parts.username, parts.fragment) == (None, "")


@given(st.text())
def test_any_text_gives_a_text(text: str) -> None:
    assert isinstance(canonical_url(text), str)
