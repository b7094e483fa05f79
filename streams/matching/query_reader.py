"""lark's tree → our tree, collecting every problem on the way."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal, cast

from lark import Token, Tree

from streams.ids import EntityId, ListId
from streams.matching.foreign import foreign_operator
from streams.matching.match import Field
from streams.matching.query_error import Problem
from streams.matching.tree import (
    NOWHERE,
    And,
    AtLeast,
    Attribute,
    First,
    Form,
    InField,
    ListRef,
    Mention,
    Near,
    Node,
    Not,
    Or,
    Place,
    Ticker,
    Together,
    Truncated,
    Words,
    leaves,
)
from streams.matching.word_reader import MAX_DISTANCE, place_of, words_of
from streams.text.fold import fold
from streams.text.tokens import is_ticker, tokenise

Branch = Tree[Token]
NOTHING = Words(("",))  # stands where a problem was found
OPERANDS = (Words, Truncated, Ticker, Mention, ListRef)


class QueryReader:
    """Reads one query; `problems` fills up while it reads."""

    def __init__(self, text: str) -> None:
        self.query = text
        self.problems: list[Problem] = []

    def read(self, tree: Branch) -> Node:
        """Return the tree of the whole query."""
        return self.mixed(branch(tree, 0), Form.STEM)

    def wrong(self, at: Place, message: str, hint: str) -> Node:
        """Note a problem; return a node that stands in its place."""
        self.problems.append(Problem.at(self.query, at[0], message, hint))
        return NOTHING

    def source(self, at: Place) -> str:
        """Return the text at a place."""
        return self.query[at[0] : at[1]]

    def mixed(self, tree: Branch, form: Form) -> Node:
        """Return what AND and OR join; both in one group without parentheses is a problem."""
        operands = [child for child in tree.children if isinstance(child, Tree)]
        joins = [str(child) for child in tree.children if isinstance(child, Token)]
        nodes = tuple(self.adjacent(operand, form) for operand in operands)
        if not joins:
            return nodes[0]
        if len(set(joins)) > 1:
            parts = [self.source(place_of(operand)) for operand in operands]
            readings = f"{bracketed(parts, joins, 'AND')}, or {bracketed(parts, joins, 'OR')}"
            other = next(join for join in tree.children if isinstance(join, Token) and join != joins[0])
            return self.wrong(spot(other), "AND and OR mixed without parentheses", f"write {readings}")
        return And(nodes, place_of(tree)) if joins[0] == "AND" else Or(nodes, place_of(tree))

    def adjacent(self, tree: Branch, form: Form) -> Node:
        """Return the one operand; several without an operator between them are a problem."""
        operands = cast("list[Branch]", tree.children)
        texts = [self.source(place_of(operand)) for operand in operands]
        if len(operands) > 1 and (found := foreign_operator(texts)) is not None:
            return self.wrong(place_of(operands[found[0]]), *found[1])
        nodes = [self.negated(operand, form) for operand in operands]
        if len(nodes) == 1:
            return nodes[0]
        text, joined = self.source(place_of(tree)), " AND ".join(texts)
        plain = all(isinstance(node, Words) for node in nodes) and not set('"(') & set(text)
        hint = f'write "{text}" for the phrase, or {joined}' if plain else f"write {joined}, or OR between them"
        return self.wrong(place_of(tree), "words without an operator between them", hint)

    def negated(self, tree: Branch, form: Form) -> Node:
        """Return the operand, or its negation."""
        nots = len(tree.children) - 1
        node = self.near(branch(tree, nots), form)
        if not nots:
            return node
        return Not(node, place_of(tree)) if nots == 1 else self.wrong(place_of(tree), "NOT NOT", "say it without NOT")

    def near(self, tree: Branch, form: Form) -> Node:
        """Return the operand, or what a proximity operator says of two of them."""
        operands = [self.unary(cast("Branch", child), form) for child in tree.children[::2]]
        if len(operands) == 1:
            return operands[0]
        at = place_of(tree)
        if len(operands) > 2:  # noqa: PLR2004 - proximity has two sides
            return self.wrong(at, "proximity of more than two", "write (a NEAR/5 b) AND (b NEAR/5 c)")
        self.check_operands(operands, cast("list[Branch]", tree.children[::2]))
        return self.proximity(cast("Token", tree.children[1]), operands[0], operands[1], at)

    def proximity(self, operator: Token, left: Node, right: Node, at: Place) -> Node:
        """Return the node of one proximity operator."""
        name, _, figure = operator.partition("/")
        if name == "SENT":
            return Together(left, right, "sentence", at)
        if name == "PARA":
            return Together(left, right, "paragraph", at)
        if name.upper() in {"W", "N"}:
            hint = f"write NEAR/{figure} for any order, PRE/{figure} for this order"
            return self.wrong(spot(operator), f"{operator} means an order in one system and none in another", hint)
        if not figure or not 1 <= int(figure[:9]) <= MAX_DISTANCE:
            what = f"{operator} without a distance of 1 to {MAX_DISTANCE}"
            return self.wrong(spot(operator), what, f"write {name}/5; 1 is adjacent")
        return Near(left, right, int(figure), name == "PRE", at)

    def check_operands(self, operands: Sequence[Node], trees: Sequence[Branch]) -> None:
        """Note each operand of which it can't be said where it stands."""
        for node, tree in zip(operands, trees, strict=True):
            if not is_operand(node):
                text = self.source(place_of(tree))
                hint = "words, phrases, entities, lists, or an OR of them can stand here"
                self.wrong(place_of(tree), f"{text} has no one place in the text", hint)

    def unary(self, tree: Branch, form: Form) -> Node:
        """Return the atom with what its prefixes say: a field, CASE, ATLEAST, FIRST, =, about."""
        prefixes = [str(child) for child in tree.children[:-1]]
        atom, at = branch(tree, -1), place_of(tree)
        for prefix in prefixes:
            if prefix in {"source:", "lang:", "author:"}:
                return self.attribute(prefix, atom, at, alone=len(prefixes) == 1)
            form = {"CASE": Form.CASE, "=": Form.EXACT}.get(prefix, form)
        if len(set(prefixes)) < len(prefixes) or sum(prefix in {"title:", "lead:", "body:"} for prefix in prefixes) > 1:
            return self.wrong(at, "one prefix upon another of its kind", "keep one of them")
        node = self.atom(atom, form)
        for prefix in reversed(prefixes):
            node = self.prefixed(prefix, node, at)
        return node

    def prefixed(self, prefix: str, node: Node, at: Place) -> Node:
        """Return the node under one prefix."""
        name, _, figure = prefix.rstrip(":").partition("/")
        if figure:
            return self.counted(name, figure, node, at)
        if name == "about":
            return self.about(node, at)
        return node if name in {"CASE", "="} else InField(cast("Field", name), node, at)

    def counted(self, name: str, figure: str, node: Node, at: Place) -> Node:
        """Return the node under FIRST/n or ATLEAST/n."""
        if not 1 <= int(figure[:9]) <= MAX_DISTANCE:
            return self.wrong(at, f"{name}/{figure} out of 1 to {MAX_DISTANCE}", f"write {name}/3(…)")
        if name == "FIRST":
            return First(int(figure), node, at)
        if not is_operand(node):
            return self.wrong(at, "ATLEAST counts words", "write ATLEAST/3(a OR b)")
        return AtLeast(int(figure), node, at)

    def about(self, node: Node, at: Place) -> Node:
        """Return the mention that has to be what the article is about."""
        if not isinstance(node, Mention):
            return self.wrong(at, "about: takes an entity", "write about:@scott_bessent")
        return replace(node, about=True, at=at)

    def attribute(self, prefix: str, atom: Branch, at: Place, *, alone: bool) -> Node:
        """Return the condition upon source, language or author; a group means any of its words."""
        node = self.atom(atom, Form.EXACT)
        parts = tuple(leaves(node)) if isinstance(node, Or) else (node,)
        name = cast('Literal["source", "lang", "author"]', prefix[:-1])
        if not alone or not all(isinstance(part, Words) for part in parts):
            return self.wrong(at, f"{prefix} takes a word or a phrase", f"write {prefix}word, or {prefix}(a OR b)")
        found = tuple(Attribute(name, part.words, part.at) for part in parts if isinstance(part, Words))
        return replace(found[0], at=at) if len(found) == 1 else Or(found, at)

    def atom(self, tree: Branch, form: Form) -> Node:
        """Return a group or a leaf."""
        if tree.data == "group":
            return self.mixed(branch(tree, 0), form)
        text, at = str(tree.children[0]), place_of(tree)
        read: dict[str, Callable[[], Node]] = {
            "entity": lambda: Mention(EntityId(text[1:]), at=at),
            "list": lambda: ListRef(ListId(text[1:]), at),
            "ticker": lambda: self.ticker(text[1:], at),
        }
        return read[tree.data]() if tree.data in read else self.words(text, form, at, quoted=tree.data == "string")

    def ticker(self, symbol: str, at: Place) -> Node:
        """Return a ticker: one to five letters."""
        if not is_ticker(symbol):
            return self.wrong(at, f"${symbol} is no ticker", "a ticker has one to five letters: $NVDA")
        return Ticker(fold(symbol), at)

    def words(self, text: str, form: Form, at: Place, *, quoted: bool) -> Node:
        """Return a word, a phrase or a truncated word."""
        found = words_of(text.strip('"') if quoted else text, form, at, quoted=quoted)
        return found if isinstance(found, Words | Truncated) else self.wrong(at, *found)


def branch(tree: Branch, number: int) -> Branch:
    """Return a child that is a tree."""
    return cast("Branch", tree.children[number])


def spot(token: Token) -> Place:
    """Return where a token stands in the query."""
    return (token.start_pos or 0, token.end_pos or 0)


def is_operand(node: Node) -> bool:
    """Return whether it can be said where the node stands in the text."""
    match node:
        case Or():
            return all(map(is_operand, node.children))
        case InField() | First():
            return is_operand(node.child)
        case _:
            return isinstance(node, OPERANDS)


def bracketed(parts: Sequence[str], joins: Sequence[str], tight: str) -> str:
    """Return the parts with parentheses around each run that `tight` joins."""
    runs: list[list[str]] = [[parts[0]]]
    for join, part in zip(joins, parts[1:], strict=True):
        if join == tight:
            runs[-1].append(part)
        else:
            runs.append([part])
    loose = "OR" if tight == "AND" else "AND"
    return f" {loose} ".join(f"({f' {tight} '.join(run)})" if len(run) > 1 else run[0] for run in runs)


def member(text: str) -> Node | tuple[str, str]:
    """Return the leaf that a list's member means (a word, =word, a phrase, @entity, $TICKER), or message and hint."""
    if text.startswith("@"):
        return Mention(EntityId(text[1:]))
    if text.startswith("$") and is_ticker(text[1:]):
        return Ticker(fold(text[1:]))
    if text.startswith("#"):
        return (f"{text} is a list", "a list holds no other list: write its members out")
    form, words = (Form.EXACT, text[1:]) if text.startswith("=") else (Form.STEM, text)
    return words_of(words, form, NOWHERE, quoted=len(tokenise(words)) > 1)
