"""docs/query-language.md: every example of the page is tried on the real matcher with the shipped entities."""

import pytest

from tests.support.documented import DOCS, Example, answer, examples, is_found

PAGE = "query-language.md"
EXAMPLES = list(examples(PAGE))
OPERATORS = (
    "AND", "OR", "NOT", "NEAR/", "PRE/", "SENT", "PARA", "ATLEAST/", "FIRST/", "title:", "lead:", "body:", "source:",
    "lang:", "author:", "about:", "*", "?", "CASE(", "=", "@", "$", "#", '"',
)  # fmt: skip


def named(kind: str) -> list[object]:
    return [
        pytest.param(example, text, id=f"{example.query} {text}")
        for example in EXAMPLES
        for text in getattr(example, kind)
    ]


@pytest.mark.parametrize(("example", "text"), named("matches"))
def test_a_query_matches_what_the_page_says(example: Example, text: str) -> None:
    assert answer(example.query) == ""
    assert is_found(example.query, text)


@pytest.mark.parametrize(("example", "text"), named("others"))
def test_a_query_does_not_match_what_the_page_says(example: Example, text: str) -> None:
    assert not is_found(example.query, text)


@pytest.mark.parametrize(("example", "text"), named("answers"))
def test_a_wrong_query_gets_the_answer_of_the_page(example: Example, text: str) -> None:
    assert answer(example.query) == text


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_operator_has_an_example_that_works(operator: str) -> None:
    assert any(operator in example.query for example in EXAMPLES if example.matches)


def test_no_fenced_block_of_the_page_escapes_the_tests() -> None:
    fences = (DOCS / PAGE).read_text("utf-8").count("```query")
    assert len(EXAMPLES) == fences
    assert all(example.matches or example.answers for example in EXAMPLES)
