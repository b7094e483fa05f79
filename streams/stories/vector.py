"""Articles and stories as vectors: an article is a unit TF-IDF vector, a story the sum of its articles' vectors.

A weight is what it was when its article came: it is not counted anew as frequencies change. So a story's vector is
what its record says, its length is known without looking at any other story, and no hour costs more than another.
"""

from collections.abc import Mapping
from math import fsum, hypot

from streams.stories.frequencies import Frequencies
from streams.stories.story import MOST_TERMS, TERMS_KEPT

WHOLE = 10_000  # a centroid's weights are rounded to as many parts: `round(weight, 4)` goes by way of a string


def vector_of(terms: Mapping[str, float], frequencies: Frequencies) -> dict[str, float]:
    """Return an article's terms by inverse document frequency: the 128 that weigh most, as a vector of length 1."""
    weighed = _heaviest(frequencies.weighed(terms))
    length = hypot(*weighed.values())
    return {term: weight / length for term, weight in weighed.items()} if length else {}


def centroid(terms: Mapping[str, float], article: Mapping[str, float]) -> dict[str, float]:
    """Return a story's vector with one more article's vector in it; beyond 160 terms, the 128 that weigh most.

    Cut at each article, a long story would cost as much as all else that is done for the article.
    """
    total = dict(terms)
    held = terms.get
    for term, weight in article.items():
        total[term] = round((held(term, 0.0) + weight) * WHOLE) / WHOLE
    return total if len(total) <= MOST_TERMS else _heaviest(total)


def dot(article: Mapping[str, float], story: Mapping[str, float]) -> tuple[float, int]:
    """Return the product of two vectors, and how many terms they share.

    The sum is exactly rounded, so that the order of the terms changes nothing.
    """
    products = [weight * held for term, weight in article.items() if (held := story.get(term)) is not None]
    return fsum(products), len(products)


def _heaviest(weighed: dict[str, float]) -> dict[str, float]:
    """Return the 128 terms that weigh most, in their order; of those as heavy as the last one the first by name."""
    if len(weighed) <= TERMS_KEPT:
        return weighed
    least = sorted(weighed.values())[-TERMS_KEPT]
    kept = {term: weight for term, weight in weighed.items() if weight >= least}
    if (surplus := len(kept) - TERMS_KEPT) > 0:
        for term in sorted(term for term, weight in kept.items() if weight == least)[-surplus:]:
            del kept[term]
    return kept
