"""The span table of a match: each place once, in the order of the text."""

from collections.abc import Iterable

from streams.matching.document import Document, Occurrence
from streams.matching.evaluate import order
from streams.matching.match import Span


class SpanTable:
    """Every place that any rule or entity of a match points to."""

    def __init__(self, places: Iterable[Occurrence], document: Document) -> None:
        ordered = sorted(set(places), key=order)
        self.spans: tuple[Span, ...] = tuple(map(document.span, ordered))
        self.numbers = {place: number for number, place in enumerate(ordered)}

    def indexes(self, places: Iterable[Occurrence]) -> tuple[int, ...]:
        """Return the numbers of the places in the table, in order."""
        return tuple(sorted(self.numbers[place] for place in places))
