"""What entities leave open: names that several share, titles held at once, names that are everyday words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import combinations, groupby

from config.common_words import COMMON_WORDS
from config.entities import Entry
from streams.matching.rule import Entity, Role
from streams.matching.ruleset import read_body
from streams.text.tokens import is_wide, tokenise


@dataclass(frozen=True, slots=True)
class Claim:
    """A name that an entity claims; `role`: it is a title. `free`: in any case and without a context."""

    terms: tuple[str, ...]
    text: str
    entity: str
    role: Role | None
    free: bool


def ambiguities(entries: Iterable[Entry]) -> list[str]:
    """Return a line for everything in the entities that is allowed, and that may not be meant.

    Names are compared as the matcher compares them: without case and accents, both Chinese scripts as one.
    """
    claims = [claim for entry in entries if entry.kind == "entity" for claim in _claims(entry)]
    claims.sort(key=lambda claim: claim.terms)
    shared = [line for _, group in groupby(claims, key=lambda claim: claim.terms) for line in _shared(list(group))]
    return [*shared, *(line for claim in claims if claim.free for line in _common(claim))]


def _claims(entry: Entry) -> Iterator[Claim]:
    entity = read_body(Entity, entry.body, entry.kind, entry.id)
    context = entity.names_in_context
    names = dict.fromkeys(name for group in entity.names.values() for name in group)
    fitting = dict.fromkeys(name for group in (context.names.values() if context else ()) for name in group)
    for name in names | fitting:
        yield _claim(entry.id, name, None, free=name in names and name not in entity.case)
    for role in entity.roles:
        free = role.title not in entity.case and not role.require_any
        yield _claim(entry.id, role.title, role, free=free)


def _claim(entity: str, text: str, role: Role | None, *, free: bool) -> Claim:
    return Claim(tuple(token.term for token in tokenise(text)), text, f"@{entity}", role, free)


def _shared(claims: list[Claim]) -> Iterator[str]:
    name = claims[0].text.casefold()
    named = [*dict.fromkeys(claim.entity for claim in claims if claim.role is None)]
    titled = [claim for claim in claims if claim.role is not None]
    if len(named) > 1:
        yield f'"{name}" is a name of {" and ".join(named)}'
    for entity in dict.fromkeys(claim.entity for claim in titled):
        yield from (f'"{name}" is a name of {other} and a title of {entity}' for other in named if other != entity)
    for one, other in combinations(titled, 2):
        if one.role and other.role and one.entity != other.entity and (days := _both_held(one.role, other.role)):
            yield f'"{name}" is a title of {one.entity} and {other.entity} {days}'


def _both_held(one: Role, other: Role) -> str:
    """Return the days that two roles share, in words; one day is a handover and is nothing to tell."""
    first = max(one.valid_from or date.min, other.valid_from or date.min)
    last = min(one.valid_to or date.max, other.valid_to or date.max)
    if last <= first:
        return ""
    begin = "" if first == date.min else f"from {first}"
    end = "" if last == date.max else f"to {last}"
    return f"{begin} {end}".strip() or "at all times"


def _common(claim: Claim) -> Iterator[str]:
    cure = "put it under case: or names_in_context:"
    if len(claim.terms) == 1 and claim.terms[0] in COMMON_WORDS:
        yield f'"{claim.text}" of {claim.entity} is an everyday word: {cure}'
    elif len(claim.terms) == 1 == len(claim.terms[0]) and not is_wide(claim.terms[0]):
        yield f'"{claim.text}" of {claim.entity} is a single letter: {cure}'
