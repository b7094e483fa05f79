import json
import os
import warnings
from datetime import UTC, datetime
from pathlib import Path

import pytest

from streams.feeds import parse as parse_module
from streams.feeds.entry import Entry, ParsedFeed, SourceDate, Trouble, clean
from streams.feeds.links import absolute_link, web_link
from streams.feeds.parse import parse

URL = "http://fake.test/dir/feed.xml"
NINE = SourceDate(datetime(2026, 3, 2, 9, 30, tzinfo=UTC), zoned=True)

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>T</title><link>http://fake.test/</link><description>D</description><language>en-GB</language><ttl>30</ttl>
<item><guid>g-1</guid><title>Tariffs &amp; rare earths</title><link>../a?b=1</link>
<description>&lt;p&gt;Lead&lt;/p&gt;</description>
<content:encoded><![CDATA[<p>Body</p>]]></content:encoded><dc:creator>Ann</dc:creator>
<category>Trade</category><category> </category>
<pubDate>Mon, 02 Mar 2026 09:30:00 GMT</pubDate></item></channel></rss>"""

ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de" xml:base="http://base.test/x/"><id>f</id><title>T</title>
<entry><id>e-1</id><title type="text">a &lt; b</title><link href="y"/>
<summary type="html">&lt;b&gt;Lead&lt;/b&gt;</summary>
<content type="text">1 &lt; 2</content><author><name>Bob</name></author><published>2026-03-02T09:30:00Z</published>
<updated>2026-03-02T09:30:00Z</updated></entry></feed>"""


def only(found: ParsedFeed) -> Entry:
    assert found.problems == ()
    (entry,) = found.entries
    return entry


def test_an_rss_item_is_read_field_by_field() -> None:
    found = parse(RSS.encode(), content_type="application/rss+xml", url=URL)
    assert (found.language, found.ttl_s) == ("en-GB", 1_800.0)
    assert only(found) == Entry(
        guid="g-1",
        link="http://fake.test/a?b=1",
        title="Tariffs &amp; rare earths",
        summary="<p>Lead</p>",
        content="<p>Body</p>",
        authors=("Ann",),
        categories=("Trade",),
        published=NINE,
    )


def test_an_atom_entry_is_read_field_by_field() -> None:
    entry = only(parse(ATOM.encode(), content_type="", url=URL))
    assert entry == Entry(
        guid="http://base.test/x/e-1",
        link="http://base.test/x/y",
        title="a &lt; b",
        summary="<b>Lead</b>",
        content="1 &lt; 2",
        authors=("Bob",),
        published=NINE,
        updated=NINE,
        language="de",
    )


def test_a_json_feed_is_read_field_by_field() -> None:
    item = {
        "id": 7, "url": "/a", "title": "a < b", "summary": "Lead", "content_html": "<p>Body</p>", "tags": ["x", 1, " "],
        "authors": [{"name": "Ann"}, {"url": "u"}, "odd"], "date_published": "2026-03-02T09:30:00Z", "language": "fr",
    }  # fmt: skip
    body = {"version": "https://jsonfeed.org/version/1.1", "title": "T", "language": "en", "items": [item, "odd"]}
    found = parse(json.dumps(body).encode(), content_type="application/feed+json", url=URL)
    assert found.language == "en"
    assert only(found) == Entry(
        guid="7",
        link="http://fake.test/a",
        title="a &lt; b",
        summary="Lead",
        content="<p>Body</p>",
        authors=("Ann",),
        categories=("x",),
        published=NINE,
        language="fr",
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"content_text": "1 < 2"}, Entry(content="1 &lt; 2"), id="plain content"),
        pytest.param({"author": {"name": "Ann"}}, Entry(authors=("Ann",)), id="author of version 1"),
        pytest.param({"external_url": "http://o.test/"}, Entry(link="http://o.test/"), id="external"),
        pytest.param({"id": True, "title": None, "tags": "x"}, Entry(), id="fields of wrong types"),
        pytest.param({"title": "\ud800\u202e\0x"}, Entry(title="x"), id="lone surrogate, override, NUL"),
    ],
)
def test_a_json_item_with_odd_fields_is_read_as_far_as_it_goes(fields: dict[str, object], expected: Entry) -> None:
    body = json.dumps({"version": "https://jsonfeed.org/version/1", "items": [fields]}).encode()
    assert only(parse(body, content_type="", url=URL)) == expected


@pytest.mark.parametrize(
    ("body", "trouble"),
    [
        pytest.param(b"", Trouble.EMPTY, id="nothing"),
        pytest.param(b" \r\n", Trouble.EMPTY, id="white space"),
        pytest.param(b"<!DOCTYPE HTML><html></html>", Trouble.NOT_A_FEED, id="doctype html"),
        pytest.param(b"\n<html lang=en></html>", Trouble.NOT_A_FEED, id="html"),
        pytest.param(b"<opml/>", Trouble.NOT_A_FEED, id="other xml"),
        pytest.param(b"\x89PNG\r\n", Trouble.NOT_A_FEED, id="a picture"),
        pytest.param(b"{", Trouble.NOT_A_FEED, id="broken json"),
        pytest.param(b"{}", Trouble.NOT_A_FEED, id="other json"),
        pytest.param(b'{"version": "https://jsonfeed.org/version/1"', Trouble.NOT_A_FEED, id="json breaks off"),
        pytest.param(b'{"a":' * 100_000, Trouble.NOT_A_FEED, id="deep json"),
        pytest.param(b"{\xff}", Trouble.NOT_A_FEED, id="json in no charset"),
        pytest.param(b"<a>" * 100, Trouble.TOO_DEEP, id="deep xml"),
        pytest.param(b"/dev/random", Trouble.NOT_A_FEED, id="the name of a device"),
        pytest.param(b"http://127.0.0.1:9/feed", Trouble.NOT_A_FEED, id="a URL"),
    ],
)
def test_what_is_no_feed_is_a_problem_and_nothing_outside_is_opened(body: bytes, trouble: Trouble) -> None:
    found = parse(body, content_type="", url=URL)
    assert found.fatal is not None
    assert (found.fatal.trouble, found.entries) == (trouble, ())


def test_a_body_that_names_a_file_is_not_that_file(tmp_path: Path) -> None:
    file = tmp_path / "feed.xml"
    file.write_text(RSS)
    assert parse(os.fsencode(file), content_type="", url=URL).entries == ()


def test_a_json_feed_without_items_is_empty_and_right() -> None:
    found = parse(b'{"version": "https://jsonfeed.org/version/1"}', content_type="", url=URL)
    assert (found.entries, found.problems) == ((), ())


def test_a_malformed_document_is_read_as_far_as_it_goes() -> None:
    found = parse(RSS.replace("</channel></rss>", "").encode(), content_type="", url=URL)
    assert [entry.guid for entry in found.entries] == ["g-1"]
    assert [(problem.trouble, problem.fatal) for problem in found.problems] == [(Trouble.MALFORMED, False)]


def test_a_declaration_after_white_space_is_no_problem() -> None:
    assert only(parse(b"\n\n" + RSS.encode(), content_type="", url=URL)).guid == "g-1"


@pytest.mark.parametrize("body", [RSS.replace("</rss>", "").encode(), RSS.encode() + b" " * 5_000])
def test_a_quick_parse_leaves_malformed_and_large_documents_undone(body: bytes) -> None:
    found = parse(body, content_type="", url=URL, quick_bytes=4_000)
    assert found.fatal is not None
    assert found.fatal.trouble is Trouble.NOT_HERE


def test_a_quick_parse_reads_what_is_small_and_right() -> None:
    assert only(parse(RSS.encode(), content_type="", url=URL, quick_bytes=4_000)).guid == "g-1"


def test_a_parser_that_breaks_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_given: object, **_more: object) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr(parse_module.feedparser, "parse", broken)
    found = parse(RSS.encode(), content_type="", url=URL)
    assert found.fatal is not None
    assert found.fatal.trouble is Trouble.PARSER_FAILED


def test_scripts_stay_for_the_text_reader_to_drop_and_no_warning_is_raised() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        body = RSS.replace("Tariffs &amp; rare earths", "&lt;script&gt;x()&lt;/script&gt;Tariffs")
        assert "Tariffs" in only(parse(body.encode(), content_type="text/html", url=URL)).title


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        pytest.param(
            "\u039a\u03c5\u03c1, 11 \u0399\u03bf\u03cd\u03bb 2004 12:00:00 EST",
            SourceDate(datetime(2004, 7, 11, 17, 0, tzinfo=UTC), zoned=True),
            id="greek",
        ),
        pytest.param("when it is ready", None, id="no date"),
        pytest.param("", None, id="empty"),
    ],
)
def test_a_date_that_only_feedparser_knows_is_taken_and_no_date_is_made_up(
    date: str, expected: SourceDate | None
) -> None:
    body = RSS.replace("Mon, 02 Mar 2026 09:30:00 GMT", date)
    assert only(parse(body.encode(), content_type="", url=URL)).published == expected


def test_a_date_beyond_what_a_date_can_be_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse_module, "read_date", lambda _text: None)
    monkeypatch.setattr(parse_module, "timegm", lambda _parsed: 10**18)
    assert only(parse(RSS.encode(), content_type="", url=URL)).published is None


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        pytest.param("a", "http://fake.test/dir/a", id="relative"),
        pytest.param("//other.test/x", "http://other.test/x", id="scheme of the document"),
        pytest.param("https://other.test/x", "https://other.test/x", id="absolute"),
        pytest.param("javascript:alert(1)", "", id="javascript"),
        pytest.param("file:///etc/passwd", "", id="file"),
        pytest.param("http://[broken", "", id="broken"),
        pytest.param("x" * 5_000, "", id="too long"),
        pytest.param("", "", id="none"),
    ],
)
def test_links_are_absolute_and_lead_to_the_web(link: str, expected: str) -> None:
    assert absolute_link(URL, link) == expected


def test_a_link_that_cannot_be_read_is_none() -> None:
    assert web_link("http://[broken") == ""


def test_control_characters_become_spaces_and_line_ends_stay() -> None:
    assert clean("a\0b\x1bc\x85d\u202ee\ufefff\n\tg") == "a b c d e f\n\tg"


def test_a_word_so_long_that_looking_for_a_mail_address_takes_seconds_is_left_undone() -> None:
    body = RSS.replace("</item>", f"<author>{'a.' * 300}</author></item>").encode()
    quick = parse(body, content_type="", url=URL, quick_bytes=100_000)
    assert [problem.trouble for problem in quick.problems] == [Trouble.NOT_HERE]
    assert [entry.guid for entry in parse(body, content_type="", url=URL).entries] == ["g-1"]
