"""The tree of a query. Equal nodes mean the same, wherever they stand in the text."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from streams.ids import EntityId, ListId
from streams.matching.match import Field

Place = tuple[int, int]  # where the node stands in the query: code points from, to
NOWHERE: Place = (0, 0)


class Form(StrEnum):
    """How the words of a leaf are compared."""

    STEM = "stem"
    EXACT = "exact"
    CASE = "case"


@dataclass(frozen=True, slots=True)
class Words:
    """One word or a phrase; `words` are stems, folded words or words as written, by `form`."""

    words: tuple[str, ...]
    form: Form = Form.STEM
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Truncated:
    """A word with `*` (any letters) or `?` (one letter); `case`: compared as written."""

    pattern: str
    case: bool = False
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Ticker:
    """A symbol behind a dollar sign, folded."""

    symbol: str
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Mention:
    """An entity; `about`: only if it is in title or lead, or named three times."""

    entity_id: EntityId
    about: bool = False
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class ListRef:
    """A list, before its members are put in its place."""

    list_id: ListId
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Attribute:
    """A condition upon the article itself: its source, language or author."""

    name: Literal["source", "lang", "author"]
    words: tuple[str, ...]
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """All of them."""

    children: tuple["Node", ...]
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of them."""

    children: tuple["Node", ...]
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """Not this."""

    child: "Node"
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Near:
    """Both within `distance` words of each other in one field, 1 being adjacent; `ordered`: left before right."""

    left: "Node"
    right: "Node"
    distance: int
    ordered: bool = False
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Together:
    """Both beginning in one sentence or in one paragraph."""

    left: "Node"
    right: "Node"
    unit: Literal["sentence", "paragraph"]
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class AtLeast:
    """At least `count` occurrences."""

    count: int
    child: "Node"
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class First:
    """Within the first `words` words of title, lead and body, read on from each other."""

    words: int
    child: "Node"
    at: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class InField:
    """Within one field."""

    name: Field
    child: "Node"
    at: Place = field(default=NOWHERE, compare=False)


Leaf = Words | Truncated | Ticker | Mention | ListRef | Attribute
Node = Leaf | And | Or | Not | Near | Together | AtLeast | First | InField
LEAVES = (Words, Truncated, Ticker, Mention, ListRef, Attribute)


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes right below a node, in order."""
    match node:
        case And() | Or():
            return node.children
        case Near() | Together():
            return (node.left, node.right)
        case Not() | AtLeast() | First() | InField():
            return (node.child,)
        case _:
            return ()


def leaves(node: Node) -> Iterator[Leaf]:
    """Yield the leaves of a tree from left to right."""
    if isinstance(node, LEAVES):
        yield node
    for child in children(node):
        yield from leaves(child)


def is_positive(node: Node) -> bool:
    """Return whether the node needs something to be there: an article without any word can't satisfy it."""
    match node:
        case Not():
            return False
        case And():
            return any(map(is_positive, node.children))
        case Or():
            return all(map(is_positive, node.children))
        case InField() | First():
            return is_positive(node.child)
        case _:
            return True
