"""Examples of the documentation: queries, articles that they match or don't, and what is said of wrong ones."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from streams.articles.article import Article
from streams.matching.matcher import Matcher
from streams.matching.query import parse
from streams.matching.query_error import QueryError
from tests.support.headlines import shipped
from tests.support.matching import article, change

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```query\n(.*?)\n```$", re.MULTILINE | re.DOTALL)
KNOWN = re.compile(r"\{(\w+): ([^}]*)\}")
RULE = "documented"


@dataclass(frozen=True, slots=True)
class Example:
    """A query with articles that it matches, articles that it doesn't, and the answer to it if it is wrong."""

    query: str
    matches: tuple[str, ...]
    others: tuple[str, ...]
    answers: tuple[str, ...]


def examples(page: str) -> Iterator[Example]:
    """Yield the examples of a page of docs/."""
    for block in BLOCK.findall((DOCS / page).read_text("utf-8")):
        query, *rest = block.split("\n")
        marked = {mark: tuple(line[2:] for line in rest if line.startswith(f"{mark} ")) for mark in "+-!"}
        assert sum(map(len, marked.values())) == len(rest), block
        yield Example(query, marked["+"], marked["-"], marked["!"])


def told(text: str) -> Article:
    """Return the article that an example writes as `headline | lead | body {source: Reuters}`."""
    known = dict(KNOWN.findall(text))
    title, lead, body = (*(part.strip() for part in KNOWN.sub("", text).split(" | ")), "", "")[:3]
    fields: dict[str, object] = {"publisher": known.pop("source", "The Daily"), "language": known.pop("lang", "en")}
    fields |= {"authors": (known.pop("author"),)} if "author" in known else {}
    day = known.pop("date", None)
    moments = {"published_at": f"{day}T12:00:00Z", "first_seen_at": f"{day}T12:00:00Z"} if day else {}
    assert not known, f"unknown in {text}"
    return article(title, lead, body, feed_id="feed-1", **fields, **moments)


@lru_cache(maxsize=1)
def shipped_once() -> Matcher:
    """Return the matcher with what tocsin ships, made once."""
    return shipped()


def with_query(query: str) -> Matcher:
    """Return the shipped matcher with the query as one more rule."""
    made = shipped_once()
    return made.apply([(made.version + 1, change("rule", RULE, {"query": query}))])


def answer(query: str) -> str:
    """Return what is wrong with a query, the first line of it; empty if nothing is."""
    try:
        parse(query)
    except QueryError as err:
        return str(err).splitlines()[0]
    rejected = [text for key, text in with_query(query).rejected.items() if key.startswith(f"rule/{RULE}@")]
    return rejected[0].splitlines()[0] if rejected else ""


def is_found(query: str, text: str) -> bool:
    """Return whether the query matches the article."""
    return RULE in {hit.rule_id for hit in with_query(query).match(told(text)).rules}
