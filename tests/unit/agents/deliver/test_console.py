import io
from datetime import UTC, datetime

import pytest

from agents.deliver.attempt import Attempt
from agents.deliver.console import Console
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


def test_the_console_is_standard_output() -> None:
    assert Console(ConsoleOptions(), lambda: AT).out.writable()
