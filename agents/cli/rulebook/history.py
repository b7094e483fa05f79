"""Every version of a rule, an entity or a list: the topic `rules` keeps them all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from agents.cli.rulebook.differences import FieldChange, field_changes
from config.examples import as_written
from streams.matching.rule import RuleChange
from streams.matching.ruleset import Heads, Key, Outcome


@dataclass(frozen=True, slots=True)
class Version:
    """One change: its number among those that counted (0: it didn't), what became of it, and what it changed."""

    number: int
    offset: int
    change: RuleChange
    outcome: Outcome
    fields: tuple[FieldChange, ...]

    def row(self) -> Mapping[str, object]:
        """Return it as a JSON object; the body is a YAML entry as it stands, so it can be pasted into the file."""
        change = self.change
        return {
            "version": self.number,
            "offset": self.offset,
            "change_id": change.change_id,
            "outcome": self.outcome,
            "author": change.author,
            "managed_by": change.managed_by,
            "made_at": change.made_at,
            "deleted": change.deleted,
            "fields": [asdict(field) for field in self.fields],
            "body": as_written(change.body),
        }


def key_of(name: str) -> Key:
    """Return the kind and id of `rare-earths`, `@rare_earths` or `#semis`, as a query names them."""
    if name[:1] == "@":
        return "entity", name[1:]
    return ("list", name[1:]) if name[:1] == "#" else ("rule", name)


def history(changes: Iterable[tuple[int, RuleChange]], key: Key) -> Sequence[Version]:
    """Return the versions of one id, oldest first; a change sent twice is there once."""
    heads, found, number = Heads(), list[Version](), 0
    for offset, change in changes:
        if (change.kind, change.id) != key:
            continue
        before = heads.head(*key)
        outcome = heads.apply(change, offset)
        if outcome is Outcome.REPEATED:
            continue
        number += outcome is Outcome.ACCEPTED
        fields = tuple(field_changes(before.body if before else {}, change.body))
        found.append(Version(number if outcome is Outcome.ACCEPTED else 0, offset, change, outcome, fields))
    return found
