"""The names of an entity as they are compared with an article's words."""

from collections.abc import Iterator
from dataclasses import dataclass

from streams.ids import EntityId
from streams.matching.rule import Entity, NamesInContext, Role
from streams.matching.tree import Form
from streams.matching.word_reader import in_form
from streams.text.fold import fold
from streams.text.tokens import tokenise

Phrases = tuple[tuple[str, ...], ...]
PERSON = "person"


@dataclass(frozen=True, slots=True)
class Context:
    """Phrases of which one must (or none may) be within so many words of a name, in any field."""

    required: Phrases
    excluded: Phrases
    within: int


@dataclass(frozen=True, slots=True)
class Name:
    """One name of an entity: folded words, the words as written if case counts, its context if it needs one.

    `role`: it is a title, held on some days. `ticker`: it needs its dollar sign. `person`: of a person.
    """

    entity_id: EntityId
    terms: tuple[str, ...]
    written: tuple[str, ...] | None = None
    context: Context | None = None
    role: Role | None = None
    ticker: bool = False
    person: bool = False


def phrase(text: str, form: Form) -> tuple[str, ...]:
    """Return the words of a text in a form."""
    return tuple(in_form(token, form) for token in tokenise(text))


def names_of(entity: Entity) -> Iterator[Name]:
    """Yield every name of an entity; one that `case` lists counts as written only, wherever else it stands."""
    titles = {role.title for role in entity.roles}
    plain = [name for names in entity.names.values() for name in names]
    given = entity.names_in_context
    fitting = [name for names in given.names.values() for name in names] if given else []
    context = context_of(given) if given else None
    alone = [name for name in entity.case if name not in titles]
    for text in dict.fromkeys((*plain, *alone, *fitting)):
        free = text in plain or text not in fitting
        yield made(entity, text, None if free else context)
    for role in entity.roles:
        yield made(entity, role.title, context_of(role), role)
    for symbol in entity.tickers:
        yield Name(entity.entity_id, (fold(symbol),), ticker=True)


def made(entity: Entity, text: str, context: Context | None, role: Role | None = None) -> Name:
    """Return the name that a text means."""
    written = phrase(text, Form.CASE) if text in entity.case else None
    return Name(entity.entity_id, phrase(text, Form.EXACT), written, context, role=role, person=entity.type == PERSON)


def context_of(given: NamesInContext | Role) -> Context | None:
    """Return the context with its words stemmed, None if there is none."""
    if not given.require_any and not given.exclude_any:
        return None
    required = tuple(phrase(text, Form.STEM) for text in given.require_any)
    return Context(required, tuple(phrase(text, Form.STEM) for text in given.exclude_any), given.within)
