import pytest

from streams.alerts.alert import Relation
from streams.routing.render_console import console_lines
from streams.routing.render_width import columns
from tests.support.golden import differences
from tests.support.notices import KINDS, LEAD, TITLE, alert, head, ledger, span


@pytest.mark.parametrize("relation", KINDS, ids=str)
def test_the_console_shows_every_kind_as_agreed(relation: Relation) -> None:
    lines = console_lines(alert(relation, sample=True), ledger(delivered=True), styled=False)
    assert differences(f"notifications/console_{relation}.txt", "\n".join(lines) + "\n") == []


def test_a_terminal_shows_marks_bold_and_underlined() -> None:
    first, *_ = console_lines(alert(), ledger(delivered=True), styled=True)
    assert "\x1b[1;4mgallium\x1b[0m" in first
    assert "[gallium]" not in first


def test_a_headline_can_not_steer_the_terminal() -> None:
    hostile = head(title="\x1b]0;owned\x07\x1b[2J\r\ngone", lead="\x9b31m", url="ftp://x")
    text = "\n".join(console_lines(alert(head=hostile, spans=()), ledger(), styled=False))
    assert not set(text) & set("\x1b\x07\r\x9b")


def test_an_alert_of_which_little_is_known_is_still_shown() -> None:
    bare = alert(head=head(lead="", url=""), spans=(), rules=(), sources=())
    names = [line[9:17].strip() for line in console_lines(bare, ledger(), styled=False)[1:]]
    assert names == ["sources", "took"]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_notification_fits_its_terminal_and_ends_with_an_empty_line(width: int) -> None:
    given = alert(
        head=head(title=f"{TITLE} 稀土出口管制", lead=LEAD * 5, publisher="みなと見本新聞 (SAMPLE)" * 3), spans=()
    )
    *lines, end = console_lines(given, ledger(delivered=True), styled=False, width=width)
    assert end == ""
    assert [line for line in lines if columns(line) >= width and " link " not in line] == []
    assert sum(line.startswith(" " * 17) for line in lines) == 1  # the lead's second row


def test_a_headline_is_shown_whole_and_a_link_is_never_cut() -> None:
    address = f"https://news.example.test/{'long/' * 30}"
    given = alert(head=head(url=address), rules=())
    lines = console_lines(given, ledger(delivered=True), styled=False, width=60)
    assert lines[:2] == (
        "14:55:02 ROUTINE NEW Sample Wire: Beijing halts [gallium]",
        "         [exports], says [贝森特] call is off",
    )
    assert f"         link    {address}" in lines


def test_marks_are_shown_in_every_row_that_they_reach_into() -> None:
    given = alert(
        head=head(title="China halts rare earths exports", lead=""),
        spans=(span("title", "x rare earths", "rare earths"),),
    )
    found = given.model_copy(update={"spans": (given.spans[0].model_copy(update={"start": 12, "end": 23}),)})
    first, second, *_ = console_lines(found, ledger(), styled=True, width=54)
    assert first.endswith("halts \x1b[1;4mrare\x1b[0m")
    assert second == "         \x1b[1;4mearths\x1b[0m exports"


def test_a_terminal_too_narrow_for_a_cut_wraps_by_itself() -> None:
    lines = console_lines(alert(), ledger(), styled=False, width=20)
    assert lines == (*console_lines(alert(), ledger(), styled=False), "")
