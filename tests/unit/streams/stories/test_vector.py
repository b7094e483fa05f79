from math import hypot

import pytest

from streams.stories.frequencies import Frequencies
from streams.stories.vector import centroid, dot, vector_of
from tests.support.alerting import NOW

KNOWN = Frequencies(NOW, 100, {"china": 80, "gallium": 1})
MANY = {f"term{number:03}": 1.0 for number in range(200)}


def test_an_article_is_a_vector_of_length_one_in_which_rare_terms_weigh_most() -> None:
    vector = vector_of({"china": 1.0, "gallium": 1.0}, KNOWN)

    assert hypot(*vector.values()) == pytest.approx(1)
    assert vector["gallium"] > 5 * vector["china"]


def test_an_article_without_terms_is_no_vector() -> None:
    assert vector_of({}, KNOWN) == {}


def test_a_story_is_the_sum_of_its_articles_with_each_weight_as_it_was() -> None:
    first = centroid({}, vector_of({"gallium": 1.0}, KNOWN))
    second = centroid(first, vector_of({"gallium": 1.0, "china": 1.0}, Frequencies(NOW, 100, {"gallium": 100})))

    assert first == {"gallium": 1.0}
    assert 1 < second["gallium"] < 1.5
    assert second["china"] > 0.8


def test_article_and_story_keep_the_128_terms_that_weigh_most() -> None:
    article = vector_of(MANY | {"heavy": 5.0}, Frequencies())
    story = centroid({"heavy": 5.0}, dict.fromkeys(MANY, 0.1))

    assert len(article) == len(story) == 128
    assert set(article) == set(story) == {"heavy", *sorted(MANY)[:127]}, "of equally heavy terms the first by name"
    assert (list(article)[-1], next(iter(story))) == ("heavy", "heavy"), "in their order"


def test_the_product_of_two_vectors_counts_the_terms_that_they_share() -> None:
    assert dot({"a": 0.5, "b": 2.0}, {"b": 3.0, "a": 1.0, "c": 9.0}) == (6.5, 2)
    assert dot({"a": 0.5}, {}) == (0.0, 0)


def test_terms_of_different_weights_are_cut_by_weight_alone() -> None:
    rising = {term: 1.0 + number for number, term in enumerate(MANY)}

    assert list(centroid({}, rising)) == list(MANY)[-128:]
