"""What entities leave open: names that several share, titles held at once, names that are everyday words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import combinations, groupby

from config.common_words import COMMON_WORDS, WITH_ACCENTS
from config.entities import Entry
from streams.matching.query import parse
from streams.matching.rule import Entity, Role
from streams.matching.ruleset import read_body
from streams.matching.tree import Attribute, Form, Words, leaves
from streams.text.stem import stem
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
    """Return a line for everything in entities and rules that is allowed, and that may not be meant.

    Names are compared as the matcher compares them: without case and accents, both Chinese scripts as one.
    """
    given = list(entries)
    claims = [claim for entry in given if entry.kind == "entity" for claim in _claims(entry)]
    claims.sort(key=lambda claim: claim.terms)
    shared = [line for _, group in groupby(claims, key=lambda claim: claim.terms) for line in _shared(list(group))]
    common = [line for claim in claims if claim.free for line in _common(claim)]
    return [*shared, *common, *(line for entry in given if entry.kind == "rule" for line in _accents(entry))]


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


def _accents(entry: Entry) -> Iterator[str]:
    """Yield each word of a rule that finds an everyday word of another language, unless the rule asks for one."""
    query = parse(str(entry.body["query"]))
    found = list(leaves(query.root))
    if any(isinstance(leaf, Attribute) and leaf.name == "lang" for leaf in found):
        return
    plain = [leaf for leaf in found if isinstance(leaf, Words) and leaf.form is not Form.CASE]
    typed = {leaf.words for leaf in plain if query.text[slice(*leaf.at)].isascii()}
    for term, word in WITH_ACCENTS.items():
        if typed & {(term,), (stem(term),)}:
            cure = f"add lang:, or write CASE({term})"
            yield f'"{term}" of rule {entry.id} finds {word} too, as accents don\'t count: {cure}'
