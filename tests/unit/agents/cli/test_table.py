from collections.abc import Sequence

import pytest

from agents.cli.table import fitted, table
from streams.routing.render_width import columns

EVENT = "4be57f06e0ecb2e6-d22112e5e991bde8-1-1a11b810-0"
HEADS = ("at", "desk", "as", "urgency", "rules", "source", "title", "event")
ALERT = (
    "2026-11-29T13:45:24Z", "trading", "correction", "flash", "tariffs, rare-earths, export-controls", "Harbour Wire",
    "Bessent and He Lifeng agree to hold tariffs at 12 percent for 75 days", EVENT,
)  # fmt: skip


def lines(heads: Sequence[str], *rows: Sequence[str], room: int | None) -> list[list[str]]:
    return list(table(heads, rows, room=room))


@pytest.mark.parametrize(
    ("room", "widths"),
    [
        pytest.param(200, [24, 60, 43], id="enough room"),
        pytest.param(110, [24, 60, 22], id="a hash gives first"),
        pytest.param(80, [24, 40, 12], id="then a text"),
        pytest.param(40, [24, 20, 12], id="no less than what is worth reading"),
    ],
)
def test_the_texts_of_a_table_give_way_to_the_terminal(room: int, widths: list[int]) -> None:
    assert fitted(["at", "title", "delivery"], [24, 60, 43], room) == widths


def test_a_row_that_is_too_wide_takes_as_many_lines_as_it_needs_and_its_id_stays_whole() -> None:
    heads, row = lines(HEADS, ALERT, room=80)
    assert heads == ["at                    desk     as          urgency  rules", "  source        title", "  event"]
    assert row == [
        "2026-11-29T13:45:24Z  trading  correction  flash    tariffs, rare-earths, expor…",
        "  Harbour Wire  Bessent and He Lifeng agree to hold tariffs at 12 percent for 7…",
        f"  {EVENT}",
    ]


@pytest.mark.parametrize("room", [60, 80, 100, 120, 160, 200])
def test_no_line_is_wider_than_the_terminal_and_no_id_is_cut(room: int) -> None:
    found = lines(HEADS, ALERT, room=room)
    assert max(columns(line) for row in found for line in row) <= room
    assert any(EVENT in line for line in found[1])


def test_a_wide_terminal_has_a_row_on_one_line_and_a_pipe_all_of_it() -> None:
    assert [len(row) for row in lines(HEADS, ALERT, room=160)] == [1, 1]
    assert lines(HEADS, ALERT, room=None)[1] == ["  ".join((*ALERT[:3], "flash  ", *ALERT[4:]))]


def test_where_room_is_short_a_column_in_which_nothing_stands_is_left_out() -> None:
    rows = (("slack", "-", "0"), ("hook", "-", "7"))
    assert lines(("receiver", "paused_until", "waiting"), *rows, room=20) == [
        ["receiver  waiting"], ["slack     0"], ["hook      7"],
    ]  # fmt: skip
    assert lines(("receiver", "paused_until", "waiting"), *rows, room=40)[1] == ["slack     -             0"]
    assert lines(("receiver", "paused_until"), ("-", "-"), room=8) == [["receiver", "  paused_until"], ["-"]]


def test_where_a_smaller_gap_makes_a_row_fit_it_is_smaller() -> None:
    assert lines(("promised", "delivered"), ("7", "7"), room=18) == [["promised delivered"], ["7        7"]]


def test_a_further_line_on_which_nothing_stands_is_not_written() -> None:
    found = lines(("id", "url", "reason"), ("a", "https://a.test/" + "x" * 30, "-"), ("b", "-", "why" * 9), room=30)
    assert found == [
        ["id", "  url", "  reason"], ["a", "  https://a.test/xxxxxxxxxxxx…"], ["b", "  whywhywhywhywhywhywhywhywhy"],
    ]  # fmt: skip
