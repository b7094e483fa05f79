"""Whether a title means its holder: the day of the article, and the words beside the title."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple, Self

from streams.ids import EntityId
from streams.matching.document import Document, Occurrence
from streams.matching.role_words import FARTHEST, NOT_FORMER, NOT_THE_HOLDER, RUNS_ON
from streams.matching.rule import Role
from streams.text.breaks import ends_sentence
from streams.text.tokens import is_wide


class Why(StrEnum):
    """Why a name that stands in an article does not count."""

    CASE = "it is written in another case"
    NO_TICKER = "no dollar sign stands before it"
    NO_CONTEXT = "none of the words that it needs stands near it"
    EXCLUDED = "a word near it says that something else is meant"
    NOT_THEN = "nobody is known by it on the day of the article"
    NOT_THE_HOLDER = "a word before it, such as former or deputy, makes it another's"
    ANOTHERS = "it stands beside the name of another person"
    INSIDE = "it is part of a longer name"


class People(NamedTuple):
    """Which people's names begin, and end, at each word of an article."""

    begin: Mapping[int, frozenset[EntityId | None]]
    end: Mapping[int, frozenset[EntityId | None]]

    @classmethod
    def of(cls, places: Iterable[Occurrence]) -> Self:
        """Return the people named at these places."""
        begin: dict[int, frozenset[EntityId | None]] = {}
        end: dict[int, frozenset[EntityId | None]] = {}
        for place in places:
            begin[place.first] = begin.get(place.first, frozenset()) | {place.entity_id}
            end[place.last] = end.get(place.last, frozenset()) | {place.entity_id}
        return cls(begin, end)


def why_not_held(role: Role, place: Occurrence, document: Document, people: People) -> Why | None:
    """Return why a title that stands somewhere doesn't mean its holder, or None if it does."""
    if not role.held_on(document.day):
        return Why.NOT_THEN
    beside = people_beside(place, document, people)
    if place.entity_id in beside:
        return None
    if is_not_the_holders(place, document):
        return Why.NOT_THE_HOLDER
    return Why.ANOTHERS if beside else None


def people_beside(place: Occurrence, document: Document, people: People) -> frozenset[EntityId | None]:
    """Return whose names stand right behind a title, or right before one in Han and kana: イエレン財務長官."""
    after, before = place.last + 1, place.first - 1
    beside: frozenset[EntityId | None] = frozenset()
    if after in people.begin and is_blank(document, place.last):
        beside |= people.begin[after]
    if before in people.end and is_wide(document.terms[place.first]) and is_blank(document, before):
        beside |= people.end[before]
    return beside


def is_not_the_holders(place: Occurrence, document: Document) -> bool:
    """Return whether a word such as former or deputy stands before the title."""
    for back in range(1, min(FARTHEST, place.first) + 1):
        at = place.first - back
        gap = document.gap(at)
        if not RUNS_ON.issuperset(gap) or ends_sentence(document.row[at], gap):
            return False
        term, before = document.terms[at], document.terms[at - 1] if at else ""
        if back <= NOT_THE_HOLDER.get(term, 0) and not (term == "前" and before in NOT_FORMER):
            return True
    return False


def is_blank(document: Document, position: int) -> bool:
    """Return whether at most blanks stand between a word and the next one, on one line."""
    gap = document.gap(position)
    return not gap.strip() and "\n" not in gap
