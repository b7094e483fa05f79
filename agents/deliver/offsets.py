"""Offsets of one partition that are taken and done; only contiguous done ones may be committed."""

from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class Offsets:
    """Which records of one partition are in hand. Offsets are taken in order, and done in any."""

    _taken: deque[int] = field(default_factory=deque)
    _done: set[int] = field(default_factory=set)
    _next: int | None = None

    def take(self, offset: int) -> bool:
        """Note a record as in hand; return False if it was taken before (a rebalance hands it over again)."""
        if self._next is not None and offset < self._next:
            return False
        self._taken.append(offset)
        self._next = offset + 1
        return True

    def finish(self, offset: int) -> None:
        """Note a record as done: all of its effects are acknowledged."""
        self._done.add(offset)

    def committable(self) -> int | None:
        """Return the next offset to read, up to which all is done, if that moved since the last call; else None."""
        last = None
        while self._taken and self._taken[0] in self._done:
            last = self._taken.popleft()
            self._done.discard(last)
        return None if last is None else last + 1
