"""Conditions upon the article itself: source:, lang: and author:."""

from collections.abc import Iterator

from streams.articles.article import Head
from streams.matching.tree import Attribute
from streams.text.tokens import tokenise


def values(name: str, head: Head) -> tuple[str, ...]:
    """Return what an article has to say to `source:` (publisher or feed id), `lang:` or `author:`."""
    if name == "source":
        return (head.publisher, head.feed_id)
    return (head.language,) if name == "lang" else head.authors


def attribute_holds(node: Attribute, head: Head) -> bool:
    """Return whether the words stand in a row in one of the values; a language is told by its first words."""
    wanted = list(node.words)
    for value in values(node.name, head):
        found = [token.term for token in tokenise(value)]
        starts = range(1) if node.name == "lang" else range(len(found))
        if any(found[start : start + len(wanted)] == wanted for start in starts):
            return True
    return False


def attribute_features(head: Head) -> Iterator[str]:
    """Yield the features under which rules that ask for an attribute are posted."""
    for name in ("source", "lang", "author"):
        for value in values(name, head):
            for token in tokenise(value):
                yield attribute_feature(name, token.term)


def attribute_feature(name: str, word: str) -> str:
    """Return the feature for one word of an attribute."""
    return f"\x02{name}:{word}"
