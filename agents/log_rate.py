"""Outages in the log: a client that says the same again and again is heard once in a while, with a count."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

EVERY_S = 10.0  # a broker that is gone makes the clients write 75 lines a second
MOST_MESSAGES = 1_000


@dataclass(slots=True)
class Said:
    """When a message was last let through, and how often it was held back since."""

    at_s: float
    held_back: int = 0


class OncePer(logging.Filter):
    """Lets a message (its logger, level and text without arguments) through once in `every_s`, and counts the rest.

    For the handler that gets the records of all loggers: a filter on a logger does not see its children's.
    """

    def __init__(self, every_s: float = EVERY_S, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._every_s = every_s
        self._clock = clock
        self._said: dict[tuple[str, int, str], Said] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record is written."""
        key, now_s = (record.name, record.levelno, str(record.msg)), self._clock()
        said = self._said.get(key)
        if said is not None and now_s - said.at_s < self._every_s:
            said.held_back += 1
            return False
        if said is not None and said.held_back:
            record.msg = f"{record.msg} (and {said.held_back} times more since)"
        if len(self._said) >= MOST_MESSAGES:
            self._said.clear()
        self._said[key] = Said(now_s)
        return True
