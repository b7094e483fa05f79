import json
from datetime import UTC, datetime

import pytest

from agents.cli.output import print_fields, print_json, print_rows, printable, styled
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


def test_a_table_on_a_terminal_cuts_texts_and_keeps_ids_usable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    print_rows([{"title": "稀土" * 20, "delivery": "0123456789" * 4, "n": 1}], as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        "title                              delivery      n",
        f"{'稀土' * 8}…  012345678901  1",
    ]


def test_a_person_reads_times_to_the_second_and_yes_or_no(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"at": AT, "off": False, "fallback": True}]
    monkeypatch.setenv("NO_COLOR", "1")
    print_rows(rows, as_json=False)
    assert capsys.readouterr().out.splitlines()[1] == "2026-03-02T09:30:00.000Z  no   yes"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    print_rows(rows, as_json=False)
    assert capsys.readouterr().out.splitlines()[1] == "2026-03-02T09:30:00Z  no   yes"
