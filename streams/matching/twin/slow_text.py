"""An article as three lists of words, for the matcher's slow twin: where a leaf stands, read word by word."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from streams.articles.article import BODY_CHARS, LEAD_CHARS, Article
from streams.ids import EntityId
from streams.matching.document import FIELDS, TITLE_CHARS, is_shouted
from streams.matching.match import Span
from streams.matching.tree import Form, Node, Ticker, Truncated, Words
from streams.text.stem import stem
from streams.text.tokens import Token, tokenise


class Place(NamedTuple):
    """Words `first` to `last` of a field, both included."""

    field: int
    first: int
    last: int
    entity_id: str = ""


class SlowText:
    """An article as three lists of words."""

    def __init__(self, article: Article) -> None:
        self.article = article
        self.texts = (article.title[:TITLE_CHARS], article.lead[: 10 * LEAD_CHARS], article.body[:BODY_CHARS])
        self.fields = [tokenise(text) for text in self.texts]
        self.shouted = is_shouted(self.fields[0])

    def span(self, place: Place) -> Span:
        """Return the place in the field's text."""
        start, end = self.fields[place.field][place.first].start, self.fields[place.field][place.last].end
        entity = EntityId(place.entity_id) if place.entity_id else None
        surface = self.texts[place.field][start:end]
        return Span(field=FIELDS[place.field], start=start, end=end, surface=surface, entity_id=entity)

    def words_before(self, field: int) -> int:
        """Return how many words the earlier fields have."""
        return sum(len(words) for words in self.fields[:field])

    def position(self, field: int, word: int) -> int:
        """Return where a word is when the fields are read on from each other, a border counting as a word."""
        return self.words_before(field) + field + word

    def leaf(self, node: Node) -> Iterator[Place]:
        """Yield every place of a word, a phrase, a truncated word or a ticker."""
        length = len(node.words) if isinstance(node, Words) else 1
        for field, words in enumerate(self.fields):
            for first in range(len(words) - length + 1):
                if self.stands(node, field, words[first : first + length]):
                    yield Place(field, first, first + length - 1)

    def stands(self, node: Node, field: int, words: Sequence[Token]) -> bool:
        """Return whether a leaf stands in these words."""
        match node:
            case Words(form=Form.CASE) | Truncated(case=True) if field == 0 and self.shouted:
                return False
            case Words():
                return tuple(in_its_form(node, token) for token in words) == node.words
            case Truncated():
                return fits_pattern(node.pattern, words[0].word if node.case else words[0].term)
            case Ticker():
                return words[0].ticker and words[0].term == node.symbol
            case _:
                return False


def in_its_form(node: Words, token: Token) -> str:
    """Return the word of an article as the leaf compares it."""
    if node.form is Form.STEM:
        return stem(token.term)
    return token.word if node.form is Form.CASE else token.term


@lru_cache(maxsize=65536)
def fits_pattern(pattern: str, word: str) -> bool:
    """Return whether a word fits a pattern: * is any letters, ? is one."""
    if not pattern:
        return not word
    if pattern[0] == "*":
        return fits_pattern(pattern[1:], word) or (bool(word) and fits_pattern(pattern, word[1:]))
    return bool(word) and pattern[0] in {"?", word[0]} and fits_pattern(pattern[1:], word[1:])
