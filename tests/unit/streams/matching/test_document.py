import pytest

from streams.matching.document import Document, is_shouted
from streams.text.tokens import tokenise
from tests.support.matching import article


@pytest.mark.parametrize(
    ("title", "shouted"),
    [
        pytest.param("TRUMP AND XI MEET IN BUSAN", True, id="all capitals"),
        pytest.param("TRUMP AND XI MEET in Busan TODAY", True, id="mostly capitals"),
        pytest.param("NATO backs APEC summit", False, id="some names in capitals"),
        pytest.param("US-EU FTA", False, id="short words only"),
        pytest.param("NATO APEC", False, id="too few words to tell"),
        pytest.param("特朗普与习近平会晤", False, id="a script without case"),
        pytest.param("ТРАМП ВВОДИТ НОВЫЕ ПОШЛИНЫ", True, id="Cyrillic capitals"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_a_headline_of_capitals_is_recognised(title: str, shouted: bool) -> None:
    assert is_shouted(tokenise(title)) is shouted


def test_positions_count_through_the_fields_with_a_border_between_them() -> None:
    document = Document(article("a b", "c"), "d e")
    assert [token.word for token in document.row] == ["a", "b", "", "c", "", "d", "e"]
    assert [document.field_of(position) for position in (0, 1, 3, 5, 6)] == [0, 0, 1, 2, 2]
    assert [document.first_words(count) for count in range(1, 7)] == [1, 2, 4, 6, 7, 8]
    assert "" not in document.by_stem | document.by_term | document.by_word


def test_no_sentence_or_paragraph_is_in_two_fields() -> None:
    document = Document(article("a", "b. c"), "d\ne")
    for numbers in (document.sentences, document.paragraphs):
        fields = [
            {numbers[position] for position in range(start, end)}
            for start, end in zip(document.starts, document.ends, strict=True)
        ]
        assert not fields[0] & fields[1]
        assert not fields[1] & fields[2]
