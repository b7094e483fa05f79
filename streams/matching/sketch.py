"""A short sketch of a text, by which near copies are found."""

from collections.abc import Sequence
from heapq import nsmallest

from xxhash import xxh3_64_intdigest, xxh3_128_hexdigest

SHINGLE_WORDS = 5
SKETCH_SIZE = 64


def sketch(terms: Sequence[str]) -> tuple[str, ...]:
    """Return the 64 smallest xxh3 hashes of the text's runs of five words, as 16 hex digits, ascending.

    A text of fewer than five words is one run; a text without words has no sketch. Cost: O(words).
    Source: Broder, On the resemblance and containment of documents (1997).
    """
    last = max(1, len(terms) - SHINGLE_WORDS + 1) if terms else 0
    hashes = {xxh3_64_intdigest(" ".join(terms[at : at + SHINGLE_WORDS]).encode()) for at in range(last)}
    return tuple(f"{number:016x}" for number in nsmallest(SKETCH_SIZE, hashes))


def text_hash(terms: Sequence[str]) -> str:
    """Return 32 hex digits, equal for texts of equal words whatever their case, marks and layout."""
    return xxh3_128_hexdigest(" ".join(terms).encode())
