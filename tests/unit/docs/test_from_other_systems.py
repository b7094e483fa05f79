"""docs/from-factiva-lexis-lucene.md: each row and each example is tried on the real matcher."""

import re
from typing import NamedTuple

import pytest

from tests.support.documented import DOCS, Example, answer, examples, is_found

PAGE = "from-factiva-lexis-lucene.md"
COLUMNS = 6
PASTED = ("refused", "same", "not the same")
EXAMPLES = list(examples(PAGE))


class Row(NamedTuple):
    """A query there, what it means, the query here, what that finds and doesn't, and what becomes of it pasted."""

    there: str
    means: str
    here: str
    finds: str
    not_found: str
    pasted: str


def rows() -> list[Row]:
    lines = [line for line in (DOCS / PAGE).read_text("utf-8").splitlines() if line.startswith("| `")]
    cells = [[cell.replace("\\|", "|") for cell in re.split(r"(?<!\\) ?\| ?", line)[1:-1]] for line in lines]
    assert [row for row in cells if len(row) != COLUMNS] == []
    return [Row(row[0].strip("`"), row[1], row[2].strip("`"), *row[3:]) for row in cells]


ROWS = [pytest.param(row, id=row.there) for row in rows()]


def test_there_are_rows_of_all_three_systems() -> None:
    assert len(ROWS) >= 45


@pytest.mark.parametrize("row", ROWS)
def test_the_query_of_ours_finds_the_one_text_and_not_the_other(row: Row) -> None:
    assert answer(row.here) == ""
    assert is_found(row.here, row.finds)
    assert not is_found(row.here, row.not_found)


@pytest.mark.parametrize("row", ROWS)
def test_the_query_of_the_other_system_is_read_as_the_page_says(row: Row) -> None:
    assert row.pasted in PASTED
    wrong = answer(row.there)
    same = not wrong and is_found(row.there, row.finds) and not is_found(row.there, row.not_found)
    assert same is (row.pasted == "same")
    assert row.pasted != "refused" or wrong


@pytest.mark.parametrize("example", [pytest.param(example, id=example.query) for example in EXAMPLES])
def test_the_examples_are_found_as_the_page_says(example: Example) -> None:
    assert example.matches
    assert [text for text in example.matches if not is_found(example.query, text)] == []
    assert [text for text in example.others if is_found(example.query, text)] == []


def test_the_two_readings_of_and_with_or_are_both_printed() -> None:
    shown = answer("trump AND tariff OR duty")
    assert "(trump AND tariff) OR duty" in shown
    assert "trump AND (tariff OR duty)" in shown
