"""Where an article names entities. Of overlapping names the longest wins; some names need a context, some a day."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from streams.ids import EntityId
from streams.matching.document import Document, Occurrence
from streams.matching.names import Name, names_of
from streams.matching.roles import People, Why, why_not_held
from streams.matching.rule import Entity
from streams.matching.surroundings import Surroundings


class Silent(NamedTuple):
    """A name that stands in an article and does not count, and why."""

    name: Name
    place: Occurrence
    why: Why


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
        mentions: dict[EntityId, list[Occurrence]] = defaultdict(list)
        for place in longest({place for _, place, why in self.judged(document) if why is None}):
            mentions[EntityId(place.entity_id or "")].append(place)
        return dict(mentions)

    def silent(self, document: Document) -> list[Silent]:
        """Return the names that stand in the article and do not count, in the order of the text."""
        judged = list(self.judged(document))
        counting = {place for _, place, why in judged if why is None}
        kept = set(longest(counting))
        found = [Silent(name, place, why) for name, place, why in judged if why is not None and place not in kept]
        inside = [
            Silent(name, place, Why.INSIDE) for name, place, why in judged if place in counting - kept and not why
        ]
        return sorted((*found, *inside), key=lambda silent: silent.place[:2])

    def judged(self, document: Document) -> Iterator[tuple[Name, Occurrence, Why | None]]:
        """Yield every name whose words stand in the article, and why it doesn't count, if it doesn't."""
        surroundings = Surroundings(document)
        standing = list(self.standing(document))
        people = People.of(place for name, place in standing if name.person and name.role is None and not name.ticker)
        for name, place in standing:
            yield name, place, why_not(name, place, surroundings, people)

    def standing(self, document: Document) -> Iterator[tuple[Name, Occurrence]]:
        """Yield every name whose words stand in the article, whatever their case."""
        for term, starts in document.by_term.items():
            for name in self.by_first_word.get(term, ()):
                length = len(name.terms)
                for start in starts:
                    if tuple(document.terms[start : start + length]) == name.terms:
                        yield name, Occurrence(start, start + length - 1, name.entity_id)


def why_not(name: Name, place: Occurrence, surroundings: Surroundings, people: People) -> Why | None:
    """Return why a name that stands somewhere doesn't count there, or None if it does."""
    document = surroundings.document
    if name.ticker and not document.row[place.first].ticker:
        return Why.NO_TICKER
    if name.written is not None and tuple(document.words[place.first : place.last + 1]) != name.written:
        return Why.CASE
    if name.role is not None and (why := why_not_held(name.role, place, document, people)) is not None:
        return why
    return None if name.context is None else surroundings.refuse(name.context, place)


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
