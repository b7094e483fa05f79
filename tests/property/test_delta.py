import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.feeds.delta import read, split
from streams.feeds.parse import parse
from tests.fakes import FeedItem, rss
from tests.support.data import shared_data

URL = "http://fake.test/feed"
SPLITTABLE = 60  # of 97 documents: fewer, and the proof below would prove little
TEXTS = st.text(st.characters(exclude_characters="<>&", exclude_categories=["Cs", "Cc"]), max_size=20)
FEED_ITEMS = st.lists(
    st.builds(FeedItem, guid=st.uuids().map(str), title=TEXTS, text=st.one_of(TEXTS, st.just("<![CDATA[</item>]]>"))),
    max_size=8,
)


def agrees(body: bytes, known: set[str]) -> bool:
    """Whether the new items' entries are those that a full parse gives at the same places."""
    whole = read(body, known=(), content_type="", url=URL)
    full = parse(body, content_type="", url=URL).entries
    part = read(body, known=known, content_type="", url=URL)
    entries = {item.item_hash: item.entry for item in whole.items}
    same = all(item.entry == (None if item.item_hash in known else entries[item.item_hash]) for item in part.items)
    return same and [item.entry for item in whole.items] == list(dict.fromkeys(full))


@given(FEED_ITEMS, st.data())
def test_a_delta_parse_equals_a_full_parse(items: list[FeedItem], data: st.DataObject) -> None:
    body = rss(items)
    hashes = [item.item_hash for item in read(body, known=(), content_type="", url=URL).items]
    known = data.draw(st.sets(st.sampled_from(hashes))) if hashes else set()
    assert agrees(body, known)


def documents() -> list[Path]:
    files = sorted(shared_data("feed_corpus").rglob("*"))
    return [file for file in files if file.is_file() and file.suffix != ".py" and not file.name.endswith(".serde.json")]


@pytest.mark.corpus
def test_a_delta_parse_equals_a_full_parse_on_every_real_feed_that_can_be_split() -> None:
    chance = random.Random(7)
    splittable = 0
    for file in documents():
        body = file.read_bytes()
        hashes = [item.item_hash for item in read(body, known=(), content_type="", url=URL).items]
        if split(body) is None or not hashes:
            continue
        splittable += 1
        subsets = [set(hashes), set(hashes[1:]), set(hashes[:-1]), {each for each in hashes if chance.random() < 0.7}]
        assert all(agrees(body, known) for known in subsets), file.name
    assert splittable >= SPLITTABLE


@pytest.mark.corpus
def test_no_real_feed_breaks_the_parser() -> None:
    found = {file.name: parse(file.read_bytes(), content_type="", url=URL) for file in documents()}
    assert sum(bool(each.entries) for each in found.values()) >= 75
