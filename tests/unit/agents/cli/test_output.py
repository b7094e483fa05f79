import json
from datetime import UTC, datetime

import pytest

from agents.cli.output import fitted, print_fields, print_json, print_rows, printable, styled
from streams.controls import Control
from streams.ids import ControlId, UserId

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def test_rows_stand_under_their_heads(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"id": "a", "at": AT, "names": ("x", "y")}, {"id": "long", "at": None, "names": ()}]
    print_rows(rows, as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        "id    at                        names",
        "a     2026-03-02T09:30:00.000Z  x, y",
        "long  -                         -",
    ]


def test_no_rows_are_said_in_words_but_not_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([], as_json=False, empty="nothing to do")
    assert capsys.readouterr().out == "nothing to do\n"
    print_rows([], as_json=True)
    assert capsys.readouterr().out == ""


def test_a_record_is_json_as_it_stands_on_its_topic(capsys: pytest.CaptureFixture[str]) -> None:
    control = Control(kind="pause", id=ControlId("hook"), starts_at=AT, user=UserId("ann"))
    print_json({"control": control, "at": AT})
    printed = json.loads(capsys.readouterr().out)
    assert printed["control"]["id"] == "hook"
    assert printed["at"] == "2026-03-02T09:30:00.000Z"


def test_fields_are_lines_or_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    print_fields({"id": "a", "state": "dead"}, as_json=False)
    assert capsys.readouterr().out == "id     a\nstate  dead\n"
    print_fields({"id": "a"}, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"id": "a"}


def test_a_headline_cannot_steer_the_terminal() -> None:
    assert printable("a\x1b[31mb\u202ec\nd\x07") == "a [31mb c d "


def test_styles_are_for_terminals_without_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert styled("x", "bad") == "x"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert styled("x", "bad") == "\x1b[31mx\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert styled("x", "bad") == "x"


@pytest.mark.parametrize(
    ("room", "widths"),
    [
        pytest.param(200, [24, 60, 43], id="enough room"),
        pytest.param(110, [24, 57, 25], id="an id gives first"),
        pytest.param(80, [24, 27, 25], id="then a text"),
        pytest.param(40, [24, 20, 25], id="no less than what is worth reading"),
    ],
)
def test_the_texts_of_a_table_give_way_to_the_terminal(room: int, widths: list[int]) -> None:
    assert fitted(["at", "title", "event"], [24, 60, 43], room) == widths


def test_a_table_on_a_terminal_cuts_texts_and_keeps_ids_usable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    print_rows([{"title": "稀土" * 20, "event": "0123456789" * 4, "n": 1}], as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        "title                 event                      n",
        f"{'稀土' * 4}稀…   {'0123456789' * 2}01234  1",
    ]
