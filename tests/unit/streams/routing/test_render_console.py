import pytest

from streams.alerts.alert import Relation
from streams.routing.render_console import console_lines
from tests.support.golden import differences
from tests.support.notices import KINDS, alert, head, ledger


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
