import pytest

from streams.feeds.delta import Document, body_hash, read, split
from streams.feeds.entry import Trouble
from tests.fakes import FeedItem, rss

URL = "http://fake.test/feed"


def items(*numbers: int) -> list[FeedItem]:
    return [FeedItem(f"g{number}", f"Title {number}") for number in numbers]


def read_all(body: bytes, known: set[str] | None = None, **given: int) -> Document:
    return read(body, known=known or set(), content_type="", url=URL, **given)


def guids(document: Document) -> list[str | None]:
    return [item.entry.guid if item.entry else None for item in document.items]


def test_only_new_items_are_parsed_and_all_keep_their_place() -> None:
    first = read_all(rss(items(1, 2)))
    known = {item.item_hash for item in first.items}
    assert guids(first) == ["g1", "g2"]
    assert guids(read_all(rss(items(3, 1, 2)), known)) == ["g3", None, None]


def test_a_changed_item_is_parsed_again() -> None:
    known = {item.item_hash for item in read_all(rss(items(1, 2))).items}
    changed = [FeedItem("g1", "Another title"), *items(2)]
    assert guids(read_all(rss(changed), known)) == ["g1", None]


def test_an_item_that_stands_twice_counts_once() -> None:
    assert guids(read_all(rss(items(1, 1, 2)))) == ["g1", "g2"]


def test_the_pieces_of_a_document_are_the_document() -> None:
    body = rss(items(1, 2, 3), more="<!-- <item> --><x><![CDATA[</item><item>]]></x>")
    pieces = split(body)
    assert pieces is not None
    assert (b"".join(pieces.pieces), len(pieces.items)) == (body, 3)


@pytest.mark.parametrize(
    ("body", "count"),
    [
        pytest.param(b"<feed><entry a='>'>x</entry><entry/></feed>", 1, id="a mark in an attribute, an empty entry"),
        pytest.param(b'<a:feed><a:entry x="</a:entry>">y</a:entry></a:feed>', 1, id="prefixed"),
        pytest.param(b"<rss><item><item>inner</item></item></rss>", 1, id="nested"),
        pytest.param(b"<rss><items/><item>x</item></rss>", 1, id="a longer name"),
    ],
)
def test_items_are_found(body: bytes, count: int) -> None:
    pieces = split(body)
    assert pieces is not None
    assert len(pieces.items) == count


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<rss></rss>", id="no items"),
        pytest.param(b"<rss><item></rss>", id="never closed"),
        pytest.param(b"<rss></item></rss>", id="never opened"),
        pytest.param(b"<rss><!-- <item>x</item></rss>", id="comment without an end"),
        pytest.param(b"<rss><![CDATA[ <item>x</item></rss>", id="CDATA without an end"),
        pytest.param(b"<rss><item>\0</item></rss>", id="NUL"),
        pytest.param("<rss><item>x</item></rss>".encode("utf-16"), id="utf-16"),
        pytest.param("<rss><item>\xe9</item></rss>".encode("latin-1"), id="no charset declared"),
        pytest.param(b'{"items": "<item></item>"}', id="json"),
        pytest.param(b"<rss>" + b"<item></item>" * 2_001 + b"</rss>", id="over 2,000"),
        pytest.param(b"<rss>" + b"<!---->" * 16_002 + b"<item></item></rss>", id="comments without end"),
    ],
)
def test_what_cannot_be_told_apart_is_not_split(body: bytes) -> None:
    assert split(body) is None


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            '<?xml version="1.0" encoding="latin-1"?><r><item>\xe9</item></r>'.encode("latin-1"), id="declared"
        ),
        pytest.param("\ufeff<r><item>\xe9</item></r>".encode(), id="byte order mark"),
    ],
)
def test_a_document_with_a_known_charset_is_split(body: bytes) -> None:
    assert split(body) is not None


@pytest.mark.parametrize(
    "attack",
    [
        pytest.param(b"<!--" * 250_000, id="comments"),
        pytest.param(b"<![CDATA[" * 100_000, id="CDATA"),
        pytest.param(b"<item '" * 100_000, id="quotes"),
        pytest.param(b"<item " * 100_000, id="tags without an end"),
        pytest.param(b"<a:a:" * 100_000, id="prefixes"),
    ],
)
@pytest.mark.timeout(20)
def test_a_hostile_document_is_given_up_in_linear_time(attack: bytes) -> None:
    assert split(b"<rss>" + attack) is None


def test_a_document_that_cannot_be_split_is_read_whole_and_its_known_items_are_left_out() -> None:
    body = "<rss version='2.0'><channel><item><guid>g1</guid><title>\xe9</title></item></channel></rss>".encode(
        "latin-1"
    )
    first = read_all(body)
    assert guids(first) == ["g1"]
    assert guids(read_all(body, {first.items[0].item_hash})) == [None]


def test_a_document_whose_parts_do_not_count_up_is_read_whole() -> None:
    more = '<y xmlns:other="urn:other"><other:item>no item</other:item></y>'
    body = rss(items(1, 2), more=more)
    pieces = split(body)
    assert pieces is not None
    assert len(pieces.items) == 3
    document = read_all(body)
    assert guids(document) == ["g1", "g2"]
    assert document.problems == ()


def test_a_large_or_malformed_document_is_left_undone_when_it_must_be_quick() -> None:
    body = rss(items(*range(50)))
    large = read_all(body, quick_bytes=1_000)
    assert [problem.trouble for problem in large.problems] == [Trouble.NOT_HERE]
    known = {item.item_hash for item in read_all(body).items}
    assert guids(read_all(rss(items(99, *range(50))), known, quick_bytes=1_000)) == ["g99"] + [None] * 50
    malformed = read_all(body.replace(b"</rss>", b""), quick_bytes=100_000)
    assert [problem.trouble for problem in malformed.problems] == [Trouble.NOT_HERE]


def test_of_a_document_with_thousands_of_items_the_first_two_thousand_are_read() -> None:
    body = b"<rss version='2.0'><channel>" + b"".join(
        b"<item><guid>%d</guid></item>" % number for number in range(2_100)
    ) + b"</channel></rss>"  # fmt: skip
    document = read_all(body)
    assert (len(document.items), guids(document)[0], guids(document)[-1]) == (2_000, "0", "1999")
    assert [problem.trouble for problem in document.problems] == [Trouble.TOO_MANY_ITEMS]


def test_the_same_body_has_the_same_hash_and_another_one_another() -> None:
    assert body_hash(b"a") == body_hash(b"a") != body_hash(b"b")
