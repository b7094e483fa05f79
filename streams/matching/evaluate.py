"""Whether a tree holds for an article, and where: the places come from the same look that decided."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from heapq import merge
from re import Pattern, escape
from re import compile as compile_pattern

from streams.ids import EntityId
from streams.matching.attributes import attribute_holds
from streams.matching.document import FIELDS, Document, Occurrence
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

OPERAND_SPANS = 50  # places kept of one word or one side of a proximity; a longer list proves no more
RULE_SPANS = 500
ABOUT_COUNT = 3
Mentions = Mapping[EntityId, Sequence[Occurrence]]
Places = list[Occurrence]
Window = tuple[int, int]  # positions from, to


@dataclass(slots=True)
class Reading:
    """One article being read by many rules; what a leaf found is remembered for the next rule."""

    document: Document
    mentions: Mentions
    found: dict[Node, Places] = field(default_factory=dict)

    @property
    def whole(self) -> Window:
        """The whole article."""
        return (0, len(self.document.row))


def witnesses(node: Node, reading: Reading) -> Places | None:
    """Return the places that prove the node, in the order of the text, or None if it doesn't hold.

    At most 50 an operand and 500 in all. Empty if no word was needed, as for `source:reuters`.
    Raises: nothing. Cost: O(occurrences), O(n log n) for proximity.
    """
    found = holds(node, reading, reading.whole)
    return None if found is None else sorted(set(found), key=order)[:RULE_SPANS]


def order(occurrence: Occurrence) -> tuple[int, int, str]:
    """Return the key by which places are in the order of the text."""
    return (occurrence.first, occurrence.last, occurrence.entity_id or "")


def holds(node: Node, reading: Reading, window: Window) -> Places | None:
    """Return what proves the node within the window, or None."""
    match node:
        case And():
            return all_of(node.children, reading, window)
        case Or():
            return any_of(node.children, reading, window)
        case Not():
            return [] if holds(node.child, reading, window) is None else None
        case Near():
            return near(node, reading, window)
        case Together():
            return together(node, reading, window)
        case _:
            return one_place(node, reading, window)


def one_place(node: Node, reading: Reading, window: Window) -> Places | None:
    """Return what proves a leaf or a narrowed node."""
    match node:
        case InField() | First():
            return holds(node.child, reading, narrowed(node, reading, window))
        case AtLeast():
            found = places(node.child, reading, window)
            return found[:OPERAND_SPANS] if len(found) >= node.count else None
        case Attribute():
            return [] if attribute_holds(node, reading.document.head) else None
        case Mention(about=True):
            return about(node, reading, window)
        case _:
            return places(node, reading, window)[:OPERAND_SPANS] or None


def all_of(nodes: Iterable[Node], reading: Reading, window: Window) -> Places | None:
    """Return what proves each of the nodes."""
    proof: Places = []
    for node in nodes:
        found = holds(node, reading, window)
        if found is None:
            return None
        proof += found
    return proof


def any_of(nodes: Iterable[Node], reading: Reading, window: Window) -> Places | None:
    """Return what proves those of the nodes that hold."""
    proofs = [found for node in nodes if (found := holds(node, reading, window)) is not None]
    return [place for proof in proofs for place in proof] if proofs else None


def about(node: Mention, reading: Reading, window: Window) -> Places | None:
    """Return where an entity is named that the article is about."""
    if not is_about(reading.mentions.get(node.entity_id, ()), reading.document):
        return None
    return inside(reading.mentions[node.entity_id], window)[:OPERAND_SPANS] or None


def is_about(mentions: Sequence[Occurrence], document: Document) -> bool:
    """Return whether an article is about what is named there: in title or lead, or three times."""
    return len(mentions) >= ABOUT_COUNT or any(place.first < document.starts[2] for place in mentions)


def narrowed(node: InField | First, reading: Reading, window: Window) -> Window:
    """Return the part of the window that the node leaves."""
    document = reading.document
    if isinstance(node, First):
        return (window[0], min(window[1], document.first_words(node.words)))
    field_number = FIELDS.index(node.name)
    return (max(window[0], document.starts[field_number]), min(window[1], document.ends[field_number]))


def places(node: Node, reading: Reading, window: Window) -> Places:
    """Return every place of an operand within the window, in order."""
    match node:
        case Or():
            found = [each for child in node.children if (each := places(child, reading, window))]
            return list(dict.fromkeys(merge(*found, key=order))) if len(found) > 1 else [*found[0]] if found else []
        case InField() | First():
            return places(node.child, reading, narrowed(node, reading, window))
        case _:
            return inside(leaf_places(node, reading), window)


def inside(found: Sequence[Occurrence], window: Window) -> Places:
    """Return the places that are within the window."""
    if not found:
        return []
    return [place for place in found if window[0] <= place.first and place.last < window[1]]


def leaf_places(leaf: Node, reading: Reading) -> Sequence[Occurrence]:
    """Return every place of a leaf in the article, in order. Most are absent, which is found out without their hash."""
    if isinstance(leaf, Words) and leaf.words[0] not in positions_of(leaf.form, reading.document):
        return ()
    known = reading.found.get(leaf)
    if known is None:
        known = reading.found[leaf] = find_leaf(leaf, reading)
    return known


def find_leaf(leaf: Node, reading: Reading) -> Places:
    """Return every place of a leaf, looked up for the first time."""
    document = reading.document
    match leaf:
        case Words():
            return phrase_places(leaf, document)
        case Truncated():
            by_word = document.by_word if leaf.case else document.by_term
            fits = pattern(leaf.pattern).fullmatch
            positions = sorted(place for word, found in by_word.items() if fits(word) for place in found)
            return [Occurrence(position, position) for position in positions]
        case Ticker():
            found = document.by_term.get(leaf.symbol, ())
            return [Occurrence(position, position) for position in found if document.row[position].ticker]
        case Mention():
            return list(reading.mentions.get(leaf.entity_id, ()))
        case _:
            return []


def phrase_places(leaf: Words, document: Document) -> Places:
    """Return every place of a word or phrase."""
    length, words = len(leaf.words), list(leaf.words)
    starts = positions_of(leaf.form, document).get(words[0], ())
    if length == 1:
        return [Occurrence(start, start) for start in starts]
    row = document.stems if leaf.form is Form.STEM else document.terms if leaf.form is Form.EXACT else document.words
    return [Occurrence(start, start + length - 1) for start in starts if row[start : start + length] == words]


def positions_of(form: Form, document: Document) -> Mapping[str, Sequence[int]]:
    """Return where each word of an article stands, in the form in which a leaf has it."""
    if form is Form.STEM:
        return document.by_stem
    return document.by_term if form is Form.EXACT else document.by_word


@lru_cache(maxsize=65536)
def pattern(text: str) -> Pattern[str]:
    """Return the expression for a truncated word: * is any letters, ? is one.

    The first fit of a middle part is as good as any later one, so the groups are atomic: no word makes it slow.
    """
    first, *rest = (escape(part).replace(r"\?", ".") for part in text.split("*"))
    middle = "".join(f"(?>.*?{part})" for part in rest[:-1])
    return compile_pattern(first + middle + "".join(f".*{part}" for part in rest[-1:]))


def near(node: Near, reading: Reading, window: Window) -> Places | None:
    """Return the places of both sides that are near a place of the other side."""
    left = places(node.left, reading, window)
    right = places(node.right, reading, window) if left else []
    if not right:
        return None
    document = reading.document
    before = followed(left, right, node.distance, document)
    proof = [*before[0][:OPERAND_SPANS], *before[1][:OPERAND_SPANS]]
    if not node.ordered:
        after = followed(right, left, node.distance, document)
        sides = (merged(before[0], after[1]), merged(before[1], after[0]))
        proof = [*sides[0][:OPERAND_SPANS], *sides[1][:OPERAND_SPANS]]
    return proof or None


def merged(one: Places, other: Places) -> Places:
    """Return the places of both, each once, in order."""
    return sorted({*one, *other}, key=order)


def followed(left: Places, right: Places, distance: int, document: Document) -> tuple[Places, Places]:
    """Return the places of `left` that a place of `right` follows within the distance, and those that follow."""
    starts = [place.first for place in right]
    ends = sorted(place.last for place in left)
    field_of, borders = document.field_of, (document.starts, document.ends)

    def has_next(place: Occurrence) -> bool:
        stop = min(place.last + distance + 1, borders[1][field_of(place.last)])
        at = bisect_left(starts, place.last + 1)
        return at < len(starts) and starts[at] < stop

    def has_previous(place: Occurrence) -> bool:
        begin = max(place.first - distance, borders[0][field_of(place.first)])
        at = bisect_left(ends, begin)
        return at < len(ends) and ends[at] < place.first

    return [place for place in left if has_next(place)], [place for place in right if has_previous(place)]


def together(node: Together, reading: Reading, window: Window) -> Places | None:
    """Return the places of both sides that begin in a unit in which the other side begins too."""
    units = reading.document.sentences if node.unit == "sentence" else reading.document.paragraphs
    left, right = places(node.left, reading, window), places(node.right, reading, window)
    shared = {units[place.first] for place in left} & {units[place.first] for place in right}
    kept = ([place for place in side if units[place.first] in shared][:OPERAND_SPANS] for side in (left, right))
    return [place for side in kept for place in side] or None
