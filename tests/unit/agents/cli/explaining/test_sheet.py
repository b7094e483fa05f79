import pytest

from agents.cli.explaining.sheet import lines, marked
from streams.matching.match import Field, Span
from streams.routing.render_text import Piece

LONG = "Officials said so in Vienna. " * 40


def span(text: str, word: str, number: int = 0, field: Field = "body") -> Span:
    start = -1
    for _ in range(number + 1):
        start = text.index(word, start + 1)
    return Span(field=field, start=start, end=start + len(word), surface=word)


def shown(text: str, *spans: Span) -> list[str]:
    return ["".join(f"[{one.text}]" if one.marked else one.text for one in row) for row in marked(text, spans, "body")]


@pytest.mark.parametrize(
    ("label", "text", "room", "expected"),
    [
        pytest.param("why", "a short one", None, ["why       a short one"], id="short"),
        pytest.param(
            "why", "never cut in a pipe " * 20, None, [f"why       {'never cut in a pipe ' * 20}".rstrip()], id="pipe"
        ),
        pytest.param(
            "why", "wrapped where it ends", 26, ["why       wrapped where it", "            ends"], id="wrapped"
        ),
        pytest.param(
            "",
            "  moved to the right by two",
            32,
            ["            moved to the right", "              by two"],
            id="moved",
        ),
        pytest.param(
            "why", [Piece("China", marked=True), Piece(" halts")], None, ["why       [China] halts"], id="marks"
        ),
        pytest.param("", "", 40, [""], id="nothing"),
        pytest.param("", "中国" * 16, 60, [" " * 10 + "中国" * 12 + "中", " " * 12 + "国" + "中国" * 3], id="wide"),
    ],
)
def test_a_line_fits_its_room(label: str, text: str, room: int | None, expected: list[str]) -> None:
    assert list(lines(label, text, room=room, styled=False)) == expected


def test_marks_are_styled_on_a_terminal_with_colours() -> None:
    (line,) = lines("title", [Piece("China", marked=True), Piece(" halts")], room=80, styled=True)

    assert line == "\x1b[2mtitle     \x1b[0m\x1b[1;4mChina\x1b[0m halts"


def test_a_text_from_outside_can_steer_no_terminal() -> None:
    (line,) = lines("title", "China \x1b[2J\x07halts", room=None, styled=False)

    assert "\x1b" not in line
    assert "\x07" not in line


def test_a_short_text_is_shown_whole_with_every_mark() -> None:
    text = "China, China and again China"

    assert shown(text, *(span(text, "China", number) for number in range(3))) == ["[China], [China] and again [China]"]


def test_of_a_long_text_the_first_place_of_each_word_is_shown_and_the_rest_counted() -> None:
    words = [f"word{number}" for number in range(5)]
    text = (" . " * 60).join(words) + " " + LONG
    places = [span(text, word) for word in words] + [span(text, "Vienna", number) for number in range(40)]

    rows = shown(text, *places)

    assert len(rows) == 4
    assert rows[0].startswith("[word0] .")
    assert rows[1].startswith("…")
    assert "[word1]" in rows[1]
    assert rows[-1] == "and 2 more places"


def test_places_that_overlap_are_one() -> None:
    text = f"{LONG}China and the United States agree. {LONG}"

    (row,) = shown(text, span(text, "China"), span(text, "United States"))

    assert "[China] and the [United States]" in row
    assert row.startswith("…")
    assert row.endswith("…")


def test_a_text_without_spans_shows_nothing() -> None:
    assert shown("nothing of it") == []
    assert shown(LONG) == []
