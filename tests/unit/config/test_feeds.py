from pathlib import Path

import pytest

from config.feeds import load_feeds, read_feeds
from config.yaml_source import parse
from streams.errors import ConfigurationError
from streams.feeds.feed import FeedStatus

HEAD = "version: 1\nfeeds:\n"
USTR = "{id: ustr, url: 'https://ustr.gov/rss.xml', publisher: USTR}"


def problems(text: str, **given: str) -> list[str]:
    root = parse(text, name="feeds.yaml")
    read_feeds(root, **given)
    return root.source.report()


def test_a_feed_is_read_with_all_that_it_may_say() -> None:
    text = (
        HEAD + "  - {id: wire, url: 'https://wire.example/rss?q=1', publisher: The Wire, language: zh-Hant, tier: 1,\n"
        "     permission: wire, status: verified, gap: {min: 15s, max: 1m}, secret_file: /run/secrets/wire}\n"
    )
    (feed,) = read_feeds(parse(text, name="feeds.yaml"), managed_by="me").feeds
    assert (feed.feed_id, feed.url, feed.fetch_url, feed.publisher) == (
        "wire",
        "https://wire.example/rss?q=1",
        "https://wire.example/rss?q=1",
        "The Wire",
    )
    assert (feed.language, feed.tier, feed.permission, feed.managed_by) == ("zh-Hant", 1, "wire", "me")
    assert (feed.status, feed.gap.min_s, feed.gap.max_s) == (FeedStatus.VERIFIED, 15.0, 60.0)
    assert feed.secret_ref == "file:/run/secrets/wire"


def test_what_the_poller_is_told_stands_above_the_feeds() -> None:
    text = "version: 1\ncontact: ops@x.test\nrequests_per_second: 2.5\nallow_addresses: ['127.0.0.1:80']\nfeeds: []\n"
    file = read_feeds(parse(text, name="feeds.yaml"))
    assert (file.contact, file.requests_per_second, file.allow_addresses) == ("ops@x.test", 2.5, ("127.0.0.1:80",))


def test_what_the_file_does_not_say_is_left_to_the_settings() -> None:
    file = read_feeds(parse(HEAD + f"  - {USTR}\n", name="feeds.yaml"))
    assert (file.contact, file.requests_per_second, file.allow_addresses) == (None, None, None)
    assert file.feeds[0].secret_ref is None


@pytest.mark.parametrize(
    ("feed", "problem"),
    [
        pytest.param("{id: a, url: 'ftp://x/y', publisher: A}", "needs an address that begins with https://", id="ftp"),
        pytest.param("{id: a, url: 'https:///y', publisher: A}", "needs an address that begins", id="no host"),
        pytest.param("{id: a, url: 'https://[x/y', publisher: A}", "not a URL", id="a bracket in the host"),
        pytest.param("{id: a, url: 'https://x:999999/', publisher: A}", "not a URL", id="a port too high"),
        pytest.param("{id: a, url: 'https://x/?c[t]=1', publisher: A}", "write [ as %5B", id="brackets"),
        pytest.param(
            "{id: a, url: 'https://x/', publisher: A, language: english}", "is no language code", id="english"
        ),
        pytest.param("{id: a, url: 'https://x/', publisher: A, tier: 4}", '"4" is none of 1, 2, 3', id="tier 4"),
        pytest.param("{id: a, url: 'https://x/', publisher: A, gap: {min: 2m, max: 1m}}", "min is longer", id="gap"),
        pytest.param("{id: a, url: 'https://x/', publisher: A, gap: {max: 60ms}}", "shorter than 1s", id="a slip"),
        pytest.param("{id: a, url: 'https://x/', publisher: A, gap: {min: 0s}}", "shorter than 1s", id="no gap"),
        pytest.param("{id: a, url: 'https://x/', publisher: A, status: disabled}", "needs a reason", id="no reason"),
        pytest.param(
            "{id: a, url: 'https://x/', publisher: A, status: verifed}", "did you mean verified?", id="status"
        ),
        pytest.param(
            "{id: a, url: 'https://x/', publisher: A, secret_file: x, secret_env: Y}", "not both", id="two secrets"
        ),
        pytest.param("{id: a, publisher: A}", 'needs "url"', id="no URL"),
    ],
)
def test_a_wrong_feed_is_named_with_place_and_cure(feed: str, problem: str) -> None:
    (line,) = problems(HEAD + f"  - {feed}\n")
    assert line.startswith("feeds.yaml:3:")
    assert 'feed "a": ' in line
    assert problem in line


def test_credentials_in_a_url_are_refused_and_never_repeated() -> None:
    (line,) = problems(HEAD + "  - {id: a, url: 'https://me:geheim@x.test/', publisher: A}\n")
    assert "credentials never stand in a URL" in line
    assert "geheim" not in line


def test_a_secret_may_stand_in_a_variable() -> None:
    text = HEAD + "  - {id: a, url: 'https://x/', publisher: A, secret_env: WIRE}\n"
    assert read_feeds(parse(text, name="feeds.yaml")).feeds[0].secret_ref == "env:WIRE"


def test_two_feeds_share_neither_id_nor_url() -> None:
    text = HEAD + f"  - {USTR}\n  - {USTR}\n  - {USTR.replace('id: ustr', 'id: other')}\n"
    assert problems(text) == [
        'feeds.yaml:4:5 feed "ustr": another feed has this id: give each its own',
        'feeds.yaml:5:5 feed "other": polls the same URL as feed "ustr": take one of them out',
    ]


@pytest.mark.parametrize("address", ["127.0.0.1", "x:", ":80", "x:0", "x:70000", "x:http"])
def test_an_exception_to_the_address_guard_needs_host_and_port(address: str) -> None:
    (line,) = problems(f"version: 1\nallow_addresses: ['{address}']\nfeeds: []\n")
    assert "is no address: write host:port" in line


def test_the_sec_is_polled_with_a_contact_only() -> None:
    feed = HEAD + "  - {id: sec, url: 'https://www.sec.gov/x', publisher: SEC}\n"
    assert "refuses clients without a contact" in problems(feed)[0]
    assert problems("contact: ops@x.test\n" + feed) == []
    assert problems(feed, contact="ops@x.test") == []


def test_every_problem_of_a_file_is_shown_at_once(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text(
        "version: 2\nfeds: []\nfeeds:\n  - {id: A, url: x, publisher: A}\n  - {id: b, url: 'https://b/', tier: 0}\n"
    )
    with pytest.raises(ConfigurationError) as caught:
        load_feeds(tmp_path)
    assert [line.split(" ")[0] for line in caught.value.problems] == [
        "feeds.yaml:1:10", "feeds.yaml:2:1", "feeds.yaml:4:10", "feeds.yaml:4:18", "feeds.yaml:5:5", "feeds.yaml:5:38",
    ]  # fmt: skip
