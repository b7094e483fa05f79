"""The matcher's slow, obvious twin: every tree asked of every article, straight over the words.

It shares the tokeniser and the query parser with the matcher, and nothing that decides.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from streams.articles.article import BODY_CHARS, LEAD_CHARS, Article
from streams.ids import EntityId, ListId, RuleId
from streams.matching.compile import compile_list, compile_rule
from streams.matching.document import FIELDS, TITLE_CHARS, is_shouted
from streams.matching.evaluate import ABOUT_COUNT, OPERAND_SPANS, RULE_SPANS
from streams.matching.match import Span
from streams.matching.query_error import QueryError
from streams.matching.rule import Entity, NamesInContext, Rule, WordList
from streams.matching.tree import (
    And,
    AtLeast,
    Attribute,
    First,
    Form,
    InField,
    Mention,
    Near,
    Node,
    Not,
    Or,
    Ticker,
    Together,
    Truncated,
    Words,
)
from streams.text.breaks import ends_paragraph, ends_sentence, numbered
from streams.text.stem import stem
from streams.text.tokens import Token, tokenise


class Place(NamedTuple):
    """Words `first` to `last` of a field, both included."""

    field: int
    first: int
    last: int
    entity_id: str = ""


Proof = set[Place] | None  # None: it doesn't hold
Allowed = Callable[[Place], bool]


def evaluate(tree: Node, article: Article, entities: Sequence[Entity]) -> tuple[bool, tuple[Span, ...]]:
    """Return whether a tree (without list references) holds for the article, and the spans that prove it."""
    slow = SlowText(article, entities)
    proof = slow.proof(tree, lambda _: True)
    return proof is not None, tuple(map(slow.span, sorted(proof or ())[:RULE_SPANS]))


def matches(
    rules: Iterable[Rule], entities: Sequence[Entity], lists: Iterable[WordList], article: Article
) -> dict[RuleId, tuple[Span, ...]]:
    """Return the rules that the article satisfies, with the spans that prove each.

    Rules that don't compile are left out.
    Raises: QueryError for a list that has no members. Cost: O(rules x words), and worse for proximity.
    """
    known = {entity.entity_id for entity in entities}
    nodes: dict[ListId, Node] = {given.list_id: compile_list(given, known) for given in lists}
    found = {}
    for rule in rules:
        try:
            root = compile_rule(rule, known, nodes).root
        except QueryError:
            continue
        held, spans = evaluate(root, article, entities)
        if held:
            found[rule.rule_id] = spans
    return found


class SlowText:
    """An article as three lists of words."""

    def __init__(self, article: Article, entities: Sequence[Entity]) -> None:
        self.article = article
        self.texts = (article.title[:TITLE_CHARS], article.lead[: 10 * LEAD_CHARS], article.body[:BODY_CHARS])
        self.fields = [tokenise(text) for text in self.texts]
        self.shouted = is_shouted(self.fields[0])
        self.entities = self.named(entities)

    def span(self, place: Place) -> Span:
        """Return the place in the field's text."""
        start, end = self.fields[place.field][place.first].start, self.fields[place.field][place.last].end
        entity = EntityId(place.entity_id) if place.entity_id else None
        surface = self.texts[place.field][start:end]
        return Span(field=FIELDS[place.field], start=start, end=end, surface=surface, entity_id=entity)

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
        return lambda place: self.words_before(place.field) + place.last < node.words and allowed(place)

    def words_before(self, field: int) -> int:
        """Return how many words the earlier fields have."""
        return sum(len(words) for words in self.fields[:field])

    def units(self, unit: str) -> list[list[int]]:
        """Return the number of the sentence or paragraph of each word."""
        ends = ends_sentence if unit == "sentence" else ends_paragraph
        return [numbered(text, words, ends) for text, words in zip(self.texts, self.fields, strict=True)]

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
                return {place for place in self.leaf(node) if allowed(place)}

    def leaf(self, node: Node) -> Iterator[Place]:
        """Yield every place of a word, a phrase, a truncated word or a ticker."""
        length = len(node.words) if isinstance(node, Words) else 1
        for field, words in enumerate(self.fields):
            for first in range(len(words) - length + 1):
                if self.stands(node, field, words[first : first + length]):
                    yield Place(field, first, first + length - 1)

    def stands(self, node: Node, field: int, words: Sequence[Token]) -> bool:
        """Return whether a leaf stands in these words."""
        match node:
            case Words(form=Form.CASE) | Truncated(case=True) if field == 0 and self.shouted:
                return False
            case Words():
                return tuple(in_its_form(node, token) for token in words) == node.words
            case Truncated():
                return fits_pattern(node.pattern, words[0].word if node.case else words[0].term)
            case Ticker():
                return words[0].ticker and words[0].term == node.symbol
            case _:
                return False

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

    def named(self, entities: Sequence[Entity]) -> set[Place]:
        """Return where entities are named; a name inside a longer one is none."""
        found = {place for entity in entities for place in self.names(entity)}
        return {place for place in found if not any(is_inside(place, other) for other in found)}

    def names(self, entity: Entity) -> Iterator[Place]:
        """Yield where an entity is named."""
        plain = [name for names in entity.names.values() for name in names]
        given = entity.names_in_context
        fitting = [name for names in (given.names.values() if given else ()) for name in names]
        for name in {*plain, *entity.case, *fitting}:
            words = tokenise(name)
            exact = Words(tuple(token.term for token in words), Form.EXACT)
            written = Words(tuple(token.word for token in words), Form.CASE)
            free = name in plain or name not in fitting
            for place in self.leaf(written if name in entity.case else exact):
                if free or (given is not None and self.in_context(place, given)):
                    yield place._replace(entity_id=entity.entity_id)

    def in_context(self, place: Place, given: NamesInContext) -> bool:
        """Return whether the words around a name allow it."""
        near = {text: any(self.around(place, text, given.within)) for text in (*given.require_any, *given.exclude_any)}
        required = not given.require_any or any(near[text] for text in given.require_any)
        return required and not any(near[text] for text in given.exclude_any)

    def around(self, place: Place, text: str, within: int) -> Iterator[bool]:
        """Yield for each place of a text whether it is near another place, fields read on from each other."""
        words = Words(tuple(stem(token.term) for token in tokenise(text)))
        first, last = self.position(place.field, place.first), self.position(place.field, place.last)
        for other in self.leaf(words):
            begin, end = self.position(other.field, other.first), self.position(other.field, other.last)
            yield first - within <= begin <= end < first or last < begin <= end <= last + within

    def position(self, field: int, word: int) -> int:
        """Return where a word is when the fields are read on from each other, a border counting as a word."""
        return self.words_before(field) + field + word


def in_its_form(node: Words, token: Token) -> str:
    """Return the word of an article as the leaf compares it."""
    if node.form is Form.STEM:
        return stem(token.term)
    return token.word if node.form is Form.CASE else token.term


def is_near(node: Near, one: Place, other: Place) -> bool:
    """Return whether two places are in one field and within the distance, in order if that counts."""
    if one.field != other.field:
        return False
    forwards, backwards = other.first - one.last, one.first - other.last
    return 1 <= forwards <= node.distance or (not node.ordered and 1 <= backwards <= node.distance)


def is_inside(place: Place, other: Place) -> bool:
    """Return whether the other place holds this one and more."""
    same = place.field == other.field and (place.first, place.last) != (other.first, other.last)
    return same and other.first <= place.first and place.last <= other.last


def capped(found: Iterable[Place]) -> set[Place]:
    """Return the first places, as many as one operand keeps."""
    return set(sorted(found)[:OPERAND_SPANS])


@lru_cache(maxsize=65536)
def fits_pattern(pattern: str, word: str) -> bool:
    """Return whether a word fits a pattern: * is any letters, ? is one."""
    if not pattern:
        return not word
    if pattern[0] == "*":
        return fits_pattern(pattern[1:], word) or (bool(word) and fits_pattern(pattern, word[1:]))
    return bool(word) and pattern[0] in {"?", word[0]} and fits_pattern(pattern[1:], word[1:])
