"""A saved page as `tocsin verify` sees it: its lines, its title, and which lines are boilerplate by a plain line test.

The test knows nothing of the product's own cutter: above the title, or from the first line that says RELATED ARTICLES,
LEAVE A REPLY, Most Popular or Recent Comments, is boilerplate.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser

from streams.errors import ConfigurationError

TAIL_STARTS = frozenset({"related articles", "leave a reply", "most popular", "recent comments"})
BLOCKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption", "footer", "form"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section"),
        *("table", "td", "th", "tr", "ul"),
    }
)
UNSEEN = frozenset({"script", "style", "template", "noscript", "title"})  # not head: its end tag may be left out
LOOKS_LIKE_HTML = re.compile(r"<\s*(?:!doctype|html|head|body|h1|article|div|p)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
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

    def place(self, texts: Sequence[str]) -> Iterator[int | None]:
        """Yield, for each line of an article's text in order, the page's line that it came from; None if from none."""
        squeezed, at = [_squeezed(line) for line in self.lines], 0
        for text in texts:
            wanted = _squeezed(text)
            found = next((n for n in range(at, len(squeezed)) if wanted in squeezed[n]), None)
            if found is None:
                found = next((n for n, line in enumerate(squeezed) if wanted in line), None)
            at = at if found is None else found
            yield found


def read_page(text: str, *, name: str) -> Page:
    """Return the page that a file holds, HTML or plain text.

    Raises: ConfigurationError when no title can be found: HTML without `<h1>`, or text without a title's line.
    """
    return _read_html(text, name) if LOOKS_LIKE_HTML.search(text[:4_000]) else _read_text(text, name)


def _read_text(text: str, name: str) -> Page:
    lines = tuple(line.strip() for line in text.lstrip("\ufeff").splitlines())
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
    title = " ".join("".join(reader.title).split())
    if not title:
        raise ConfigurationError(f"{name}: no title: the page has no <h1> with text")
    return Page(title=title, lines=lines, title_line=reader.title_line, content=text)


class _Lines(HTMLParser):
    """Collects the text that a reader sees, a line for each block, and the first h1."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title: list[str] = []
        self.title_line = -1
        self._done: list[str] = []
        self._open: list[str] = []
        self._unseen = 0
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the base class's
        self._unseen += tag in UNSEEN
        if tag in BLOCKS:
            self._break()
        if tag == "h1" and self.title_line < 0:
            self._in_title, self.title_line = True, len(self._done)

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in UNSEEN))
        if tag == "h1":
            self._in_title = False
        if tag in BLOCKS:
            self._break()

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        self._open.append(data)
        if self._in_title:
            self.title.append(data)

    def _break(self) -> None:
        line = " ".join("".join(self._open).split())
        self._open.clear()
        if line:
            self._done.append(line)

    def lines(self) -> list[str]:
        self._break()
        return self._done


def _starts_tail(line: str) -> bool:
    return line.strip(" \t:-–—*#|").casefold() in TAIL_STARTS


def _squeezed(text: str) -> str:
    return "".join(unicodedata.normalize("NFC", text).split())
