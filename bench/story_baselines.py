"""What one would try first for stories: plain TF-IDF centroids, MinHash LSH as datasketch has it, and equal titles."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from math import log, sqrt

from datasketch import MinHash, MinHashLSH  # type: ignore[import-untyped]  # it ships no types

WORD = re.compile(r"\w+")
PERMUTATIONS = 128  # datasketch's own default
SHINGLES: dict[str, Callable[[str], set[str]]] = {
    "words": lambda title: set(WORD.findall(title.lower())),
    "3 chars": lambda title: {title.lower()[at : at + 3] for at in range(max(1, len(title) - 2))},
}
LSH_THRESHOLDS = (0.125, 0.15, 0.2, 0.3, 0.5)


def plain_centroids(titles: Sequence[str], joins: float) -> list[int]:
    """Return the group of each title: the nearest sum of unit TF-IDF vectors, if its cosine is `joins` or more.

    Lower-case words, frequencies counted from all titles so far, no decay, no weight for names.
    """
    frequencies, index = Counter[str](), defaultdict[str, dict[int, float]](dict)
    squares, groups = list[float](), list[int]()
    for seen, title in enumerate(titles):
        words = Counter(WORD.findall(title.lower()))
        vector = {word: count * (1 + log((1 + seen) / (1 + frequencies[word]))) for word, count in words.items()}
        norm = sqrt(sum(weight * weight for weight in vector.values())) or 1.0
        dots = defaultdict[int, float](float)
        for word, weight in vector.items():
            for group, held in index[word].items():
                dots[group] += weight / norm * held
        nearest = min(dots, key=lambda group: (-dots[group] / sqrt(squares[group]), group), default=None)
        if nearest is None or dots[nearest] / sqrt(squares[nearest]) < joins:
            nearest = len(squares)
            squares.append(0.0)
        for word, weight in vector.items():
            held = index[word].get(nearest, 0.0)
            index[word][nearest] = held + weight / norm
            squares[nearest] += (held + weight / norm) ** 2 - held**2
        groups.append(nearest)
        frequencies.update(words.keys())
    return groups


def minhash_lsh(titles: Sequence[str], joins: float, shingles: Callable[[str], set[str]]) -> list[int]:
    """Return the group of each title: that of the most similar title by LSH, if any is at `joins` or more."""
    lsh = MinHashLSH(threshold=joins, num_perm=PERMUTATIONS)
    sketches, groups = list[MinHash](), list[int]()
    for number, title in enumerate(titles):
        sketch = MinHash(num_perm=PERMUTATIONS)
        sketch.update_batch([shingle.encode() for shingle in sorted(shingles(title))])
        found = [(-sketch.jaccard(sketches[other]), other) for other in lsh.query(sketch)]
        near = [(distance, other) for distance, other in found if -distance >= joins]
        groups.append(groups[min(near)[1]] if near else number)
        lsh.insert(number, sketch)
        sketches.append(sketch)
    return groups


def equal_titles(titles: Sequence[str]) -> list[str]:
    """Return the title itself as the group."""
    return list(titles)
