"""What a news page holds beside the news: navigation, related articles, comments, notices."""

import re
from collections.abc import Sequence

from streams.text.boilerplate_words import HEADING_PATTERNS, HEADINGS, LINK_LINE, NOTICE, NOTICES
from streams.text.tokens import tokenise

PROSE_WORDS = 20  # a line of so many words with a full stop is prose, not a menu
WORDS_BEFORE_A_TAIL = 8  # a heading with less text before it stands at the top of the page
HEADING_CHARS = 80
NOTICE_CHARS = 300
TITLE_WORDS = 4
SUFFIX_WORDS = 6  # such as " - The Site's Name"
FULL_STOPS = (".", "。")
SITE_MARK = re.compile(r"\s[-–—|·»:]+\s|\s*\|\s*")
COUNT = re.compile(r"[(\[]?\d+[)\]]?")
SENTENCE_END = re.compile("[.!?。！？][\"'”’」』)]*$")


def cut(text: str, *, title: str) -> str:
    """Return the text without what surrounds the article on its page; lines are paragraphs.

    The title's own line goes, and what stands before it, if there isn't more prose than behind it. From a
    heading such as "Related articles" everything to the end goes; a heading counts only as a whole line, in
    the shipped languages (en, zh, ja, de, ko, fr, es). Cookie and subscription lines go.
    Raises: nothing. Cost: O(text).
    """
    lines = text.split("\n")
    headings = [number for number, line in enumerate(lines) if is_heading(line)]
    start = first_line(lines, headings, key(title))
    end = next((number for number in headings if number >= start and is_tail(lines, start, number)), len(lines))
    return "\n".join(line for line in lines[start:end] if not (is_heading(line) or is_notice(line)))


def key(line: str) -> str:
    """Return the words of a line, folded."""
    return " ".join(token.term for token in tokenise(line))


def is_heading(line: str) -> bool:
    """Return whether the line is nothing but the heading of a page's tail."""
    if len(line) > HEADING_CHARS:
        return False
    words = key(COUNT.sub(" ", line))
    return words in HEADINGS or (
        not line.rstrip().endswith(FULL_STOPS) and any(pattern.fullmatch(words) for pattern in HEADING_PATTERNS)
    )


def is_notice(line: str) -> bool:
    """Return whether the line asks for cookies, a subscription or a click, or links to another article."""
    if len(line) > NOTICE_CHARS:
        return False
    return LINK_LINE.match(line) is not None or NOTICE.match(key(line)) is not None or key(line) in NOTICES


def is_prose(line: str) -> bool:
    """Return whether the line reads like a paragraph of an article."""
    return SENTENCE_END.search(line.rstrip()) is not None and len(tokenise(line)) >= PROSE_WORDS


def prose(lines: Sequence[str]) -> int:
    """Return how many characters of the lines are prose."""
    return sum(len(line) for line in lines if is_prose(line))


def first_line(lines: Sequence[str], headings: Sequence[int], title: str) -> int:
    """Return the line where the article begins: behind the last one that is the title and has the article behind it.

    A copy in a menu has no prose before the next heading; a copy below the article has more prose before
    it than behind it.
    """
    start = 0
    if not title:
        return start
    for number, line in enumerate(lines):
        if same_title(line, title):
            end = next((heading for heading in headings if heading > number), len(lines))
            if prose(lines[:number]) <= prose(lines[number:end]):
                start = number + 1
    return start


def same_title(line: str, title: str) -> bool:
    """Return whether the line is the title, or one of both is the other with the name of the site behind it."""
    if len(line) > 2 * len(title) + HEADING_CHARS:
        return False
    words = key(line)
    if words == title or any(key(line[: found.start()]) == title for found in SITE_MARK.finditer(line)):
        return True
    rest = title[len(words) :]
    starts = title.startswith(f"{words} ") and len(words.split()) >= TITLE_WORDS
    return starts and len(rest.split()) <= SUFFIX_WORDS


def is_tail(lines: Sequence[str], start: int, heading: int) -> bool:
    """Return whether the page's tail begins at this heading: the article is before it, or nowhere behind it."""
    before = [line for line in lines[start:heading] if not (is_heading(line) or is_notice(line))]
    words = sum(len(tokenise(line)) for line in before)
    return words >= WORDS_BEFORE_A_TAIL or not any(is_prose(line) for line in lines[heading:])
