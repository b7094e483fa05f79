"""Which article an entry is: an id from content alone, kept through edits, collisions and changed guids."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice

from streams.articles.canonical_url import canonical_url
from streams.articles.entry_text import EntryText
from streams.feeds.entry import Entry
from streams.feeds.feed import SeenItem
from streams.ids import ArticleId, FeedId, RevisionKey, content_id

MOST_REVISIONS = 24
SAME_FOR = timedelta(hours=48)
TRIED_IDS = 4  # entries that share a guid are told apart by their content in so many places


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands in the state: its key, and what is remembered of it under that or an older key."""

    key: ArticleId
    seen: SeenItem | None
    moved_from: str | None = None


def article_ids(feed_id: FeedId, entry: Entry, title: str) -> Iterator[ArticleId]:
    """Return, without end, the ids that an entry may take: its own, then with its link, then with a number.

    Its own is the hash of feed id and guid, else canonical link, else title and date.
    """
    link = canonical_url(entry.link) if entry.link else ""
    date = entry.published or entry.updated
    own = (entry.guid,) if entry.guid else (link,) if link else (title, date.at.isoformat() if date else "")
    yield ArticleId(content_id(feed_id, *own))
    yield ArticleId(content_id(feed_id, *own, link))
    number = 2
    while True:
        yield ArticleId(content_id(feed_id, *own, link, str(number)))
        number += 1


def content_hash(text: EntryText, link: str) -> str:
    """Return the hash of title, link and text: another one is another revision."""
    return content_id(text.title, link, text.lead, text.body)


def same_as(text: EntryText, link: str) -> str:
    """Return the hash of link and title, by which an entry is known again under another guid; empty without a link."""
    return content_id(link, text.title) if link else ""


def revision_key(ordinal: int, content: str) -> RevisionKey:
    """Return `<ordinal>-<8 hex digits of the content hash>`, which stays unique when a state was lost."""
    return RevisionKey(f"{ordinal}-{content[:8]}")


@dataclass(frozen=True, slots=True)
class Absent:
    """What is remembered of entries that the document no longer holds: their keys, by link and title, by article."""

    keys: frozenset[str]
    by_same: Mapping[str, str]
    by_article: Mapping[str, str]

    def may_take(self, key: str, known: Mapping[str, SeenItem], taken: Collection[str]) -> bool:
        """Return whether an entry may have this id: it is no article's that the document holds under another key."""
        holder = self.by_article.get(key)
        return key in known or holder is None or (holder in self.keys and holder not in taken)


def absent(known: Mapping[str, SeenItem], keys: Collection[str]) -> Absent:
    """Return the lookups for keys that left the document; `by_article` holds every article that goes by another key."""
    return Absent(
        keys=frozenset(keys),
        by_same={known[key].same_as: key for key in keys if known[key].same_as},
        by_article={seen.article_id: key for key, seen in known.items() if seen.article_id != key},
    )


def place_of(
    ids: Iterator[ArticleId],
    *,
    content: str,
    same: str,
    known: Mapping[str, SeenItem],
    taken: Collection[str],
    gone: Absent,
    now: datetime,
) -> Place:
    """Return which article an entry is.

    `taken` are the keys of this document's other entries. An entry whose ids are all unknown is one that vanished
    within 48 hours under the same link and title, or else new; it never gets the id of another article.
    """
    first = list(islice(ids, TRIED_IDS))
    unchanged = next((key for key in first if key not in taken and _holds(known, key, content)), None)
    if unchanged is not None:
        return Place(unchanged, known[unchanged])
    key = next(key for key in chain(first, ids) if key not in taken and gone.may_take(key, known, taken))
    if key in known:
        return Place(key, known[key])
    if key in gone.by_article:
        return Place(key, known[gone.by_article[key]], moved_from=gone.by_article[key])
    return _moved_or_new(key, gone.by_same.get(same), known, taken, now)


def _moved_or_new(
    key: ArticleId, old_key: str | None, known: Mapping[str, SeenItem], taken: Collection[str], now: datetime
) -> Place:
    if old_key is None or old_key in taken or now - known[old_key].last_in_document_at > SAME_FOR:
        return Place(key, None)
    return Place(key, known[old_key], moved_from=old_key)


def _holds(known: Mapping[str, SeenItem], key: str, content: str) -> bool:
    return key in known and known[key].content_hash == content
