import asyncio
import fcntl
import io
import os
import pty
import struct
import termios
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import pytest

from agents.deliver.attempt import Attempt
from agents.deliver.console import Console, width_of
from agents.deliver.outcome import OutcomeKind
from streams.routing.receiver import ConsoleOptions
from tests.support.notices import AT, delivery, ledger


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("styles", "out", "mark"),
    [
        pytest.param("auto", io.StringIO, "[gallium]", id="a pipe"),
        pytest.param("auto", Terminal, "\x1b[1;4mgallium", id="a terminal"),
        pytest.param("always", io.StringIO, "\x1b[1;4mgallium", id="styles asked for"),
        pytest.param("never", Terminal, "[gallium]", id="styles refused"),
    ],
)
async def test_a_notification_is_printed_with_its_marks(styles: str, out: type[io.StringIO], mark: str) -> None:
    screen = out()
    console = Console(ConsoleOptions.model_validate({"styles": styles}), lambda: datetime.now(UTC), screen)
    outcome = await console.send(Attempt(delivery=delivery(), ledger=ledger()))
    assert outcome.kind is OutcomeKind.DELIVERED
    assert mark in screen.getvalue()
    assert screen.getvalue().endswith("\n")


async def test_a_terminal_without_colours_gets_marks_in_brackets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    screen = Terminal()
    await Console(ConsoleOptions(), lambda: AT, screen).send(Attempt(delivery=delivery(), ledger=ledger()))
    assert "[gallium]" in screen.getvalue()
    assert "\x1b[" not in screen.getvalue()


def test_a_terminal_is_as_wide_as_it_says_and_a_file_has_no_width(tmp_path: Path) -> None:
    master, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 91, 0, 0))
    with os.fdopen(master, "rb"), os.fdopen(terminal, "w") as out:
        assert width_of(out) == 91
    with (tmp_path / "alerts").open("w") as out:
        assert width_of(out) is None
    assert width_of(io.StringIO()) is None


async def test_the_printed_latency_counts_to_the_printing() -> None:
    screen = io.StringIO()
    await Console(ConsoleOptions(), lambda: AT, screen).send(Attempt(delivery=delivery(), ledger=ledger()))
    assert "total 120 ms (fetch 60 ms, " in screen.getvalue()
    assert "route 4.1 ms, deliver 106 ms)" in screen.getvalue()


async def test_a_closed_pipe_is_a_failure_like_any_other() -> None:
    screen = io.StringIO()
    screen.close()
    outcome = await Console(ConsoleOptions(), lambda: AT, screen).send(Attempt(delivery=delivery(), ledger=ledger()))
    assert outcome.kind is OutcomeKind.FAILED


@pytest.fixture
def full_pipe() -> Iterator[tuple[int, TextIO]]:
    """Yield both ends of a pipe that takes no more, as behind a pager that nobody scrolls."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, b"." * 1_024)
    os.set_blocking(writing, True)
    with os.fdopen(writing, "w", encoding="utf-8") as out:
        yield reading, out
    os.close(reading)


def drained(reading: int) -> str:
    return os.read(reading, 1_048_576).decode("utf-8", "replace").strip(".")


async def test_an_output_that_nobody_reads_holds_up_nothing_but_its_own_lane(full_pipe: tuple[int, TextIO]) -> None:
    reading, out = full_pipe
    console = Console(ConsoleOptions(), lambda: AT, out, patience_s=0.2)
    attempt = Attempt(delivery=delivery(), ledger=ledger())
    first = asyncio.create_task(console.send(attempt))
    ticks = 0
    while not first.done():
        await asyncio.sleep(0.01)
        ticks += 1
    assert ticks > 3, "the loop stood still"
    assert (await first).text == "ambiguous: output_blocked"
    assert (await console.send(attempt)).text == "failed: output_blocked"
    drained(reading)
    assert (await console.send(attempt)).kind is OutcomeKind.DELIVERED
    assert drained(reading).count("Beijing halts") == 2


async def test_an_output_without_the_letters_shows_what_it_can(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w", encoding="ascii") as screen:
        console = Console(ConsoleOptions(), lambda: AT, screen)
        outcome = await console.send(Attempt(delivery=delivery(), ledger=ledger()))
    assert outcome.kind is OutcomeKind.DELIVERED
    assert "says [???] call is off" in (tmp_path / "out").read_text("ascii")


def test_the_console_is_standard_output() -> None:
    assert Console(ConsoleOptions(), lambda: AT).out.writable()
