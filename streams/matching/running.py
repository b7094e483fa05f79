"""The rules that run: of each the newest version that compiles, posted under the features of its anchor."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Self

from streams.ids import EntityId, ListId, RuleId
from streams.matching.compile import Compiled, compile_list, compile_rule
from streams.matching.query_error import QueryError
from streams.matching.rule import Entity, RuleChange
from streams.matching.ruleset import Heads, Key, Outcome, malformed, read_entity, read_list, read_rule
from streams.matching.tree import Node
from streams.matching.word_reader import LEADING_LETTERS


@dataclass(slots=True)
class Running:
    """Everything that a matcher looks up. Filled once by `run`, then only read."""

    entities: dict[EntityId, Entity] = field(default_factory=dict)
    lists: dict[ListId, Node] = field(default_factory=dict)
    rules: dict[RuleId, Compiled] = field(default_factory=dict)
    postings: dict[str, frozenset[RuleId]] = field(default_factory=dict)
    heads: dict[str, frozenset[str]] = field(default_factory=dict)
    rejected: dict[str, str] = field(default_factory=dict)

    @classmethod
    def empty(cls) -> Self:
        """Return what runs before the first change: nothing."""
        return cls()

    def copy(self) -> "Running":
        """Return what can be changed without changing this."""
        return Running(
            dict(self.entities),
            dict(self.lists),
            dict(self.rules),
            dict(self.postings),
            dict(self.heads),
            dict(self.rejected),
        )


def run(
    before: Running, heads: Heads, outcomes: Sequence[tuple[RuleChange, Outcome]]
) -> tuple[Running, list[Entity] | None]:
    """Return what runs after the changes, and all entities if any of them changed."""
    after = before.copy()
    for change, outcome in outcomes:
        if outcome is Outcome.MALFORMED:
            after.rejected[change.key] = malformed(change) or ""
        elif outcome is Outcome.ACCEPTED:  # a new head answers for what was wrong with its id before
            after.rejected = {key: why for key, why in after.rejected.items() if name_of(key) != name_of(change.key)}
    touched = {(change.kind, change.id) for change, outcome in outcomes if outcome is Outcome.ACCEPTED}
    kinds = {kind for kind, _ in touched}
    if "entity" in kinds:
        after.entities = read_entities(after.entities, heads, touched)
    references = bool(kinds & {"entity", "list"})
    if references:
        after.lists = read_lists(heads, after)
    rules = [key for key in (heads.chains if references else touched) if key[0] == "rule"]
    repost(after, before, [RuleId(name) for _, name in rules if settle(after, heads, ("rule", name))])
    return after, list(after.entities.values()) if "entity" in kinds else None


def name_of(key: str) -> str:
    """Return the kind and id in a key of `rules`."""
    return key.rpartition("@")[0]


def read_entities(known: dict[EntityId, Entity], heads: Heads, touched: Iterable[Key]) -> dict[EntityId, Entity]:
    """Return the entities after the heads of some of them changed."""
    entities = dict(known)
    for kind, name in touched:
        if kind == "entity":
            change = heads.chains[(kind, name)][-1]
            entities.pop(EntityId(name), None)
            if not change.deleted:
                entities[EntityId(name)] = read_entity(change)
    return entities


def read_lists(heads: Heads, after: Running) -> dict[ListId, Node]:
    """Return the newest version of each list that compiles; others are noted as rejected."""
    lists: dict[ListId, Node] = {}
    for (kind, name), chain in heads.chains.items():
        if kind == "list" and (node := newest_list(chain, after)) is not None:
            lists[ListId(name)] = node
    return lists


def newest_list(chain: Sequence[RuleChange], after: Running) -> Node | None:
    """Return the newest version of a list that compiles, None if it is deleted or none does."""
    for change in reversed(chain):
        if change.deleted:
            return None
        try:
            node = compile_list(read_list(change), after.entities)
        except QueryError as err:
            after.rejected[change.key] = str(err)
        else:
            after.rejected.pop(change.key, None)
            return node
    return None


def settle(after: Running, heads: Heads, key: Key) -> bool:
    """Run the newest version of a rule that compiles, if any; return whether another one ran before."""
    rule_id = RuleId(key[1])
    ran, chain = after.rules.pop(rule_id, None), heads.chains[key]
    for change in chain:
        after.rejected.pop(change.key, None)
    compiled = newest(chain, after, ran)
    if compiled is not None:
        after.rules[rule_id] = compiled
    return compiled is not ran


def newest(chain: Sequence[RuleChange], after: Running, ran: Compiled | None) -> Compiled | None:
    """Return the newest version that compiles, None if the rule is deleted or none does; newer ones are rejected."""
    for change in reversed(chain):
        if change.deleted:
            return None
        try:
            compiled = compile_rule(read_rule(change), after.entities, after.lists, change_id=change.change_id)
        except QueryError as err:
            after.rejected[change.key] = str(err)
        else:
            return ran if ran == compiled else compiled
    return None


def repost(after: Running, before: Running, changed: Sequence[RuleId]) -> None:
    """Post the changed rules under the features of their anchors, and no longer under those of before."""
    edited: dict[str, set[RuleId]] = defaultdict(set)
    for rule_id in changed:
        old, new = before.rules.get(rule_id), after.rules.get(rule_id)
        for feature in old.anchor if old else ():
            edited.setdefault(feature, set(after.postings.get(feature, ()))).discard(rule_id)
        for feature in new.anchor if new else ():
            edited.setdefault(feature, set(after.postings.get(feature, ()))).add(rule_id)
    for feature, rule_ids in edited.items():
        after.postings.pop(feature, None)
        if rule_ids:
            after.postings[feature] = frozenset(rule_ids)
    if any(feature.startswith("\x02*") for feature in edited):
        after.heads = beginnings(after.postings)


def beginnings(postings: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return the beginnings that truncated words ask for, by their first letters."""
    found: dict[str, set[str]] = defaultdict(set)
    for feature in postings:
        if feature.startswith("\x02*"):
            found[feature[2 : 2 + LEADING_LETTERS]].add(feature[2:])
    return {letters: frozenset(heads) for letters, heads in found.items()}
