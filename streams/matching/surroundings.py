"""The words around a name: those of which it needs one, and those that make it another's."""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice

from streams.matching.document import Document, Occurrence
from streams.matching.names import Context, Phrases
from streams.matching.roles import Why


class Surroundings:
    """Where the words of contexts are in one article; each is looked up once, however often a name stands there."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.known: dict[Phrases, list[tuple[int, int]]] = {}

    def refuse(self, context: Context, place: Occurrence) -> Why | None:
        """Return why the words around a name aren't those that its context wants, or None if they are."""
        if context.required and not self.near(context.required, place, context.within):
            return Why.NO_CONTEXT
        return Why.EXCLUDED if self.near(context.excluded, place, context.within) else None

    def near(self, phrases: Phrases, place: Occurrence, within: int) -> bool:
        """Return whether one of the phrases stands whole before or behind the name, within so many words."""
        places = self.places(phrases)
        sides = ((place.first - within, place.first - 1), (place.last + 1, place.last + within))
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
