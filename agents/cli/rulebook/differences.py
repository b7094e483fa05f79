"""What an apply of the files would change among the live rules, entities and lists, field by field."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from pydantic import JsonValue

from agents.apply import held_elsewhere, rule_differences
from config.entities import Entry
from config.settings import Settings
from streams.matching.matcher import Matcher
from streams.matching.query import parse
from streams.matching.query_error import QueryError
from streams.matching.rule import RuleChange
from streams.matching.ruleset import Heads, Key
from streams.matching.tree import ListRef, Mention, leaves

Body = Mapping[str, JsonValue]
EMPTY: tuple[JsonValue, ...] = (None, [], {})


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """A field of a body that differs, such as `names.en`; None where a side hasn't got it."""

    field: str
    old: JsonValue = None
    new: JsonValue = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What an apply does to one rule, entity or list; `before` is the live version, `used_by` the rules that name it.

    `what` is new, change or delete; foreign, which apply refuses to touch; or broken: `why` it would no longer run.
    """

    kind: str
    id: str
    what: str
    before: RuleChange | None = None
    why: str = ""
    fields: tuple[FieldChange, ...] = ()
    used_by: tuple[str, ...] = ()

    def row(self) -> Mapping[str, object]:
        """Return it as a JSON object; `was` wrote the live version at `since`."""
        return {
            "kind": self.kind,
            "id": self.id,
            "what": self.what,
            "was": self.before.author if self.before else None,
            "since": self.before.made_at if self.before else None,
            "why": self.why,
            "fields": [asdict(change) for change in self.fields],
            "used_by": self.used_by,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """The differences, and how many entries of the files are live as they stand."""

    differences: tuple[Difference, ...]
    kept: int


def plan(live: Matcher, entries: Sequence[Entry], *, settings: Settings, now: datetime) -> Plan:
    """Return what an apply of the entries would do to what is live. Raises: nothing."""
    heads = live.heads.heads()
    foreign = held_elsewhere(heads, entries, settings=settings)
    kept_out = {(entry.kind, entry.id) for entry, _ in foreign}
    own = [entry for entry in entries if (entry.kind, entry.id) not in kept_out]
    changes = rule_differences(heads, own, settings=settings, now=now)
    users = users_of([*bodies(live.heads), *((entry.kind, entry.id, entry.body) for entry in entries)])
    differences = (
        *(difference(heads.get((change.kind, change.id)), change, users) for change in changes),
        *(refused(entry, heads[entry.kind, entry.id], owner) for entry, owner in foreign),
        *broken(live, proposed(live, changes)),
    )
    touched = {(change.kind, change.id) for change in changes if not change.deleted}
    return Plan(differences, len(own) - len(touched))


def proposed(live: Matcher, changes: Iterable[RuleChange]) -> Matcher:
    """Return the matcher as it would be if the changes were on the topic."""
    return live.apply(list(enumerate(changes, live.version + 1)))


def broken(live: Matcher, after: Matcher) -> Iterator[Difference]:
    """Yield each rule and list of which a version would be rejected that is not rejected now, with why."""
    for key, why in sorted(after.rejected.items()):
        if live.rejected.get(key) != why:
            kind, _, name = key.rpartition("@")[0].partition("/")
            yield Difference(kind=kind, id=name, what="broken", why=" / ".join(why.splitlines()))


def refused(entry: Entry, head: RuleChange, owner: str) -> Difference:
    """Return that an entry of the files is another owner's, so that no apply touches it."""
    why = f'belongs to "{owner}", so apply refuses: take it out of the files, or delete it there first'
    return Difference(kind=entry.kind, id=entry.id, what="foreign", before=head, why=why)


def difference(head: RuleChange | None, change: RuleChange, users: Mapping[Key, Sequence[str]]) -> Difference:
    """Return what a change does to the head before it."""
    standing = head if head and not head.deleted else None
    return Difference(
        kind=change.kind,
        id=change.id,
        what="delete" if change.deleted else "change" if standing else "new",
        before=standing,
        fields=tuple(field_changes(standing.body if standing else {}, change.body)),
        used_by=tuple(users.get((change.kind, change.id), ())),
    )


def field_changes(old: Body, new: Body, within: str = "") -> Iterator[FieldChange]:
    """Yield the fields that differ, in the order of the new body; a field of fields is opened. The id is none."""
    for name in dict.fromkeys((*new, *old)):
        before, after = old.get(name), new.get(name)
        if before == after or (before in EMPTY and after in EMPTY) or (name == "id" and not within):
            continue
        if all(one is None or isinstance(one, Mapping) for one in (before, after)):
            yield from field_changes(_fields(before), _fields(after), f"{within}{name}.")
        else:
            yield FieldChange(field=f"{within}{name}", old=before, new=after)


def _fields(value: JsonValue) -> Body:
    return value if isinstance(value, Mapping) else {}


def bodies(heads: Heads) -> Iterator[tuple[str, str, Body]]:
    """Yield what is live: kind, id, body."""
    yield from ((kind, name, head.body) for (kind, name), head in heads.heads().items() if not head.deleted)


def users_of(given: Iterable[tuple[str, str, Body]]) -> Mapping[Key, Sequence[str]]:
    """Return the rules that name each entity or list, by themselves or through a list; in order, each once."""
    found = list(given)
    inside: dict[str, set[str]] = defaultdict(set)
    for kind, name, body in found:
        members = body.get("members")
        if kind == "list" and isinstance(members, list):
            inside[name] |= {str(member)[1:] for member in members if str(member).startswith("@")}
    users: dict[Key, set[str]] = defaultdict(set)
    for kind, name, body in found:
        for key in references(str(body.get("query", ""))) if kind == "rule" else ():
            users[key].add(name)
            for entity in inside.get(key[1], ()) if key[0] == "list" else ():
                users["entity", entity].add(name)
    return {key: sorted(names) for key, names in users.items()}


def references(query: str) -> Iterator[Key]:
    """Yield the entities and lists that a query names; none if it can't be read."""
    try:
        tree = parse(query).root
    except QueryError:
        return
    for leaf in leaves(tree):
        if isinstance(leaf, Mention):
            yield "entity", leaf.entity_id
        elif isinstance(leaf, ListRef):
            yield "list", leaf.list_id
