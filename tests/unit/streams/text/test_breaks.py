import pytest

from streams.text.breaks import ends_paragraph, ends_sentence, numbered
from streams.text.tokens import tokenise


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("One two. Three", [0, 0, 1], id="a full stop ends a sentence"),
        pytest.param("He said “go.” Then left", [0, 0, 0, 1, 1], id="also inside a quote"),
        pytest.param("The U.S. economy", [0, 0, 0, 0], id="an initial ends none"),
        pytest.param("Mr. Li met Dr. Xu", [0, 0, 0, 0, 0], id="nor does an abbreviation"),
        pytest.param("Grade A! Next", [0, 0, 1], id="an exclamation mark does, whatever stands before it"),
        pytest.param("3.5 per cent", [0, 0, 0, 0], id="a decimal point ends none"),
        pytest.param("税。降", [0, 1], id="an ideographic full stop needs no space"),
        pytest.param("Head line\nText", [0, 0, 1], id="a line ends a sentence"),
        pytest.param("U.S.\nTalks", [0, 0, 1], id="even behind an initial"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_sentences_are_numbered(text: str, expected: list[int]) -> None:
    assert numbered(text, tokenise(text), ends_sentence) == expected


def test_paragraphs_are_lines() -> None:
    text = "One. Two\n\nthree"
    assert numbered(text, tokenise(text), ends_paragraph) == [0, 0, 1]
