"""Bytes to entries: RSS, Atom, RDF and JSON Feed. Problems are values, and nothing outside is ever opened."""

import io
import re
from calendar import timegm
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape

import feedparser

from streams.feeds.dates import has_zone, read_date
from streams.feeds.entry import Entry, FeedProblem, ParsedFeed, SourceDate, Trouble, clean
from streams.feeds.json_feed import looks_like_json, parse_json_feed
from streams.feeds.links import absolute_link
from streams.feeds.screen import screen

# feedparser calls these malformed, and they are not: the charset or the content type was another than declared.
_BENIGN = (feedparser.CharacterEncodingOverride, feedparser.NonXMLContentType)
_WEB_PAGE = (b"<!doctype html", b"<html")
_WHITE = b" \t\r\n"
_WORD = re.compile(rb"[\w.+-]+")
LONGEST_WORD = 500  # in an author's name feedparser takes the square of it: 0.6 ms for 500 characters, 2 s for 30,000


def parse(body: bytes, *, content_type: str, url: str, quick_bytes: int | None = None) -> ParsedFeed:
    """Return every entry of the document, in its order, with the problems met; never raises.

    With `quick_bytes`, a larger or a malformed document is left undone (Trouble.NOT_HERE): the caller then parses it
    where it can be killed, for the loose parser can take seconds. Cost: 0.5 to 2 ms an entry.
    """
    body = body.lstrip(_WHITE)  # an XML declaration may not follow white space; many feeds have it so
    problem = _first_look(body, quick_bytes)
    if problem is not None:
        return ParsedFeed(problems=(problem,))
    return parse_json_feed(body, url=url) if looks_like_json(body) else _parse_xml(body, content_type, url)


def _first_look(body: bytes, quick_bytes: int | None) -> FeedProblem | None:
    """Return why the document isn't parsed at all, or not here."""
    if not body:
        return FeedProblem(Trouble.EMPTY, "the body is empty")
    if body[:16].lower().startswith(_WEB_PAGE):
        return FeedProblem(Trouble.NOT_A_FEED, "a web page")
    if quick_bytes is not None and (why := _takes_long(body, quick_bytes)):
        return FeedProblem(Trouble.NOT_HERE, why)
    problem = None if looks_like_json(body) else screen(body)
    if problem is None or problem.fatal:
        return problem
    return None if quick_bytes is None else FeedProblem(Trouble.NOT_HERE, problem.detail)


def _takes_long(body: bytes, quick_bytes: int) -> str:
    """Return why a parse may take long, or an empty string."""
    if len(body) > quick_bytes:
        return f"{len(body)} bytes are more than a quick parse takes"
    if not looks_like_json(body) and any(len(word) > LONGEST_WORD for word in _WORD.findall(body)):
        return "a very long word, in which feedparser may look for a mail address for seconds"
    return ""


def _refused(trouble: Trouble, detail: str) -> ParsedFeed:
    return ParsedFeed(problems=(FeedProblem(trouble, detail),))


def _parse_xml(body: bytes, content_type: str, url: str) -> ParsedFeed:
    # No content-location: feedparser would resolve guids against it, and an article's id would change with the URL.
    headers = {"content-type": content_type or "application/xml"}
    try:
        # A stream, never bytes or str: feedparser opens bytes as the name of a file, and fetches a str that is a URL.
        found = feedparser.parse(
            io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except Exception as err:  # noqa: BLE001 - on hostile input feedparser raises anything, RecursionError included
        return _refused(Trouble.PARSER_FAILED, f"{type(err).__name__}: {str(err)[:200]}")
    raw = [_entry(item, url) for item in found.entries]
    if not raw and not found.version:
        return _refused(Trouble.NOT_A_FEED, "neither RSS, Atom nor JSON Feed")
    feed: Mapping[str, object] = found.feed
    return ParsedFeed(
        entries=tuple(raw),
        problems=_problems(found.bozo, found.get("bozo_exception")),
        language=_text(feed, "language") or None,
        ttl_s=_ttl_s(_text(feed, "ttl")),
    )


def _problems(bozo: object, cause: object) -> tuple[FeedProblem, ...]:
    if not bozo or isinstance(cause, _BENIGN):
        return ()
    return (FeedProblem(Trouble.MALFORMED, str(cause)[:200], fatal=False),)


def _ttl_s(minutes: str) -> float | None:
    return float(minutes) * 60 if minutes.isascii() and minutes.isdigit() else None


def _entry(item: Mapping[str, object], url: str) -> Entry:
    details = [_part(item, name) for name in ("title_detail", "summary_detail")]
    base = next((_text(detail, "base") for detail in details if _text(detail, "base")), "")
    return Entry(
        guid=_text(item, "id"),
        link=absolute_link(absolute_link(url, base) or url, _text(item, "link")),
        title=_html(details[0]),
        summary=_html(details[1]),
        content=_content(item),
        authors=_names(item, "authors", "name"),
        categories=_names(item, "tags", "term"),
        published=_date(item, "published"),
        updated=_date(item, "updated"),
        language=next((_text(detail, "language") for detail in details if _text(detail, "language")), None),
    )


def _value(item: Mapping[str, object], name: str) -> object:
    # dict.get, because FeedParserDict answers for a key that is absent with another one.
    return dict.get(item, name) if isinstance(item, dict) else None


def _text(item: Mapping[str, object], name: str) -> str:
    value = _value(item, name)
    return clean(value).strip() if isinstance(value, str) else ""


def _part(item: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = _value(item, name)
    return value if isinstance(value, dict) else {}


def _parts(item: Mapping[str, object], name: str) -> Sequence[Mapping[str, object]]:
    value = _value(item, name)
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def _html(detail: Mapping[str, object]) -> str:
    text = _text(detail, "value")
    return escape(text, quote=False) if _text(detail, "type") == "text/plain" else text


def _content(item: Mapping[str, object]) -> str:
    texts = [_html(part) for part in _parts(item, "content")]
    return max(texts, key=len, default="")


def _names(item: Mapping[str, object], name: str, field: str) -> tuple[str, ...]:
    texts = (_text(part, field) for part in _parts(item, name))
    return tuple(text for text in texts if text)


def _date(item: Mapping[str, object], name: str) -> SourceDate | None:
    """Return the date by our own reader, else by feedparser's, which knows Korean, Greek and Hungarian ones."""
    text, parsed = _text(item, name), _value(item, f"{name}_parsed")
    own = read_date(text)
    if own is not None or not isinstance(parsed, tuple):
        return own
    try:
        return SourceDate(datetime.fromtimestamp(timegm(parsed), UTC), has_zone(text))
    except (ValueError, OverflowError, OSError):
        return None
