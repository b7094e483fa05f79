import signal
import sys
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import typer

from agents.cli.backtests.reading import EnoughError, Progress, moment, stoppable
from agents.cli.rulebook.article import read_article
from streams.errors import PoisonError
from tests.support.matching import article

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def test_a_terminal_sees_how_far_it_is_and_the_line_is_wiped_away(monkeypatch: pytest.MonkeyPatch) -> None:
    class Screen(StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stderr", Screen())
    progress = Progress()
    progress.close()
    assert sys.stderr.getvalue() == ""  # type: ignore[attr-defined]  # the screen's
    for _ in range(3):
        progress.step(0.5)
    progress.close()
    assert sys.stderr.getvalue() == "\r[==========          ] 1 articles, 0 s\r\x1b[K"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC), id="a day"),
        pytest.param("2026-03-01T14:00+08:00", datetime(2026, 3, 1, 6, tzinfo=UTC), id="a time of a zone"),
        pytest.param("7d", NOW - timedelta(days=7), id="so long ago"),
    ],
)
def test_a_time_is_a_day_a_moment_or_so_long_ago(text: str, expected: datetime) -> None:
    assert moment(text, now=NOW) == expected


def test_a_time_before_all_times_is_none() -> None:
    with pytest.raises(typer.BadParameter, match="is no time"):
        moment("99999999d", now=NOW)


def test_an_article_of_the_topic_is_read_as_it_is_and_a_short_one_is_filled_in() -> None:
    whole = article("Tin", publisher="Agency")
    assert read_article(whole.to_json()) == whole
    short = read_article('{"title": "稀土", "publisher": "灯塔"}'.encode())
    assert (short.title, short.publisher, short.language) == ("稀土", "灯塔", "zh")
    assert short.article_id != read_article(b'{"title": "other"}').article_id
    with pytest.raises(PoisonError):
        read_article(b'{"title": "x", "fetched_at": "never"}')


def test_ctrl_c_ends_between_two_articles_and_a_second_one_at_once() -> None:
    progress = Progress()
    before = signal.getsignal(signal.SIGINT)
    with stoppable(progress):
        progress.step(0.1)
        signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is before
        progress.step(0.2)
        pytest.fail("the reading went on")
    assert (progress.read, progress.stopped) == (2, True)
    assert signal.getsignal(signal.SIGINT) is before
    with pytest.raises(EnoughError):
        progress.step(0.3)
