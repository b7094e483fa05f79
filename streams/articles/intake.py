"""From a document's new items to articles: what is new, what changed, and what the state remembers of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from streams.articles.article import Article, ArticleKind
from streams.articles.build import article_from, date_of
from streams.articles.canonical_url import canonical_url
from streams.articles.entry_text import EntryText
from streams.articles.identity import (
    MOST_REVISIONS,
    Absent,
    Place,
    absent,
    article_ids,
    content_hash,
    place_of,
    same_as,
)
from streams.articles.reading import ReadItem
from streams.feeds.entry import MOST_ITEMS, Entry
from streams.feeds.feed import Feed, SeenItem
from streams.ids import FeedId

NEWS_FOR = timedelta(hours=2)  # at a feed's first poll, what is older was news to others before we came
KEPT_TITLE_CHARS = 200
STATE_CHARS = 250_000  # in UTF-8 and JSON below the broker's megabyte, titles and all


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where the items come from: the feed, its document's language, and the request in time.

    `absent_at` is the start of the last request that was answered before; None at the feed's first poll.
    """

    feed: Feed
    first_poll: bool
    first_seen_at: datetime
    fetched_at: datetime
    absent_at: datetime | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What a document gave: the articles to publish, and the items to remember once they are acknowledged."""

    articles: tuple[Article, ...]
    items: Mapping[str, SeenItem]
    all_new: bool = False


@dataclass(slots=True)
class _Desk:
    """The work in progress on one document."""

    known: Mapping[str, SeenItem]
    gone: Absent
    present: dict[str, SeenItem]
    moved: set[str] = field(default_factory=set)
    articles: list[Article] = field(default_factory=list)


def take_in(items: Sequence[ReadItem], known: Mapping[str, SeenItem], origin: Origin) -> Intake:
    """Return what to publish of a document, oldest first, and what to remember; equal input gives equal ids.

    An entry that was published before, unchanged, gives nothing. Cost: about 50 us a changed item.
    """
    keys = {seen.item_hash: key for key, seen in known.items()}
    changed = [item for item in items if item.item_hash not in keys]
    stays = [keys[item.item_hash] for item in items if item.item_hash in keys]
    present = {key: _still_there(known[key], origin.fetched_at) for key in stays}
    desk = _Desk(known, _gone(known, present, changed, origin.feed.feed_id), present)
    for item in changed:
        if item.entry is not None and item.text is not None:
            _take_item(item.item_hash, item.entry, item.text, desk, origin)
    gone = [key for key in known if key not in desk.present and key not in desk.moved]
    gone.sort(key=lambda key: known[key].last_in_document_at, reverse=True)
    return Intake(
        articles=tuple(sorted(desk.articles, key=lambda article: article.published_at or article.fetched_at)),
        items=_bounded({**desk.present, **{key: known[key] for key in gone}}),
        all_new=bool(known) and bool(changed) and not stays and len(desk.articles) == len(changed),
    )


def _still_there(seen: SeenItem, now: datetime) -> SeenItem:
    return seen.model_copy(update={"last_in_document_at": now})


def _gone(
    known: Mapping[str, SeenItem], present: Mapping[str, SeenItem], changed: Sequence[ReadItem], feed_id: FeedId
) -> Absent:
    """Return what the document no longer holds; an entry that is there under its own id is not gone."""
    own = {next(article_ids(feed_id, item.entry, item.text.title)) for item in changed if item.entry and item.text}
    return absent(known, [key for key in known if key not in present and key not in own])


def _take_item(item_hash: str, entry: Entry, text: EntryText, desk: _Desk, origin: Origin) -> None:
    link = canonical_url(entry.link) if entry.link else ""
    content, same = content_hash(text, link), same_as(text, link)
    place = place_of(
        article_ids(origin.feed.feed_id, entry, text.title),
        content=content,
        same=same,
        known=desk.known,
        taken=desk.present.keys() | desk.moved,
        gone=desk.gone,
        now=origin.fetched_at,
    )
    if place.moved_from is not None:
        desk.moved.add(place.moved_from)
    fresh = place.seen is None or place.seen.content_hash != content
    ordinal = _ordinal(place, fresh=fresh)
    if fresh and ordinal <= MOST_REVISIONS:
        desk.articles.append(_article(entry, text, place, ordinal, origin))
    desk.present[place.key] = SeenItem(
        article_id=place.seen.article_id if place.seen else place.key,
        ordinal=min(ordinal, MOST_REVISIONS),
        content_hash=content,
        item_hash=item_hash,
        last_in_document_at=origin.fetched_at,
        same_as=same,
        title=text.title[:KEPT_TITLE_CHARS],
    )


def _ordinal(place: Place, *, fresh: bool) -> int:
    return 1 if place.seen is None else place.seen.ordinal + int(fresh)


def _article(entry: Entry, text: EntryText, place: Place, ordinal: int, origin: Origin) -> Article:
    before = place.seen.title if place.seen else None
    changed_title = before if before and before != text.title[:KEPT_TITLE_CHARS] else None
    return article_from(
        entry,
        text,
        origin.feed,
        article_id=place.seen.article_id if place.seen else place.key,
        ordinal=ordinal,
        kind=_kind(entry, place, origin),
        language=origin.language,
        previous_title=changed_title,
        absent_at=origin.absent_at,
        first_seen_at=origin.first_seen_at,
        fetched_at=origin.fetched_at,
    )


def _kind(entry: Entry, place: Place, origin: Origin) -> ArticleKind:
    """Return why the article is published; at a first poll only items under 2 hours are new, the others backfill."""
    if place.seen is not None:
        return ArticleKind.UPDATED
    if not origin.first_poll:
        return ArticleKind.NEW
    published, _ = date_of(entry, now=origin.fetched_at)
    recent = published is not None and origin.fetched_at - published <= NEWS_FOR
    return ArticleKind.NEW if recent else ArticleKind.BACKFILL


def _bounded(items: Mapping[str, SeenItem]) -> dict[str, SeenItem]:
    """Return the first 2,000 items, titles cut short where they would burst the state's record."""
    kept = dict(list(items.items())[:MOST_ITEMS])
    if sum(len(seen.title.encode()) for seen in kept.values()) <= STATE_CHARS:
        return kept
    return {key: seen.model_copy(update={"title": ""}) for key, seen in kept.items()}
