"""What stands on the topic `rules`: which version of a rule, an entity or a list counts."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal, Self, TypeVar

from pydantic import JsonValue, ValidationError

from streams.errors import PoisonError, Reason
from streams.ids import ChangeId
from streams.matching.rule import Entity, Rule, RuleChange, WordList
from streams.record import Part, poison_of
from streams.text.tokens import is_ticker, tokenise

Key = tuple[Literal["rule", "entity", "list"], str]
NAME_WORDS = 32
REFERENCES = "@#$"
Body = TypeVar("Body", bound=Part)


class Outcome(StrEnum):
    """What became of a change."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"  # the same change once more: nothing to do
    LOST = "lost"  # it follows a version that isn't the head any more
    MALFORMED = "malformed"


class Heads:
    """The heads, in log order: the newest well-formed change whose base is the head before it.

    Deletions are heads. Compiling is no part of it: a head may hold a query that can't be read.
    """

    def __init__(self) -> None:
        self.chains: dict[Key, tuple[RuleChange, ...]] = {}
        self.offset = -1

    def apply(self, change: RuleChange, offset: int) -> Outcome:
        """Take a change of the log; return what became of it. Raises: nothing."""
        self.offset = max(self.offset, offset)
        key: Key = (change.kind, change.id)
        chain = self.chains.get(key, ())
        if any(earlier.change_id == change.change_id for earlier in chain):
            return Outcome.REPEATED
        if malformed(change) is not None:
            return Outcome.MALFORMED
        if change.base != (chain[-1].change_id if chain else None):
            return Outcome.LOST
        self.chains[key] = (*chain, change)
        return Outcome.ACCEPTED

    def heads(self) -> Mapping[Key, RuleChange]:
        """Return the head of every id, deletions too."""
        return {key: chain[-1] for key, chain in self.chains.items()}

    def head(self, kind: Literal["rule", "entity", "list"], name: str) -> RuleChange | None:
        """Return the head of one id, or None if there never was one."""
        chain = self.chains.get((kind, name))
        return chain[-1] if chain else None

    def base(self, kind: Literal["rule", "entity", "list"], name: str) -> ChangeId | None:
        """Return the change id that the next change of an id has to follow."""
        head = self.head(kind, name)
        return head.change_id if head else None

    def copy(self) -> Self:
        """Return heads that change by themselves from now on."""
        other = type(self)()
        other.chains, other.offset = dict(self.chains), self.offset
        return other


def malformed(change: RuleChange) -> str | None:
    """Return what is wrong with the form of a change, or None. A query that can't be read is well-formed."""
    if change.deleted:
        return None
    try:
        {"rule": read_rule, "entity": read_entity, "list": read_list}[change.kind](change)
    except PoisonError as err:
        return str(err)
    return None


def read_rule(change: RuleChange) -> Rule:
    """Return the rule in a change's body. Raises: PoisonError if the body is none."""
    return read_body(Rule, change.body, "rule", change.id)


def read_list(change: RuleChange) -> WordList:
    """Return the list in a change's body. Raises: PoisonError if the body is none."""
    return read_body(WordList, change.body, "list", change.id)


def read_entity(change: RuleChange) -> Entity:
    """Return the entity in a change's body. Raises: PoisonError if the body is none, or a name is no name."""
    entity = read_body(Entity, change.body, "entity", change.id)
    wrong = next((problem for name in texts_of(entity) if (problem := name_problem(name))), None)
    wrong = wrong or next((f"{symbol[:80]!r} is no ticker" for symbol in entity.tickers if not is_ticker(symbol)), None)
    if wrong is not None:
        raise PoisonError(Reason.NOT_VALID, f"entity {entity.entity_id}: {wrong}")
    return entity


def name_problem(text: str) -> str | None:
    """Return why a text can't be a name, or a word of a context: it holds no word, a query, or a reference."""
    if '"' in text or not 1 <= len(tokenise(text)) <= NAME_WORDS:
        return f"{text[:80]!r} is no name; a name is 1 to {NAME_WORDS} plain words"
    if text[0] in REFERENCES:
        return f"{text[:80]!r} is no name; entities hold no other entity, list or ticker as a name"
    return None


def texts_of(entity: Entity) -> tuple[str, ...]:
    """Return every text that is compared with words of an article."""
    contexts = (*((entity.names_in_context,) if entity.names_in_context else ()), *entity.roles)
    words = [word for context in contexts for word in (*context.require_any, *context.exclude_any)]
    given = entity.names_in_context
    named = [*entity.names.values(), *(given.names.values() if given else ())]
    titles = (role.title for role in entity.roles)
    return (*(name for names in named for name in names), *entity.case, *titles, *words)


def read_body(record: type[Body], body: Mapping[str, JsonValue], kind: str, name: str) -> Body:
    """Return the record that a body holds under its id. Raises: PoisonError if the body is none."""
    try:
        return record.model_validate({**body, f"{kind}_id": name})
    except ValidationError as err:
        raise poison_of(err, kind) from err
