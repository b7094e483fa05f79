"""The pulse of a process: whether it was frozen (stopped, suspended) for longer than its session with the broker."""

import asyncio
import time
from collections.abc import Callable

BEAT_S = 0.25


def _clock() -> float:
    """Return seconds that count on while the machine is suspended, where the system has such a clock."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Pulse:
    """Beats while the loop runs. A gap longer than the session is a doubt, which stands until someone has asked."""

    def __init__(self, session_s: float, *, clock: Callable[[], float] = _clock) -> None:
        self._session_s = session_s
        self._clock = clock
        self._last_s = clock()
        self._trusted = 0
        self.doubts = 0

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            self.beat()
            await asyncio.sleep(BEAT_S)

    def beat(self) -> None:
        """Note that the process runs; a long gap since the last beat is one doubt more."""
        now_s = self._clock()
        if now_s - self._last_s > self._session_s:
            self.doubts += 1
        self._last_s = now_s

    def steady(self) -> bool:
        """Return whether there is no doubt; looks at the clock, for the beat may come after the effect."""
        self.beat()
        return self.doubts == self._trusted

    def trust(self, doubts: int) -> None:
        """Settle this many doubts (as counted before the asking); a freeze since then still counts."""
        self._trusted = doubts
