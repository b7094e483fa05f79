"""An article from an entry: who said it, in which language, when, and which revision it is."""

import re
from datetime import datetime

from streams.articles.article import Article, ArticleKind, DateQuality
from streams.articles.canonical_url import canonical_url
from streams.articles.entry_text import EntryText
from streams.articles.identity import content_hash, revision_key
from streams.feeds.dates import credible
from streams.feeds.entry import Entry, SourceDate, clean
from streams.feeds.feed import Feed
from streams.ids import ArticleId
from streams.text.language import detect

MOST_AUTHORS, MOST_CATEGORIES, NAME_CHARS, GUID_CHARS = 20, 50, 200, 1_000
_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*\Z")


def article_from(
    entry: Entry,
    text: EntryText,
    feed: Feed,
    *,
    article_id: ArticleId,
    ordinal: int,
    kind: ArticleKind,
    language: str | None = None,
    previous_title: str | None = None,
    absent_at: datetime | None = None,
    first_seen_at: datetime,
    fetched_at: datetime,
) -> Article:
    """Return the article that one revision of an entry is; `language` is what its document declares.

    `first_seen_at` is the start of the request that brought it, `fetched_at` when the answer was complete;
    `absent_at` is the start of the last request before it whose answer did not hold it, if there was one.
    """
    published, quality = date_of(entry, now=fetched_at)
    spoken, source = language_of(text, feed.language or entry.language or language)
    url = canonical_url(entry.link) if entry.link else ""
    return Article(
        article_id=article_id,
        revision=revision_key(ordinal, content_hash(text, url)),
        kind=kind,
        feed_id=feed.feed_id,
        publisher=feed.publisher,
        tier=feed.tier,
        permission=feed.permission,
        language=spoken,
        language_from=source,
        url=url,
        original_url=entry.link,
        guid=entry.guid[:GUID_CHARS] or None,
        title=text.title,
        lead=text.lead,
        body=text.body,
        authors=_names(entry.authors, MOST_AUTHORS),
        categories=_names(entry.categories, MOST_CATEGORIES),
        truncated=text.truncated,
        published_at=published,
        updated_at=entry.updated.at if entry.updated and credible(entry.updated, now=fetched_at) else None,
        date_quality=quality,
        absent_at=absent_at,
        first_seen_at=first_seen_at,
        fetched_at=fetched_at,
        previous_title=previous_title,
        sample=feed.sample,
    )


def date_of(entry: Entry, *, now: datetime) -> tuple[datetime | None, DateQuality]:
    """Return when the entry says that it was published, and how far that can be trusted; no date is invented.

    `updated` stands in for `published`. A date more than 10 minutes ahead of `now` is none.
    """
    date: SourceDate | None = entry.published or entry.updated
    if date is None:
        return None, DateQuality.MISSING
    if not credible(date, now=now):
        return None, DateQuality.FUTURE
    return date.at, DateQuality.EXACT if date.zoned else DateQuality.NO_ZONE


def language_of(text: EntryText, declared: str | None) -> tuple[str, str]:
    """Return the BCP 47 tag and where it is from: declared, else by script and detector."""
    if declared and _TAG.match(declared):
        return declared, "declared"
    return detect(f"{text.title}\n{text.lead}\n{text.body[:1_000]}")


def _names(names: tuple[str, ...], most: int) -> tuple[str, ...]:
    return tuple(clean(name)[:NAME_CHARS] for name in names[:most])
