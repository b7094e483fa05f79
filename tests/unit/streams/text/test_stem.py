import pytest

from streams.text.stem import LONGEST_WORD, stem


@pytest.mark.parametrize(
    ("one", "other"),
    [pytest.param("tariff", "tariffs", id="plural"), pytest.param("licensing", "licensed", id="forms of a verb")],
)
def test_forms_of_an_english_word_share_a_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@pytest.mark.parametrize(
    "term",
    [
        pytest.param("пошлины", id="another script"),
        pytest.param("g20s", id="letters with digits"),
        pytest.param("a" * LONGEST_WORD + "ings", id="no word is so long"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_is_no_english_word_stays_as_it_is(term: str) -> None:
    assert stem(term) == term
