"""Query language → tree. Strict on purpose: where vendors disagree, the query has to say what it means."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput, UnexpectedToken

from streams.ids import EntityId, ListId
from streams.matching.foreign import plain_syntax
from streams.matching.query_error import Problem, QueryError
from streams.matching.query_reader import QueryReader
from streams.matching.tree import ListRef, Mention, Node, Not, Or, children, is_positive, leaves

QUERY_BYTES = 64 * 1024
DEPTH = 64
LEAVES = 10_000
REMEMBERED_QUERIES = 1 << 14
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
# They turn the direction of what follows, so that a query could look like another one than it is.
TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
QUOTED = re.compile('"[^"]*("|$)')
OPERATOR = re.compile(r"(AND|OR|NOT|SENT|PARA|(?:NEAR|PRE|[WwNn])(?:/\d+)?)(?=[\s()\"]|$)")


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was read: its text, its tree, and what it refers to."""

    text: str
    root: Node
    entities: frozenset[EntityId]
    lists: frozenset[ListId]


@lru_cache(maxsize=REMEMBERED_QUERIES)
def parse(text: str) -> Query:
    """Return the query that the text holds. The last ones are remembered: a new entity compiles every rule again.

    Full-width signs and other double quotes are read as the plain ones, for queries that were pasted.
    Raises: QueryError with every problem (line, column, hint). Cost: about 0.2 ms for a rule of ten words;
    64 kB, 64 levels and 10,000 leaves at most.
    """
    refuse(bounds(text))
    plain = plain_syntax(text)
    refuse(depth_problem(plain))
    reader = QueryReader(plain)
    root = reader.read(syntax(plain))
    refuse(reader.problems)
    refuse(strict(text, root))
    found = tuple(leaves(root))
    return Query(
        text,
        root,
        frozenset(leaf.entity_id for leaf in found if isinstance(leaf, Mention)),
        frozenset(leaf.list_id for leaf in found if isinstance(leaf, ListRef)),
    )


def refuse(problems: list[Problem]) -> None:
    """Raise QueryError if there is any problem."""
    if problems:
        raise QueryError(*problems)


@lru_cache(maxsize=1)
def grammar() -> Lark:
    """Return the compiled grammar (about 30 ms, once)."""
    path = Path(__file__).with_name("query.lark")
    return Lark(
        path.read_text("utf-8"), parser="lalr", lexer="basic", propagate_positions=True, maybe_placeholders=False
    )


def syntax(text: str) -> Tree[Token]:
    """Return lark's tree of the text. Raises: QueryError at the first place that no query can have."""
    try:
        return grammar().parse(text)
    except UnexpectedInput as err:
        place = min(len(text), err.pos_in_stream or 0) if text[err.pos_in_stream or 0 :] else len(text)
        raise QueryError(unexpected(text, place, err)) from err


def unexpected(text: str, place: int, err: UnexpectedInput) -> Problem:
    """Return what is wrong where the grammar stopped."""
    if text[place : place + 1] == '"':
        return Problem.at(text, place, "a quote that isn't closed", 'close the phrase with "')
    if isinstance(err, UnexpectedToken) and err.token.type == "$END":
        return Problem.at(
            text, len(text), "the query ends too early", "write what should follow, or take the last word away"
        )
    if (operator := OPERATOR.match(text, place)) is not None:
        negated = operator[0] == "NOT" or text[:place].rstrip().endswith("NOT")
        hint = "write a AND NOT (a NEAR/5 b)" if negated else f"it stands between two words: a {operator[0]} b"
        return Problem.at(text, place, f"{operator[0]} can't stand here", hint)
    found = text[place : place + 20].split(maxsplit=1)
    what = found[0] if found else "the end"
    return Problem.at(text, place, f"{what!r} can't stand here", "write a word, a phrase in quotes or a group here")


def bounds(text: str) -> list[Problem]:
    """Return what makes a text no query at all: its size, its depth, characters that nobody types."""
    if (found := FORBIDDEN.search(text)) is not None:
        code = ord(found[0])
        return [Problem.at(text, found.start(), f"the character U+{code:04X} can't be in a query", "take it away")]
    if (found := TURNING.search(text)) is not None:
        what = f"the invisible character U+{ord(found[0]):04X}, which turns the direction of text"
        return [Problem.at(text, found.start(), what, "take it away: it came along with something copied")]
    if not text.strip():
        return [Problem.at(text, 0, "an empty query", "write a word, or a phrase in quotes")]
    if len(text.encode()) > QUERY_BYTES:
        return [Problem.at(text, 0, f"longer than {QUERY_BYTES // 1024} kB", "split the rule, or move words to a list")]
    return []


def depth_problem(text: str) -> list[Problem]:
    """Return where the parentheses get too deep, or where one has no partner."""
    opened: list[int] = []
    plain = QUOTED.sub(lambda found: " " * len(found[0]), text)
    for place in (found.start() for found in re.finditer("[()]", plain)):
        if plain[place] == "(":
            opened.append(place)
        elif not opened:
            return [Problem.at(text, place, "a ) that closes nothing", "take it away, or open it with (")]
        else:
            opened.pop()
        if len(opened) > DEPTH:
            return [Problem.at(text, place, f"deeper than {DEPTH} levels", "split the rule")]
    return [Problem.at(text, opened[-1], "a ( that isn't closed", "close it with )")] if opened else []


def strict(text: str, root: Node) -> list[Problem]:
    """Return what the tree as a whole does wrong: negations only, too many leaves."""
    problems = list(negations(text, root))
    if not is_positive(root) and not problems:
        problems.append(
            Problem.at(text, root.at[0], "negations only", "name something that has to be there: a AND NOT b")
        )
    if sum(1 for _ in leaves(root)) > LEAVES:
        problems.append(Problem.at(text, 0, f"more than {LEAVES:,} words", "split the rule, or move words to a list"))
    return problems


def negations(text: str, node: Node) -> list[Problem]:
    """Return each negation that can't be meant: of a negation, or as one side of an OR."""
    problems = [problem for child in children(node) for problem in negations(text, child)]
    if isinstance(node, Not) and not is_positive(node.child):
        problems.append(Problem.at(text, node.at[0], "a negation of a negation", "say it without NOT"))
    if isinstance(node, Or):
        problems += [
            Problem.at(text, child.at[0], "one side of OR is negations only", "a AND NOT b is what can be asked")
            for child in node.children
            if not is_positive(child)
        ]
    return problems
