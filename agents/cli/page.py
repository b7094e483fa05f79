"""A saved page as `tocsin verify` sees it: its lines, its title, and which lines are boilerplate by a plain line test.

The test knows nothing of the product's own cutter: above the title, or from the first line that says RELATED ARTICLES,
LEAVE A REPLY, Most Popular or Recent Comments, is boilerplate.
"""

import codecs
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from html.parser import HTMLParser
from itertools import accumulate

from streams.errors import ConfigurationError

TAIL_STARTS = frozenset({"related articles", "leave a reply", "most popular", "recent comments"})
BLOCKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "body", "br", "button", "caption", "dd", "details", "div", "dl"),
        *("dt", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "legend"),
        *("li", "main", "nav", "ol", "option", "p", "pre", "section", "summary", "table", "td", "th", "tr", "ul"),
    }
)
UNSEEN = frozenset({"script", "style", "template", "noscript", "textarea"})
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
CHARSET = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)
NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")  # XML, and so a feed, can't carry it
HAS_HEADING = re.compile(r"<h1[\s>]", re.IGNORECASE)
LOOKS_LIKE_HTML = re.compile(r"<\s*(?:!doctype|html|head|body|h1|article|div|p)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Page:
    """A page's lines as a reader sees them, the number of the title's line, and the page as a feed would carry it."""

    title: str
    lines: tuple[str, ...]
    title_line: int
    content: str

    @property
    def tail_line(self) -> int:
        """Return the number of the first line of the tail; the count of lines if there is none."""
        found = (number for number, line in enumerate(self.lines) if _starts_tail(line) and number > self.title_line)
        return next(found, len(self.lines))

    def is_boilerplate(self, number: int) -> bool:
        """Return whether the line stands above the title, or in the tail."""
        return number < self.title_line or number >= self.tail_line

    @cached_property
    def stream(self) -> str:
        """Return the page's text without any white space; how a reader splits it into lines doesn't matter there."""
        return "".join(map(squeezed, self.lines))

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Return where each line begins in the stream."""
        return tuple(accumulate((len(squeezed(line)) for line in self.lines), initial=0))

    def place(self, texts: Sequence[str]) -> Iterator[int | None]:
        """Yield, for each line of an article's text in order, where it begins in the stream; None if nowhere.

        What stands twice counts as below the title, in the order of the article, before it counts as above.
        """
        title = at = self.starts[self.title_line]
        for text in texts:
            wanted = squeezed(text)
            found = self.stream.find(wanted, at)
            if found >= 0:
                at = found + len(wanted)
            else:
                below = self.stream.find(wanted, title)
                found = self.stream.find(wanted) if below < 0 else below
            yield None if found < 0 else found

    def line_at(self, place: int) -> int:
        """Return the number of the line that a place of the stream is in."""
        return bisect_right(self.starts, place) - 1


def read_page(given: bytes, *, name: str) -> Page:
    """Return the page that a file holds, HTML or plain text, in the charset that it declares, else UTF-8.

    Raises: ConfigurationError when no title can be found: HTML without `<h1>`, or text without a title's line.
    """
    text = NO_TEXT.sub(" ", decoded(given))
    html = LOOKS_LIKE_HTML.search(text[:4_000]) or HAS_HEADING.search(text)
    return _read_html(text, name) if html else _read_text(text, name)


def decoded(given: bytes) -> str:
    """Return the text of a file: by its byte order mark, as UTF-8, by the charset that its HTML declares."""
    for mark, charset in MARKS.items():
        if given.startswith(mark):
            return given.decode(charset, "replace")
    try:
        return given.decode("utf-8")
    except UnicodeDecodeError:
        declared = CHARSET.search(given[:4_000])
        try:
            return given.decode(declared[1].decode() if declared else "utf-8", "replace")
        except LookupError:
            return given.decode("utf-8", "replace")


def _read_text(text: str, name: str) -> Page:
    lines = tuple(" ".join(line.split()) for line in text.splitlines())
    for number, line in enumerate(lines[:-1]):
        if line and not lines[number + 1] and not line.endswith(("...", "…")):
            content = "".join(f"<p>{escape(each)}</p>\n" for each in lines if each)
            return Page(title=line, lines=lines, title_line=number, content=content)
    raise ConfigurationError(f"{name}: no title: its line stands before a blank one and doesn't end in `...`")


def _read_html(text: str, name: str) -> Page:
    reader = _Lines()
    reader.feed(text)
    reader.close()
    lines = tuple(reader.lines())
    found = [(line, title) for line, parts in reader.headings if (title := " ".join("".join(parts).split()))]
    if not found:
        raise ConfigurationError(f"{name}: no title: the page has no <h1> with text")
    head = squeezed("".join(reader.head)).casefold()
    named = [each for each in found if squeezed(each[1]).casefold() in head]  # some sites put their name into one too
    line, title = max(named, key=lambda each: len(each[1]), default=found[0])
    return Page(title=title, lines=lines, title_line=line, content=text)


class _Lines(HTMLParser):
    """Collects the text that a reader sees, a line for each block, every h1, and the title in the head."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.headings: list[tuple[int, list[str]]] = []
        self.head: list[str] = []
        self._done: list[str] = []
        self._open: list[str] = []
        self._unseen = 0
        self._within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the base class's
        self._unseen += tag in UNSEEN
        if tag in BLOCKS:
            self._break()
        if tag == "h1":
            self.headings.append((len(self._done), []))
        if tag in {"h1", "title"}:
            self._within = tag

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in UNSEEN))
        if tag == self._within:
            self._within = ""
        if tag in BLOCKS:
            self._break()

    def handle_data(self, data: str) -> None:
        if self._within == "title":
            self.head.append(data)
        elif not self._unseen:
            self._open.append(data)
            if self._within == "h1":
                self.headings[-1][1].append(data)

    def _break(self) -> None:
        line = " ".join("".join(self._open).split())
        self._open.clear()
        if self._within == "h1":
            self.headings[-1][1].append(" ")
        if line:
            self._done.append(line)

    def lines(self) -> list[str]:
        self._break()
        return self._done


def _starts_tail(line: str) -> bool:
    return line.strip(" \t:-–—*#|").casefold() in TAIL_STARTS


def squeezed(text: str) -> str:
    """Return the text without white space, composed."""
    return "".join(unicodedata.normalize("NFC", text).split())
