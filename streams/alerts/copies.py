"""Copies: texts that are equal, or that hold nearly every shingle of the new one."""

from bisect import bisect_right
from collections.abc import Iterable

from streams.stories.story import Arrival, StoryText

SKETCH_SIZE = 64
CONTAINED = 0.8
LEAST_SHINGLES = 4  # fewer say nothing: two headlines can share three shingles by chance


def containment(inner: tuple[str, ...], outer: tuple[str, ...]) -> float:
    """Return about which share of one text's shingles another holds, 0 to 1, from their bottom-64 sketches.

    A sketch is ascending. One of fewer than 64 hashes holds them all, a full one those up to its largest: both are
    compared up to the smaller of the largest ones.
    Source: theta sketches; Broder, On the resemblance and containment (1997).
    """
    if set(inner).isdisjoint(outer):
        return 0.0
    bound = min((sketch[-1] for sketch in (inner, outer) if len(sketch) >= SKETCH_SIZE), default=inner[-1])
    left = inner[: bisect_right(inner, bound)]
    return len(set(outer).intersection(left)) / len(left) if len(left) >= LEAST_SHINGLES else 0.0


def copied_from(arrival: Arrival, texts: Iterable[StoryText]) -> StoryText | None:
    """Return the text that an article repeats, one of its own permission if there is one, or None."""
    originals = [text for text in texts if _repeats(arrival, text)]
    own = [text for text in originals if text.permission == arrival.head.permission]
    return next(iter([*own, *originals]), None)


def _repeats(arrival: Arrival, text: StoryText) -> bool:
    equal = bool(arrival.text_hash) and arrival.text_hash == text.text_hash
    return equal or containment(arrival.sketch, text.sketch) >= CONTAINED
