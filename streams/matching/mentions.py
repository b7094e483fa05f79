"""Where an article names entities. Of overlapping names the longest wins; some names need a context."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from streams.ids import EntityId
from streams.matching.document import Document, Occurrence
from streams.matching.rule import Entity, NamesInContext
from streams.matching.tree import Form
from streams.matching.word_reader import in_form
from streams.text.tokens import tokenise

Phrases = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Context:
    """Phrases of which one must (or none may) be within so many words of a name, in any field."""

    required: Phrases
    excluded: Phrases
    within: int


@dataclass(frozen=True, slots=True)
class Name:
    """One name of an entity: folded words, the words as written if case counts, its context if it needs one."""

    entity_id: EntityId
    terms: tuple[str, ...]
    written: tuple[str, ...] | None = None
    context: Context | None = None


def phrase(text: str, form: Form) -> tuple[str, ...]:
    """Return the words of a text in a form."""
    return tuple(in_form(token, form) for token in tokenise(text))


def names_of(entity: Entity) -> Iterator[Name]:
    """Yield every name of an entity; one that `case` lists counts as written only, wherever else it stands."""
    plain = [name for names in entity.names.values() for name in names]
    given = entity.names_in_context
    fitting = [name for names in given.names.values() for name in names] if given else []
    context = context_of(given) if given else None
    for text in dict.fromkeys((*plain, *entity.case, *fitting)):
        written = phrase(text, Form.CASE) if text in entity.case else None
        free = text in plain or text not in fitting
        yield Name(entity.entity_id, phrase(text, Form.EXACT), written, None if free else context)


def context_of(given: NamesInContext) -> Context:
    """Return the context with its words stemmed."""
    required = tuple(phrase(text, Form.STEM) for text in given.require_any)
    return Context(required, tuple(phrase(text, Form.STEM) for text in given.exclude_any), given.within)


class NameIndex:
    """The names of all entities, by their first word."""

    def __init__(self, entities: Iterable[Entity]) -> None:
        index: dict[str, dict[Name, None]] = defaultdict(dict)
        for entity in entities:
            for name in names_of(entity):
                index[name.terms[0]][name] = None
        self.by_first_word: Mapping[str, Sequence[Name]] = {word: tuple(names) for word, names in index.items()}

    def find(self, document: Document) -> dict[EntityId, list[Occurrence]]:
        """Return where each entity is named, in the order of the text. Cost: O(words + names found)."""
        surroundings = Surroundings(document)
        found = {
            Occurrence(start, start + len(name.terms) - 1, name.entity_id)
            for term, starts in document.by_term.items()
            for name in self.by_first_word.get(term, ())
            for start in starts
            if stands_at(name, start, document)
            and (name.context is None or surroundings.allow(name.context, start, start + len(name.terms) - 1))
        }
        mentions: dict[EntityId, list[Occurrence]] = defaultdict(list)
        for place in longest(found):
            mentions[EntityId(place.entity_id or "")].append(place)
        return dict(mentions)


def stands_at(name: Name, start: int, document: Document) -> bool:
    """Return whether the name stands at a position, in its case."""
    stop = start + len(name.terms)
    if tuple(document.terms[start:stop]) != name.terms:
        return False
    return name.written is None or tuple(document.words[start:stop]) == name.written


class Surroundings:
    """Where the words of contexts are in one article; each is looked up once, however often a name stands there."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.known: dict[Phrases, list[tuple[int, int]]] = {}

    def allow(self, context: Context, first: int, last: int) -> bool:
        """Return whether the words around a name, `first` to `last`, are those that its context wants."""
        required = not context.required or self.near(context.required, first, last, context.within)
        return required and not self.near(context.excluded, first, last, context.within)

    def near(self, phrases: Phrases, first: int, last: int, within: int) -> bool:
        """Return whether one of the phrases stands whole before or behind the name, within so many words."""
        places = self.places(phrases)
        sides = ((first - within, first - 1), (last + 1, last + within))
        return any(
            end <= high
            for low, high in sides
            for _, end in islice(places, bisect_left(places, (low, 0)), bisect_left(places, (high + 1, 0)))
        )

    def places(self, phrases: Phrases) -> list[tuple[int, int]]:
        """Return where any of the phrases stands, first and last word, in order."""
        found = self.known.get(phrases)
        if found is None:
            found = self.known[phrases] = sorted(place for words in phrases for place in self.places_of(words))
        return found

    def places_of(self, words: tuple[str, ...]) -> Iterator[tuple[int, int]]:
        """Yield where one phrase stands."""
        stems, length = self.document.stems, len(words)
        for start in self.document.by_stem.get(words[0], ()):
            if tuple(stems[start : start + length]) == words:
                yield start, start + length - 1


def longest(found: Iterable[Occurrence]) -> list[Occurrence]:
    """Return the places that aren't inside a longer one, in order; equal places of two entities both stay."""
    kept: list[Occurrence] = []
    reach = reach_before = -1
    previous = (-1, -1)
    for place in sorted(found, key=lambda place: (place.first, -place.last, place.entity_id or "")):
        if (place.first, place.last) != previous:
            previous, reach_before = (place.first, place.last), reach
        if place.last > reach_before:
            kept.append(place)
        reach = max(reach, place.last)
    return kept
