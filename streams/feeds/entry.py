"""What a feed's bytes say: entries as the publisher wrote them, and what is wrong with the document."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MOST_ITEMS = 2_000  # an honest feed has 10 to 500; the state remembers as many


class Trouble(StrEnum):
    """What is wrong with a document."""

    EMPTY = "empty"
    NOT_A_FEED = "not_a_feed"
    MALFORMED = "malformed"
    TOO_DEEP = "too_deep"
    TOO_MANY_ELEMENTS = "too_many_elements"
    TOO_MANY_ITEMS = "too_many_items"
    ENTITY_DECLARED = "entity_declared"
    PARSER_FAILED = "parser_failed"
    TOO_SLOW = "too_slow"
    NOT_HERE = "not_here"


@dataclass(frozen=True, slots=True)
class FeedProblem:
    """One thing that is wrong with a document. A fatal one means that nothing was read from it."""

    trouble: Trouble
    detail: str
    fatal: bool = True


@dataclass(frozen=True, slots=True)
class SourceDate:
    """A date as the publisher gave it (UTC); `zoned` says whether a time zone stood beside it."""

    at: datetime
    zoned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A raw item. `title`, `summary` and `content` are HTML; `link` is absolute http(s), or empty."""

    guid: str = ""
    link: str = ""
    title: str = ""
    summary: str = ""
    content: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    published: SourceDate | None = None
    updated: SourceDate | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """Every entry of a document in its order, with the problems met; `ttl_s` is the publisher's wish (seconds)."""

    entries: tuple[Entry, ...] = ()
    problems: tuple[FeedProblem, ...] = ()
    language: str | None = None
    ttl_s: float | None = None

    @property
    def fatal(self) -> FeedProblem | None:
        """Return the problem for which nothing was read, or None."""
        return next((problem for problem in self.problems if problem.fatal), None)


# C0 and C1 but for tab and line feed, the bidirectional overrides (they let a headline lie), and lone surrogates,
# which JSON can't carry.
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


def clean(text: str) -> str:
    """Return the text with every control character replaced by a space."""
    return _UNFIT.sub(" ", text)
