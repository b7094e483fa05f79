import pytest

from streams.routing.render_text import Piece
from streams.routing.render_width import columns, cut, rows


@pytest.mark.parametrize(
    ("text", "count"),
    [
        pytest.param("gallium", 7, id="latin"),
        pytest.param("贝森特", 6, id="chinese is wide"),
        pytest.param("e\u0301", 1, id="an accent takes no column"),
        pytest.param("", 0, id="nothing"),
    ],
)
def test_a_text_is_as_wide_as_a_terminal_shows_it(text: str, count: int) -> None:
    assert columns(text) == count


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        pytest.param("gallium", 7, "gallium", id="it fits"),
        pytest.param("gallium", 6, "galli…", id="it is cut"),
        pytest.param("稀土出口", 6, "稀土…", id="half a wide character is none"),
        pytest.param("rare earths", 6, "rare…", id="no space before the ellipsis"),
    ],
)
def test_a_text_is_cut_to_columns(text: str, most: int, shown: str) -> None:
    assert cut(text, most) == shown


def shown(text: str, *, first: int, others: int, most: int = 9) -> list[str]:
    found = rows([Piece(text)], first=first, others=others, most=most)
    return ["".join(piece.text for piece in row) for row in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("one two three four five", ["one two", "three four", "five"], id="rows end at spaces"),
        pytest.param("one twos three", ["one twos", "three"], id="a row that is just full"),
        pytest.param("abcdefghijklmnopqrst", ["abcdefgh", "ijklmnopqr", "st"], id="a long word is broken"),
        pytest.param("a bcdefghijklmn", ["a bcdefg", "hijklmn"], id="not at a space near the start"),
        pytest.param("中国拟对稀土实施", ["中国拟对", "稀土实施"], id="wide characters take two columns"),
        pytest.param("", [], id="nothing has no row"),
    ],
)
def test_a_text_is_put_into_rows(text: str, expected: list[str]) -> None:
    assert shown(text, first=8, others=10) == expected


def test_the_last_row_is_cut() -> None:
    assert shown("one two three four five", first=8, others=10, most=2) == ["one two", "three fou…"]


def test_a_row_takes_a_character_even_where_none_fits() -> None:
    assert shown("稀土", first=1, others=1, most=2) == ["…", "…"]


def test_marks_stay_where_they_were() -> None:
    text = [Piece("a "), Piece("rare earths", marked=True), Piece(" b")]
    assert rows(text, first=7, others=9, most=3) == (
        (Piece("a "), Piece("rare", marked=True)),
        (Piece("earths", marked=True), Piece(" b")),
    )
