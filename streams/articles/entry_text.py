"""Title, lead and body of an entry as plain text, three parts that never repeat each other."""

import re
from dataclasses import dataclass

from streams.articles.article import BODY_CHARS, LEAD_CHARS
from streams.feeds.entry import Entry, clean
from streams.text.boilerplate import cut
from streams.text.html import to_text

TITLE_CHARS = 1_000
MOST_HTML_CHARS = 1_000_000  # 60 ms of reading; a longer item is marked as truncated
MADE_TITLE_CHARS = 160
ELLIPSIS_CHARS = 100
_ELLIPSIS = re.compile(r"(?:\s*+(?:\[?(?:\u2026|\.\.\.)\]?|\[\+\d+ chars\]))++\s*\Z")
_SENTENCE_END = re.compile(r"[.!?]['\"\u201d\u2019)]?(?=\s)|[\u3002\uff01\uff1f][\u201d\u300d]?")


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryText:
    """The plain text of an entry."""

    title: str
    lead: str
    body: str
    truncated: bool = False


def entry_text(entry: Entry) -> EntryText:
    """Return title, lead (1,000 characters at most) and body (200,000) of an entry.

    The lead is the summary. A body that repeats it, or the title's line, loses that part; when there is one long
    text only, its first paragraph is the lead. An entry without a title takes its first sentence as one.
    """
    title = " ".join(_plain(entry.title[: 10 * TITLE_CHARS]).split())
    summary = _story(entry.summary, title)
    content = _story(entry.content, title)
    lead, body = _parts(summary, content)
    if not title:
        title, lead = _head_cut(lead, MADE_TITLE_CHARS)
    lead, body = (lead, body) if lead else _lead_of(body)
    too_long = max(len(entry.summary), len(entry.content)) > MOST_HTML_CHARS or len(title) > TITLE_CHARS
    return EntryText(
        title=title[:TITLE_CHARS],
        lead=lead,
        body=body[:BODY_CHARS],
        truncated=too_long or len(body) > BODY_CHARS,
    )


def _plain(html: str) -> str:
    return clean(to_text(html)) if html else ""


def _story(html: str, title: str) -> str:
    """Return the text of a part without its boilerplate and without the title's own line at its head."""
    text = _plain(html[:MOST_HTML_CHARS])
    text = cut(text, title=title) if text else ""
    first, _, rest = text.partition("\n")
    return rest if title and _squeezed(first) == _squeezed(title) else text


def _squeezed(text: str) -> str:
    return "".join(text.split()).casefold()


def _parts(summary: str, content: str) -> tuple[str, str]:
    """Return lead and body of two texts of which one may repeat the other."""
    if not summary or not content:
        return _lead_of(summary or content)
    shortened = _without_ellipsis(summary)
    repeated = _end_of(shortened, content)
    if repeated is not None and (shortened != summary or repeated == len(content)):
        return _lead_of(content)
    if _end_of(content, summary) is not None:
        return _lead_of(summary)
    rest = content[repeated:].strip() if repeated is not None else _without_line(content, summary)
    lead, more = _lead_of(summary)
    return lead, "\n".join(part for part in (more, rest) if part)


def _without_ellipsis(text: str) -> str:
    """Return the text without the dots that say that it goes on; more of them than a line holds are none."""
    tail = max(0, len(text) - ELLIPSIS_CHARS)
    return text[:tail] + _ELLIPSIS.sub("", text[tail:])


def _end_of(prefix: str, text: str) -> int | None:
    """Return where the prefix ends in the text, white space apart, or None when the text begins otherwise."""
    place = 0
    for character in prefix:
        if character.isspace():
            continue
        while place < len(text) and text[place].isspace():
            place += 1
        if place >= len(text) or text[place] != character:
            return None
        place += 1
    return place


def _without_line(text: str, line: str) -> str:
    same = _squeezed(line)
    return "\n".join(own for own in text.split("\n") if _squeezed(own) != same)


def _lead_of(text: str) -> tuple[str, str]:
    """Return lead and body of one text: a short one is the lead, of a long one it is the first paragraph."""
    if len(text) <= LEAD_CHARS:
        return text, ""
    first, _, rest = text.partition("\n")
    if len(first) <= LEAD_CHARS:
        return first, rest
    lead, more = _head_cut(first, LEAD_CHARS)
    return lead, f"{more}\n{rest}".strip("\n")


def _head_cut(text: str, limit: int) -> tuple[str, str]:
    """Return the head of a text, cut at the last sentence end that fits, else at a space, and the rest."""
    first, newline, rest = text.partition("\n")
    if len(first) <= limit:
        return first, rest
    window = first[: limit + 1]
    ends = [found.end() for found in _SENTENCE_END.finditer(window) if found.end() <= limit]
    place = ends[-1] if ends and ends[-1] >= limit // 4 else window.rfind(" ")
    place = place if place > 0 else limit
    return first[:place].rstrip(), first[place:].lstrip() + newline + rest
