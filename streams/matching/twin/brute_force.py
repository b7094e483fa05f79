"""The matcher's slow, obvious twin: every tree asked of every article, straight over the words.

It shares the tokeniser and the query parser with the matcher, and nothing that decides.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import product

from streams.articles.article import Article
from streams.ids import EntityId, ListId, RuleId
from streams.matching.compile import compile_list, compile_rule
from streams.matching.document import FIELDS
from streams.matching.evaluate import ABOUT_COUNT, OPERAND_SPANS, RULE_SPANS
from streams.matching.match import Span
from streams.matching.query_error import QueryError
from streams.matching.rule import Entity, Rule, WordList
from streams.matching.tree import (
    And,
    AtLeast,
    Attribute,
    First,
    InField,
    Mention,
    Near,
    Node,
    Not,
    Or,
    Together,
)
from streams.matching.twin.slow_names import SlowNames
from streams.matching.twin.slow_text import Place, SlowText
from streams.text.breaks import ends_paragraph, ends_sentence, numbered
from streams.text.tokens import tokenise

Proof = set[Place] | None  # None: it doesn't hold
Allowed = Callable[[Place], bool]


def evaluate(tree: Node, article: Article, entities: Sequence[Entity]) -> tuple[bool, tuple[Span, ...]]:
    """Return whether a tree (without list references) holds for the article, and the spans that prove it."""
    return SlowArticle(article, entities).evaluate(tree)


def matches(
    rules: Iterable[Rule], entities: Sequence[Entity], lists: Iterable[WordList], article: Article
) -> dict[RuleId, tuple[Span, ...]]:
    """Return the rules that the article satisfies, with the spans that prove each.

    Rules that don't compile are left out.
    Raises: QueryError for a list that has no members. Cost: O(rules x words), and worse for proximity.
    """
    known = {entity.entity_id for entity in entities}
    nodes: dict[ListId, Node] = {given.list_id: compile_list(given, known) for given in lists}
    slow = SlowArticle(article, entities)
    found = {}
    for rule in rules:
        try:
            root = compile_rule(rule, known, nodes).root
        except QueryError:
            continue
        held, spans = slow.evaluate(root)
        if held:
            found[rule.rule_id] = spans
    return found


class SlowArticle:
    """An article, and where it names entities."""

    def __init__(self, article: Article, entities: Sequence[Entity]) -> None:
        self.article = article
        self.text = SlowText(article)
        self.entities = SlowNames(self.text).named(entities)

    def evaluate(self, tree: Node) -> tuple[bool, tuple[Span, ...]]:
        """Return whether a tree (without list references) holds, and the spans that prove it."""
        proof = self.proof(tree, lambda _: True)
        return proof is not None, tuple(map(self.text.span, sorted(proof or ())[:RULE_SPANS]))

    def proof(self, node: Node, allowed: Allowed) -> Proof:
        """Return what proves the node among the allowed places, or None."""
        match node:
            case And():
                proofs = [self.proof(child, allowed) for child in node.children]
                return None if None in proofs else set().union(*(proof for proof in proofs if proof))
            case Or():
                held = [proof for child in node.children if (proof := self.proof(child, allowed)) is not None]
                return set().union(*held) if held else None
            case Not():
                return set() if self.proof(node.child, allowed) is None else None
            case InField() | First():
                return self.proof(node.child, self.narrowed(node, allowed))
            case Attribute():
                return set() if self.says(node) else None
            case _:
                return self.counted(node, allowed)

    def counted(self, node: Node, allowed: Allowed) -> Proof:
        """Return what proves a node that is about places in the text."""
        match node:
            case Near():
                return self.pairs(node.left, node.right, allowed, lambda one, other: is_near(node, one, other))
            case Together():
                units = self.units(node.unit)
                return self.pairs(
                    node.left,
                    node.right,
                    allowed,
                    lambda one, other: (
                        one.field == other.field and units[one.field][one.first] == units[other.field][other.first]
                    ),
                )
            case AtLeast():
                found = self.places(node.child, allowed)
                return capped(found) if len(found) >= node.count else None
            case Mention(about=True) if not self.is_about(node.entity_id):
                return None
            case _:
                return capped(self.places(node, allowed)) or None

    def pairs(self, left: Node, right: Node, allowed: Allowed, fits: Callable[[Place, Place], bool]) -> Proof:
        """Return the places of both sides that are in a pair that fits."""
        sides = (self.places(left, allowed), self.places(right, allowed))
        found = [(one, other) for one, other in product(*sides) if fits(one, other)]
        return capped({one for one, _ in found}) | capped({other for _, other in found}) or None

    def narrowed(self, node: InField | First, allowed: Allowed) -> Allowed:
        """Return which places the node allows."""
        if isinstance(node, InField):
            number = FIELDS.index(node.name)
            return lambda place: place.field == number and allowed(place)
        return lambda place: self.text.words_before(place.field) + place.last < node.words and allowed(place)

    def units(self, unit: str) -> list[list[int]]:
        """Return the number of the sentence or paragraph of each word."""
        ends = ends_sentence if unit == "sentence" else ends_paragraph
        return [numbered(text, words, ends) for text, words in zip(self.text.texts, self.text.fields, strict=True)]

    def places(self, node: Node, allowed: Allowed) -> set[Place]:
        """Return every allowed place of an operand."""
        match node:
            case Or():
                return {place for child in node.children for place in self.places(child, allowed)}
            case InField() | First():
                return self.places(node.child, self.narrowed(node, allowed))
            case Mention():
                return {place for place in self.entities if place.entity_id == node.entity_id and allowed(place)}
            case _:
                return {place for place in self.text.leaf(node) if allowed(place)}

    def says(self, node: Attribute) -> bool:
        """Return whether the article's source, language or author is the one asked for."""
        given = {
            "source": (self.article.publisher, self.article.feed_id),
            "lang": (self.article.language,),
            "author": self.article.authors,
        }[node.name]
        wanted = f" {' '.join(node.words)} "
        texts = [f" {' '.join(token.term for token in tokenise(value))} " for value in given]
        return any(text.startswith(wanted) if node.name == "lang" else wanted in text for text in texts)

    def is_about(self, entity_id: EntityId) -> bool:
        """Return whether the article is about the entity."""
        found = [place for place in self.entities if place.entity_id == entity_id]
        return len(found) >= ABOUT_COUNT or any(FIELDS[place.field] != "body" for place in found)


def is_near(node: Near, one: Place, other: Place) -> bool:
    """Return whether two places are in one field and within the distance, in order if that counts."""
    if one.field != other.field:
        return False
    forwards, backwards = other.first - one.last, one.first - other.last
    return 1 <= forwards <= node.distance or (not node.ordered and 1 <= backwards <= node.distance)


def capped(found: Iterable[Place]) -> set[Place]:
    """Return the first places, as many as one operand keeps."""
    return set(sorted(found)[:OPERAND_SPANS])
