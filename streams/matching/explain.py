"""Why a rule matched an article, or why it didn't: its tree with what held and where."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from streams.ids import ChangeId, EntityId, RuleId
from streams.matching.compile import Compiled
from streams.matching.evaluate import Reading, Window, holds, narrowed, order
from streams.matching.match import Span
from streams.matching.mentions import Silent
from streams.matching.roles import Why
from streams.matching.rule import Role
from streams.matching.tree import NOWHERE, First, InField, Mention, Node, children

SHOWN_SPANS = 5
Notes = Mapping[EntityId, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of the query: its text, whether it held, the places that proved it, and its own parts.

    `notes` say of an entity which of its names stand in the article and don't count.
    """

    text: str
    held: bool
    spans: tuple[Span, ...] = ()
    parts: tuple["Clause", ...] = ()
    notes: tuple[str, ...] = ()

    def lines(self, depth: int = 0) -> Iterator[str]:
        """Yield the clause and its parts as lines, deeper ones indented."""
        where = ", ".join(
            f"{span.field}[{span.start}:{span.end}] {span.surface!r}" for span in self.spans[:SHOWN_SPANS]
        )
        more = f" and {len(self.spans) - SHOWN_SPANS} more" if len(self.spans) > SHOWN_SPANS else ""
        yield f"{'  ' * depth}{'yes' if self.held else 'no '} {self.text}{' ← ' if where else ''}{where}{more}"
        for note in self.notes:
            yield f"{'  ' * (depth + 1)}not counted: {note}"
        for part in self.parts:
            yield from part.lines(depth + 1)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether a rule matches an article, and the tree that says why. `problem`: why its newest version doesn't run."""

    rule_id: RuleId
    change_id: ChangeId | None
    matched: bool
    root: Clause | None = None
    problem: str | None = None

    def lines(self) -> Iterator[str]:
        """Yield the explanation as lines."""
        yield f"{self.rule_id}: {'matches' if self.matched else 'does not match'}"
        if self.problem:
            yield f"  rejected: {self.problem}"
        if self.root:
            yield from self.root.lines(1)


def explain(compiled: Compiled, reading: Reading, problem: str | None, silent: Sequence[Silent] = ()) -> Explanation:
    """Return the explanation of a rule that runs. `silent`: the names in the article that don't count."""
    notes: dict[EntityId, list[str]] = defaultdict(list)
    for given in silent:
        notes[given.name.entity_id].append(note(given, reading))
    root = clause(compiled.root, compiled.query.text, reading, reading.whole, notes)
    return Explanation(compiled.rule.rule_id, compiled.change_id, root.held, root, problem)


def note(silent: Silent, reading: Reading) -> str:
    """Return where a name stands that doesn't count, and why."""
    span, role = reading.document.span(silent.place), silent.name.role
    days = (
        f" (held {days_of(role)}; the article is of {reading.document.day})"
        if role and silent.why is Why.NOT_THEN
        else ""
    )
    return f"{span.field}[{span.start}:{span.end}] {span.surface!r}: {silent.why}{days}"


def days_of(role: Role) -> str:
    """Return when a role is held, in words."""
    return f"from {role.valid_from or 'always'} to {role.valid_to or 'now'}"


def clause(node: Node, text: str, reading: Reading, window: Window, notes: Notes) -> Clause:
    """Return what is to be said of one node within a window."""
    found = holds(node, reading, window)
    inner = narrowed(node, reading, window) if isinstance(node, InField | First) else window
    places = sorted(set(found or ()), key=order)
    return Clause(
        text[node.at[0] : node.at[1]],
        found is not None,
        tuple(map(reading.document.span, places)),
        tuple(clause(child, text, reading, inner, notes) for child in children(node) if child.at != NOWHERE),
        tuple(notes.get(node.entity_id, ())[:SHOWN_SPANS]) if isinstance(node, Mention) else (),
    )
