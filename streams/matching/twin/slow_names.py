"""Where an article names entities, for the matcher's slow twin: every name tried at every word."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from streams.matching.role_words import FARTHEST, NOT_FORMER, NOT_THE_HOLDER, RUNS_ON
from streams.matching.rule import Entity, NamesInContext, Role
from streams.matching.tree import Form, Ticker, Words
from streams.matching.twin.slow_text import Place, SlowText
from streams.text.breaks import ends_sentence
from streams.text.stem import stem
from streams.text.tokens import is_wide, tokenise


class SlowNames:
    """The names in one article."""

    def __init__(self, text: SlowText) -> None:
        self.text = text

    def named(self, entities: Sequence[Entity]) -> set[Place]:
        """Return where entities are named; a name inside a longer one is none."""
        written = {place: entity for entity in entities for place in self.names(entity)}
        people = {place for place, entity in written.items() if entity.type == "person"}
        titles = {place for entity in entities for place in self.titles(entity, people)}
        found = {place for entity in entities for place in self.counting(entity)} | titles
        return {place for place in found if not any(is_inside(place, other) for other in found)}

    def names(self, entity: Entity) -> set[Place]:
        """Return where any name of an entity stands in any case, with a context or without."""
        context = entity.names_in_context
        groups = [*entity.names.values(), *(context.names.values() if context else ())]
        titles = {role.title for role in entity.roles}
        alone = [name for name in entity.case if name not in titles]
        return {
            place
            for name in (*(name for names in groups for name in names), *alone)
            for place in self.name(entity, name)
        }

    def name(self, entity: Entity, name: str) -> Iterator[Place]:
        """Yield where the folded words of a name stand."""
        for place in self.text.leaf(Words(tuple(token.term for token in tokenise(name)), Form.EXACT)):
            yield place._replace(entity_id=entity.entity_id)

    def as_written(self, entity: Entity, name: str) -> set[Place]:
        """Return where a name stands, in its case if the entity wants that."""
        found = set(self.name(entity, name))
        if name not in entity.case:
            return found
        words = Words(tuple(token.word for token in tokenise(name)), Form.CASE)
        return found & {place._replace(entity_id=entity.entity_id) for place in self.text.leaf(words)}

    def counting(self, entity: Entity) -> Iterator[Place]:
        """Yield where an entity is named otherwise than by a title."""
        plain = [name for names in entity.names.values() for name in names]
        given = entity.names_in_context
        fitting = [name for names in (given.names.values() if given else ()) for name in names]
        titles = {role.title for role in entity.roles}
        for name in {*plain, *fitting, *(name for name in entity.case if name not in titles)}:
            free = name in plain or name not in fitting
            yield from (
                place
                for place in self.as_written(entity, name)
                if free or (given is not None and self.in_context(place, given))
            )
        for symbol in entity.tickers:
            yield from (place._replace(entity_id=entity.entity_id) for place in self.text.leaf(Ticker(symbol.lower())))

    def titles(self, entity: Entity, people: set[Place]) -> Iterator[Place]:
        """Yield where a title of the entity stands, in an article of its days, and no word beside it is against it."""
        seen = self.text.article.first_seen_at
        day = min(self.text.article.published_at or seen, seen).date()
        for role in entity.roles:
            if (role.valid_from is None or role.valid_from <= day) and (role.valid_to is None or day <= role.valid_to):
                for place in self.as_written(entity, role.title):
                    if self.is_the_holders(place, people) and self.in_context(place, role):
                        yield place

    def is_the_holders(self, place: Place, people: set[Place]) -> bool:
        """Return whether the words beside a title leave it to its holder."""
        wide = is_wide(self.text.fields[place.field][place.first].term)
        beside = {
            other.entity_id for other in people if self.follows(place, other) or (wide and self.follows(other, place))
        }
        return place.entity_id in beside or not (beside or self.is_former(place))

    def follows(self, place: Place, other: Place) -> bool:
        """Return whether the other place begins right behind this one, with blanks between them at most."""
        if (other.field, other.first) != (place.field, place.last + 1):
            return False
        words = self.text.fields[place.field]
        gap = self.text.texts[place.field][words[place.last].end : words[other.first].start]
        return not gap.strip() and "\n" not in gap

    def is_former(self, place: Place) -> bool:
        """Return whether a word such as former or deputy stands before a title."""
        text, words = self.text.texts[place.field], self.text.fields[place.field]
        for at in range(max(0, place.first - FARTHEST), place.first):
            pairs = [(one, text[one.end : other.start]) for one, other in pairwise(words[at : place.first + 1])]
            runs_on = all(set(gap) <= RUNS_ON and not ends_sentence(word, gap) for word, gap in pairs)
            made_new = words[at].term == "前" and at > 0 and words[at - 1].term in NOT_FORMER
            if runs_on and place.first - at <= NOT_THE_HOLDER.get(words[at].term, 0) and not made_new:
                return True
        return False

    def in_context(self, place: Place, given: NamesInContext | Role) -> bool:
        """Return whether the words around a name allow it."""
        near = {text: any(self.around(place, text, given.within)) for text in (*given.require_any, *given.exclude_any)}
        required = not given.require_any or any(near[text] for text in given.require_any)
        return required and not any(near[text] for text in given.exclude_any)

    def around(self, place: Place, text: str, within: int) -> Iterator[bool]:
        """Yield for each place of a text whether it is near another place, fields read on from each other."""
        words = Words(tuple(stem(token.term) for token in tokenise(text)))
        first, last = self.text.position(place.field, place.first), self.text.position(place.field, place.last)
        for other in self.text.leaf(words):
            begin, end = self.text.position(other.field, other.first), self.text.position(other.field, other.last)
            yield first - within <= begin <= end < first or last < begin <= end <= last + within


def is_inside(place: Place, other: Place) -> bool:
    """Return whether the other place holds this one and more."""
    same = place.field == other.field and (place.first, place.last) != (other.first, other.last)
    return same and other.first <= place.first and place.last <= other.last
