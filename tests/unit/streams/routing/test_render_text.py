import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.matching.match import Span
from streams.routing.render_text import Piece, calm, pieces, plain, shortened

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("a\r\nb\tc\u2028d", "a b c d", id="line breaks become spaces"),
        pytest.param("x\x00y\x1b[31mz\x9b", "xy[31mz", id="NUL, escape and C1 controls go"),
        pytest.param("\u202egnp.exe\u2066\u061c", "gnp.exe", id="bidi controls go"),
        pytest.param("a\u200bb\ufeff\u00ad", "ab", id="invisible characters go"),
        pytest.param("\U000e0041tag", "tag", id="tag characters go"),
        pytest.param("می\u200cخواهم 👩\u200d💻", "می\u200cخواهم 👩\u200d💻", id="joiners stay"),
        pytest.param("Z" + "\u0301" * 40, "Z" + "\u0301" * 4, id="stacked accents are cut"),
        pytest.param("\ud800x", "x", id="lone surrogates go"),
        pytest.param("a    b", "a b", id="runs of spaces shrink"),
    ],
)
def test_text_is_made_harmless(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(ANY_TEXT)
def test_no_text_keeps_a_character_that_steers_a_screen(text: str) -> None:
    shown = plain(text)
    assert not [sign for sign in shown if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp")]
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
    assert plain(shown) == shown or "  " in shown.replace("\u0301", "")


@pytest.mark.parametrize("mention", ["<!channel>", "<@U123>", "<#C1>"])
def test_a_mention_is_opened_by_another_character(mention: str) -> None:
    assert calm(f"a {mention} b") == f"a \u2039{mention[1:]} b"


def test_a_lesser_sign_in_a_sentence_stays() -> None:
    assert calm("profit < loss") == "profit < loss"


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        pytest.param("abc", 3, "abc", id="fits"),
        pytest.param("abcd", 3, "ab…", id="cut"),
        pytest.param("ab cd", 4, "ab…", id="cut without a space before the ellipsis"),
        pytest.param("abc", 0, "…", id="no room"),
    ],
)
def test_a_long_text_is_cut(text: str, most: int, shown: str) -> None:
    assert shortened(text, most) == shown


def _span(start: int, end: int, field: str = "title") -> Span:
    return Span.model_validate({"field": field, "start": start, "end": end, "surface": "?"})


@pytest.mark.parametrize(
    ("spans", "runs"),
    [
        pytest.param([], [("gallium export ban", False)], id="no mark"),
        pytest.param([(0, 7)], [("gallium", True), (" export ban", False)], id="one mark"),
        pytest.param(
            [(8, 14), (0, 7)], [("gallium", True), (" ", False), ("export", True), (" ban", False)], id="in order"
        ),
        pytest.param([(0, 10), (8, 14)], [("gallium export", True), (" ban", False)], id="overlapping"),
        pytest.param([(15, 99)], [("gallium export ", False), ("ban", True)], id="beyond the end"),
        pytest.param([(5, 5), (-3, 0)], [("gallium export ban", False)], id="empty"),
    ],
)
def test_marks_are_where_the_spans_are(spans: list[tuple[int, int]], runs: list[tuple[str, bool]]) -> None:
    found = pieces("gallium export ban", [_span(*span) for span in spans], "title", 100)
    assert [(piece.text, piece.marked) for piece in found] == runs


def test_spans_of_another_field_mark_nothing() -> None:
    assert pieces("gallium", [_span(0, 7, "lead")], "title", 100) == (Piece("gallium"),)


def test_marks_keep_their_place_when_controls_are_taken_out_before_them() -> None:
    found = pieces("\u202e\x00a gallium", [_span(4, 11)], "title", 100)
    assert found == (Piece("a "), Piece("gallium", marked=True))


def test_a_headline_of_ten_megabytes_is_cut_before_anything_else() -> None:
    found = pieces("x" * 10_000_000, [_span(0, 10_000_000)], "title", 300)
    assert "".join(piece.text for piece in found) == "x" * 300 + "…"
