"""What a news page holds beside the news: navigation, related articles, comments, notices."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate, pairwise

from streams.text.boilerplate_words import HEADING_PATTERN, HEADINGS, LAST_HEADING, LINK_LINE, NOTICE, NOTICES
from streams.text.tokens import Token, tokenise

PROSE_WORDS = 12  # a line of so many words with a full stop is prose, not a menu
WORDS_BEFORE_A_TAIL = 8  # a heading with less text before it stands at the top of the page
HEADING_CHARS = 80
NOTICE_CHARS = 300
TITLE_WORDS = 4
LEAST_SHARE = 1 / 2  # of the prose above a title behind it; below an article stands less
SUFFIX_WORDS = 6  # such as " - The Site's Name"
FULL_STOPS = (".", "。")
SITE_MARK = re.compile(r"\s[-–—|·»:]+\s|\s*\|\s*")
COUNT = re.compile(r"[(\[]?\d+[)\]]?")
SENTENCE_END = re.compile("(?<![.…])[.!?。！？][\"'”’」』)]*$")


def cut(text: str, *, title: str) -> str:
    """Return the text without what surrounds the article on its page; lines are paragraphs.

    The title's own line goes, and what stands before it, if there isn't more prose than behind it. From a
    heading such as "Related articles" everything to the end goes; a heading counts only as a whole line, in
    the shipped languages (en, zh, ja, de, ko, fr, es). Cookie and subscription lines go.
    Raises: nothing. Cost: O(text).
    """
    page = Page(text.split("\n"), key(title))
    start = page.first_line()
    end = page.tail(start)
    return "\n".join(page.lines[number] for number in range(start, end) if page.is_text(number))


def key(line: str) -> str:
    """Return the words of a line, folded."""
    return " ".join(token.term for token in tokenise(line))


def is_heading(line: str) -> bool:
    """Return whether the line is nothing but the heading of a page's tail."""
    if not line or len(line) > HEADING_CHARS:
        return False
    words = key(COUNT.sub(" ", line))
    if words in HEADINGS:
        return True
    return not line.rstrip().endswith(FULL_STOPS) and HEADING_PATTERN.fullmatch(words) is not None


def is_notice(line: str) -> bool:
    """Return whether the line asks for cookies, a subscription or a click, or links to another article."""
    if not line or len(line) > NOTICE_CHARS:
        return False
    words = key(line)
    return LINK_LINE.match(line) is not None or words in NOTICES or NOTICE.match(words) is not None


def is_prose(line: str) -> bool:
    """Return whether the line reads like a paragraph of an article."""
    return SENTENCE_END.search(line[-10:].rstrip()) is not None and len(tokenise(line)) >= PROSE_WORDS


def same_title(line: str, title: str) -> bool:
    """Return whether the line is the title, or one of both is the other with the name of the site behind it."""
    if not line or len(line) > 2 * len(title) + HEADING_CHARS:
        return False
    tokens = tokenise(line)
    words = " ".join(token.term for token in tokens)
    if words == title or (words.startswith(f"{title} ") and has_mark_behind(line, tokens, title.count(" "))):
        return True
    rest = title[len(words) :]
    starts = title.startswith(f"{words} ") and len(words.split()) >= TITLE_WORDS
    return starts and len(rest.split()) <= SUFFIX_WORDS


def has_mark_behind(line: str, tokens: Sequence[Token], number: int) -> bool:
    """Return whether a mark, as before the name of a site, stands between a token and the next one."""
    two = tokens[number : number + 2]
    return len(two) > 1 and SITE_MARK.search(line, two[0].end, two[1].start) is not None


class Page:
    """The lines of a page, each looked at once."""

    def __init__(self, lines: Sequence[str], title: str) -> None:
        self.lines = lines
        self.title = title
        self.headings = [number for number, line in enumerate(lines) if is_heading(line)]
        self.furniture = {*self.headings, *(number for number, line in enumerate(lines) if is_notice(line))}
        self.prose_before = [0, *accumulate(len(tokenise(line)) if is_prose(line) else 0 for line in lines)]  # in words

    def is_text(self, number: int) -> bool:
        """Return whether a line is neither heading nor notice."""
        return number not in self.furniture

    def next_heading(self, number: int) -> int:
        """Return the first heading at or behind a line, or the end."""
        at = bisect_left(self.headings, number)
        return self.headings[at] if at < len(self.headings) else len(self.lines)

    def first_line(self) -> int:
        """Return the line where the article begins: behind the title's line, the article behind it.

        The first copy of the title with an article behind it counts, unless a later one has more prose between
        it and the next heading than there is between the two: then the first one stood in a menu.
        """
        start, least = 0, LEAST_SHARE
        for number in self.titles():
            before = self.prose_before[number] - self.prose_before[start]
            behind = self.prose_before[self.next_heading(number + 1)] - self.prose_before[number]
            if behind >= least * before:
                start, least = number + 1, 1
        return start

    def titles(self) -> list[int]:
        """Return the lines that are the title; those that are it with the site's name only if no line is it alone."""
        if not self.title:
            return []
        alone = [number for number in range(len(self.lines)) if self.ends_title(number)]
        return alone or [number for number, line in enumerate(self.lines) if same_title(line, self.title)]

    def ends_title(self, number: int) -> bool:
        """Return whether the line is the title and nothing else, or its second half."""
        line, above = self.lines[number], self.lines[max(0, number - 1)]
        longest = 2 * len(self.title) + HEADING_CHARS
        if not line or len(line) > longest:
            return False
        return key(line) == self.title or (len(above) <= longest and key(f"{above} {line}") == self.title)

    def tail(self, start: int) -> int:
        """Return the line where the page's tail begins: a heading with the article before it, or nowhere behind it.

        A box between the paragraphs, behind which at least as much of the article follows, is no tail: it goes.
        """
        words, at = 0, start
        for heading in self.headings[bisect_left(self.headings, start) :]:
            words += sum(len(tokenise(self.lines[number])) for number in range(at, heading) if self.is_text(number))
            at = heading
            if words >= WORDS_BEFORE_A_TAIL or self.prose_before[heading] == self.prose_before[-1]:
                at = self.box_end(heading, start)
                if at == heading:
                    return heading
                self.furniture.update(range(heading, at))
        return len(self.lines)

    def box_end(self, heading: int, start: int) -> int:
        """Return the line where the article goes on behind a box, or the heading's own if it doesn't."""
        end = self.next_heading(heading + 1)
        texts = [number for number in range(heading + 1, end) if self.lines[number].strip()]
        pairs = ((one, two) for one, two in pairwise(texts) if self.is_prose(one) and self.is_prose(two))
        goes_on = next((one for one, _ in pairs), None)
        if goes_on is None or LAST_HEADING.fullmatch(key(self.lines[heading])):
            return heading
        before, behind = (self.prose_before[heading] - self.prose_before[start],
                          self.prose_before[end] - self.prose_before[goes_on])  # fmt: skip
        return goes_on if behind >= before else heading

    def is_prose(self, number: int) -> bool:
        """Return whether a line is prose."""
        return self.prose_before[number + 1] > self.prose_before[number]
