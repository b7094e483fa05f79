"""JSON Feed 1.0 and 1.1, by a reader of our own: the XML parser has none."""

import json
from collections.abc import Mapping
from html import escape

from streams.feeds.dates import read_date
from streams.feeds.entry import Entry, FeedProblem, ParsedFeed, Trouble, clean
from streams.feeds.links import absolute_link

VERSIONS = "https://jsonfeed.org/version/"


def looks_like_json(body: bytes) -> bool:
    """Return whether the body begins as a JSON object does."""
    return body[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def parse_json_feed(body: bytes, *, url: str) -> ParsedFeed:
    """Return the entries of a JSON Feed; `url` is what relative links are relative to."""
    try:
        document = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as err:
        return ParsedFeed(problems=(FeedProblem(Trouble.NOT_A_FEED, f"not JSON: {str(err)[:200]}"),))
    if not isinstance(document, dict) or not _text(document, "version").startswith(VERSIONS):
        return ParsedFeed(problems=(FeedProblem(Trouble.NOT_A_FEED, "JSON, but no JSON Feed"),))
    items = document.get("items")
    entries = [_entry(item, url) for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return ParsedFeed(entries=tuple(entries), language=_text(document, "language") or None)


def _entry(item: Mapping[str, object], url: str) -> Entry:
    link = _text(item, "url") or _text(item, "external_url")
    return Entry(
        guid=_text(item, "id"),
        link=absolute_link(url, link),
        title=escape(_text(item, "title"), quote=False),
        summary=escape(_text(item, "summary"), quote=False),
        content=_text(item, "content_html") or escape(_text(item, "content_text"), quote=False),
        authors=_authors(item),
        categories=_strings(item.get("tags")),
        published=read_date(_text(item, "date_published")),
        updated=read_date(_text(item, "date_modified")),
        language=_text(item, "language") or None,
    )


def _text(item: Mapping[str, object], name: str) -> str:
    value = item.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return clean(str(value)).strip()


def _strings(values: object) -> tuple[str, ...]:
    if not isinstance(values, list):
        return ()
    return tuple(clean(value).strip() for value in values if isinstance(value, str) and value.strip())


def _authors(item: Mapping[str, object]) -> tuple[str, ...]:
    listed = item.get("authors")
    people = listed if isinstance(listed, list) else [item.get("author")]
    names = (_text(person, "name") for person in people if isinstance(person, dict))
    return tuple(name for name in names if name)
