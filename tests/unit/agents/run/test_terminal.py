import io
import os
import sys
from contextlib import closing
from subprocess import PIPE, Popen

import pytest

from agents.run import terminal
from agents.run.terminal import Terminal

LINE = "poll     feed is silent" + 200 * "." + "\n"
WRITES_TO_NOBODY = """
import sys
from contextlib import closing
from agents.run.terminal import Terminal
with closing(Terminal(sys.stderr)) as out:
    for number in range(2000):
        out.write("%08d" % number + 120 * "." + chr(10))
sys.exit(7)
"""


def test_what_is_written_comes_out_in_order() -> None:
    out = io.StringIO()
    with closing(Terminal(out)) as shown:
        for number in range(100):
            shown.write(f"{number}\n")
        shown.flush()
        assert not shown.isatty()
    assert out.getvalue() == "".join(f"{number}\n" for number in range(100))


def test_a_terminal_that_stands_still_holds_up_nobody_and_tells_how_much_it_missed() -> None:
    reading, writing = os.pipe()
    total = 5_000
    with os.fdopen(reading, encoding="utf-8") as read, os.fdopen(writing, "w", encoding="utf-8") as out:
        shown = Terminal(out)
        assert shown.fileno() == writing
        for _ in range(total):
            assert shown.write(LINE) == len(LINE)
        lines = iter(read.readline, "")
        came = 0
        while (line := next(lines)) == LINE:
            came += 1
        assert 0 < came < total
        assert line == f"  {total - came} lines are not shown, as the terminal stood still; the log has them\n"
        shown.write("and on it goes\n")
        assert next(lines) == "and on it goes\n"
        shown.close()


def test_a_terminal_that_is_gone_costs_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as out, closing(Terminal(out)) as shown:
        assert shown.write("to nobody\n") == len("to nobody\n")
        assert shown.write("again\n") == len("again\n")


@pytest.mark.timeout(60)
def test_a_process_ends_also_while_its_terminal_stands_still() -> None:
    with Popen([sys.executable, "-c", WRITES_TO_NOBODY], stderr=PIPE) as process:
        assert process.wait() == 7


@pytest.mark.timeout(60)
def test_an_end_does_not_wait_for_a_terminal_that_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "CLOSE_WITHIN_S", 0.01)
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb"), os.fdopen(writing, "w", encoding="utf-8") as out:
        shown = Terminal(out)
        for _ in range(5_000):
            shown.write(LINE)
        shown.close()
        assert shown.write(LINE) == len(LINE), "what comes later is dropped, like what did not fit"
