"""An article laid out for matching: every word of title, lead and body in one row, and where each word is."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import NamedTuple

from streams.articles.article import BODY_CHARS, LEAD_CHARS, Head
from streams.ids import EntityId
from streams.matching.match import Field, Span
from streams.text.breaks import Ends, ends_paragraph, ends_sentence, numbered
from streams.text.stem import stem
from streams.text.tokens import Token, tokenise

FIELDS: tuple[Field, ...] = ("title", "lead", "body")
TITLE_CHARS = 10_000
SHOUTED_LETTERS = 4
SHOUTED_WORDS = 3
BORDER = Token(0, 0, "", "")  # stands between two fields, equal to no word: no phrase crosses it


class Occurrence(NamedTuple):
    """Words `first` to `last` of the row, both included, and the entity that they name."""

    first: int
    last: int
    entity_id: EntityId | None = None


def is_shouted(title: Sequence[Token]) -> bool:
    """Return whether a headline is mostly upper case, so that capitals say nothing about its words."""
    words = [token.word for token in title if len(token.word) >= SHOUTED_LETTERS and token.word.isalpha()]
    cased = [word for word in words if word.lower() != word.upper()]
    return len(cased) >= SHOUTED_WORDS and 2 * sum(map(str.isupper, cased)) > len(cased)


class Document:
    """An article's words. Positions count through title, lead and body, with one border between two fields."""

    def __init__(self, head: Head, body: str) -> None:
        self.head = head
        self.texts = (head.title[:TITLE_CHARS], head.lead[: 10 * LEAD_CHARS], body[:BODY_CHARS])
        fields = [tokenise(text) for text in self.texts]
        self.shouted = is_shouted(fields[0])
        self.row = [*fields[0], BORDER, *fields[1], BORDER, *fields[2]]
        self.starts = (0, len(fields[0]) + 1, len(fields[0]) + len(fields[1]) + 2)
        self.ends = (self.starts[1] - 1, self.starts[2] - 1, len(self.row))
        self.terms = [token.term for token in self.row]
        self.stems = [stem(term) for term in self.terms]
        self.by_stem: dict[str, list[int]] = defaultdict(list)
        for position, word in enumerate(self.stems):
            self.by_stem[word].append(position)
        self.by_stem.pop("", None)

    @cached_property
    def by_term(self) -> dict[str, list[int]]:
        """The positions of each folded word."""
        found: dict[str, list[int]] = defaultdict(list)
        for position, term in enumerate(self.terms):
            found[term].append(position)
        found.pop("", None)
        return found

    @cached_property
    def words(self) -> list[str]:
        """The words as written; none for a headline in capitals, whose case says nothing."""
        words = [token.word for token in self.row]
        return ["" for _ in words[: self.ends[0]]] + words[self.ends[0] :] if self.shouted else words

    @cached_property
    def by_word(self) -> dict[str, list[int]]:
        """The positions of each word as written."""
        found: dict[str, list[int]] = defaultdict(list)
        for position, word in enumerate(self.words):
            found[word].append(position)
        found.pop("", None)
        return found

    @cached_property
    def sentences(self) -> list[int]:
        """The number of the sentence of each position, none shared by two fields."""
        return self.numbers(ends_sentence)

    @cached_property
    def paragraphs(self) -> list[int]:
        """The number of the paragraph of each position, none shared by two fields."""
        return self.numbers(ends_paragraph)

    def numbers(self, ends: Ends) -> list[int]:
        """Return the number of the unit of each position."""
        row: list[int] = []
        for number, text in enumerate(self.texts):
            base = row[-1] + 1 if row else 0
            tokens = self.row[self.starts[number] : self.ends[number]]
            row += [base + unit for unit in numbered(text, tokens, ends)]
            row.append(row[-1] + 1 if row else 0)
        return row

    def field_of(self, position: int) -> int:
        """Return the number of the field in which a position is."""
        return (position >= self.starts[1]) + (position >= self.starts[2])

    @cached_property
    def day(self) -> date:
        """The day of the article (UTC): its own date, but none that lies ahead of when it was seen."""
        seen = self.head.first_seen_at
        return min(self.head.published_at or seen, seen).date()

    def gap(self, position: int) -> str:
        """Return what stands between a word and the next one, a line break at the border of a field."""
        one, other = self.row[position], self.row[position + 1]
        if BORDER in (one, other):
            return "\n"
        return self.texts[self.field_of(position)][one.end : other.start]

    def first_words(self, count: int) -> int:
        """Return the position behind the first `count` words of the article."""
        position = count
        for end in self.ends[:2]:
            position += position > end
        return position

    def span(self, occurrence: Occurrence) -> Span:
        """Return the place of an occurrence in the original text of its field."""
        field = self.field_of(occurrence.first)
        start, end = self.row[occurrence.first].start, self.row[occurrence.last].end
        return Span.model_construct(
            field=FIELDS[field],
            start=start,
            end=end,
            surface=self.texts[field][start:end],
            entity_id=occurrence.entity_id,
        )
