"""Which rules can match an article at all: each rule is posted under the features of one part that it needs."""

from collections.abc import Iterable, Iterator, Mapping
from re import split

from streams.ids import EntityId, RuleId
from streams.matching.attributes import attribute_feature, attribute_features
from streams.matching.document import Document
from streams.matching.tree import (
    And,
    Attribute,
    Form,
    Mention,
    Node,
    Not,
    Or,
    Ticker,
    Truncated,
    Words,
    children,
)
from streams.matching.word_reader import LEADING_LETTERS
from streams.text.fold import fold
from streams.text.stem import stem
from streams.text.tokens import is_wide

Clause = frozenset[str]  # a rule that needs it can't match without one of these features
Postings = Mapping[str, frozenset[RuleId]]


def entity_feature(entity_id: EntityId) -> str:
    """Return the feature of an article that names the entity."""
    return f"\x02@{entity_id}"


def head_feature(head: str) -> str:
    """Return the feature of an article with a word that begins so."""
    return f"\x02*{head}"


def leaf_feature(node: Node) -> str:
    """Return the feature without which a leaf can't hold. Every form of a word has the feature of its stem."""
    match node:
        case Words():
            return words_feature(node)
        case Truncated():
            return head_feature(fold(split(r"[*?]", node.pattern)[0]))
        case Ticker():
            return stem(node.symbol)
        case Mention():
            return entity_feature(node.entity_id)
        case Attribute():
            return attribute_feature(node.name, node.words[0])
        case _:
            raise TypeError(f"no leaf of a compiled rule: {node}")


def words_feature(node: Words) -> str:
    """Return the feature of a word, or of the part of a phrase that is likely the rarest."""
    stems = [word if node.form is Form.STEM else stem(fold(word)) for word in node.words]
    if len(stems) > 1 and all(map(is_wide, stems[:2])):
        return stems[0] + stems[1]
    return max(stems, key=len)


def clauses(node: Node) -> list[Clause]:
    """Return the clauses that an article has to have a feature of, each; none for a negation."""
    match node:
        case Not():
            return []
        case Or():
            return [frozenset().union(*(anchor(child) for child in node.children))]
        case And():
            return [clause for child in node.children for clause in clauses(child)]
    below = children(node)
    if below:
        return [clause for child in below for clause in clauses(child)]
    return [frozenset({leaf_feature(node)})]


def anchor(node: Node) -> Clause:
    """Return the clause of a node that is likely in the fewest articles."""
    return min(clauses(node), key=commonness)


def commonness(clause: Clause) -> float:
    """Return a guess of how often one of the features is in an article: short words are common ones."""
    return sum(0.02 if feature[0] == "\x02" else 1 / (1 + len(feature) ** 2) for feature in clause)


def features(document: Document, mentions: Iterable[EntityId], heads: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """Yield every feature of an article. `heads` are the beginnings that rules ask for, by their first letters."""
    yield from document.by_stem
    yield from map(entity_feature, mentions)
    yield from attribute_features(document.head)
    for one, other in zip(document.stems, document.stems[1:], strict=False):
        if one and other and not one.isascii() and not other.isascii():
            yield one + other
    if heads:
        for term in document.by_term:
            for head in heads.get(term[:LEADING_LETTERS], ()):
                if term.startswith(head):
                    yield head_feature(head)
