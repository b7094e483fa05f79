"""The console: notifications as lines on standard output."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TextIO

from agents.deliver.attempt import Attempt
from agents.deliver.outcome import Outcome, delivered, failed
from streams.routing.receiver import ConsoleOptions
from streams.routing.render_console import console_lines


@dataclass(slots=True)
class Console:
    """Standard output. Each notification is one write, so that two processes don't mix their lines."""

    options: ConsoleOptions
    now: Callable[[], datetime]
    out: TextIO = field(default_factory=lambda: sys.stdout)

    async def send(self, attempt: Attempt) -> Outcome:
        """Return `delivered` once the lines are written; a pipe that is closed is a failure like any other."""
        ledger = attempt.ledger.stamped(delivered=self.now())
        try:
            lines = console_lines(attempt.delivery.alert, ledger, styled=self._styled())
            self.out.write("\n".join(lines) + "\n")
            self.out.flush()
        except (OSError, ValueError) as err:
            return failed(type(err).__name__)
        return delivered()

    def _styled(self) -> bool:
        if self.options.styles == "auto":
            return self.out.isatty()
        return self.options.styles == "always"
