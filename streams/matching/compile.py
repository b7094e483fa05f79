"""A rule made ready: its query read, its lists put in, its references known, its anchor chosen."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from streams.ids import ChangeId, EntityId, ListId
from streams.matching.index import Clause, anchor
from streams.matching.query import LEAVES, Query, parse
from streams.matching.query_error import Problem, QueryError
from streams.matching.query_reader import member
from streams.matching.rule import Rule, WordList
from streams.matching.tree import (
    And,
    AtLeast,
    First,
    InField,
    ListRef,
    Mention,
    Near,
    Node,
    Not,
    Or,
    Together,
    leaves,
)

Lists = Mapping[ListId, Node]
UNPUBLISHED = ChangeId("")


@dataclass(frozen=True, slots=True)
class Compiled:
    """A rule that can run: its tree without list references, and the clause under whose features it is posted."""

    rule: Rule
    change_id: ChangeId
    query: Query
    root: Node
    anchor: Clause


def compile_rule(
    rule: Rule, entities: Collection[EntityId], lists: Lists, *, change_id: ChangeId = UNPUBLISHED
) -> Compiled:
    """Return the rule made ready. Raises: QueryError with every problem of syntax, else of reference."""
    query = parse(rule.query)
    problems = unknown(query, entities, lists)
    if problems:
        raise QueryError(*problems)
    root = with_lists(query.root, lists)
    return Compiled(rule, change_id, query, root, anchor(root))


def unknown(query: Query, entities: Collection[EntityId], lists: Lists) -> list[Problem]:
    """Return each reference to an entity or list that doesn't exist."""
    problems = []
    for leaf in leaves(query.root):
        if isinstance(leaf, Mention) and leaf.entity_id not in entities:
            place = query.text.find("@", leaf.at[0])
            problems.append(
                missing(query.text, place, "entity", f"@{leaf.entity_id}", [f"@{name}" for name in entities])
            )
        if isinstance(leaf, ListRef) and leaf.list_id not in lists:
            problems.append(missing(query.text, leaf.at[0], "list", f"#{leaf.list_id}", [f"#{name}" for name in lists]))
    return problems


def missing(text: str, place: int, kind: str, name: str, known: list[str]) -> Problem:
    """Return the problem of an unknown name, with the known one that looks like it."""
    close = get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"add it to the {kind} file"
    return Problem.at(text, place, f"unknown {kind} {name}", hint)


def with_lists(node: Node, lists: Lists) -> Node:
    """Return the tree with the members of each list in its place."""
    match node:
        case ListRef():
            members = lists[node.list_id]
            return replace(members, at=node.at)
        case And() | Or():
            return replace(node, children=tuple(with_lists(child, lists) for child in node.children))
        case Near() | Together():
            return replace(node, left=with_lists(node.left, lists), right=with_lists(node.right, lists))
        case Not() | AtLeast() | First() | InField():
            return replace(node, child=with_lists(node.child, lists))
        case _:
            return node


def compile_list(given: WordList, entities: Collection[EntityId]) -> Node:
    """Return the OR of a list's members. Raises: QueryError: too many members, or each that can't be one."""
    if len(given.members) > LEAVES:
        many = f"list {given.list_id} has more than {LEAVES:,} members"
        raise QueryError(Problem.at("", 0, many, "split it, and join the parts with OR"))
    nodes, problems = [], []
    for text in given.members:
        node = member(text)
        if isinstance(node, tuple):
            problems.append(Problem.at(text, 0, f"list {given.list_id}: {node[0]}", node[1]))
        elif isinstance(node, Mention) and node.entity_id not in entities:
            problems.append(missing(text, 0, "entity", text, [f"@{name}" for name in entities]))
        else:
            nodes.append(node)
    if problems or not nodes:
        empty = Problem.at("", 0, f"list {given.list_id} has no members", "name a word")
        raise QueryError(*(problems or [empty]))
    return Or(tuple(nodes))
