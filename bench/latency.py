"""Times from the wire to the webhook: what a run's origin and sink saw, in milliseconds."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.support.account import MARKER
from tests.support.wire import Item, Sink


@dataclass(frozen=True, slots=True)
class Latencies:
    """Milliseconds from the start of the request whose answer first carried an item to its arrival at the webhook."""

    p50_ms: float
    p99_ms: float
    delivered: int
    published: int


def quantile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of the values does not exceed; NaN of none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def arrivals(sink: Sink) -> Mapping[str, float]:
    """Return when each item's first notification arrived, by marker (seconds, monotonic)."""
    first: dict[str, float] = {}
    for delivery, title in sink.titles.items():
        if found := MARKER.search(title):
            first[found[0]] = min(first.get(found[0], math.inf), sink.arrivals[delivery])
    return first


def latencies(items: Iterable[Item], sink: Sink) -> Latencies:
    """Return the latencies of the items that were delivered."""
    wanted, arrived = list(items), arrivals(sink)
    spans = [
        (arrived[item.marker] - item.first_request) * 1000
        for item in wanted
        if item.first_request is not None and item.marker in arrived
    ]
    return Latencies(quantile(spans, 0.50), quantile(spans, 0.99), len(spans), len(wanted))


def longest_silence_s(items: Sequence[Item], sink: Sink, start: float, end: float) -> float:
    """Return the longest time in the window (monotonic seconds) in which the webhook heard nothing of these items."""
    arrived = arrivals(sink)
    times = sorted(at for item in items if start <= (at := arrived.get(item.marker, math.inf)) <= end)
    edges = [start, *times, end]
    return max(later - earlier for earlier, later in pairwise(edges))
