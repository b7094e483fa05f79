"""A clock that runs only while our own loop turns: what others are judged by, and not our being busy."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

LOOK_S: Final = 0.02  # a loop at ease comes round more often


class Hearing:
    """Seconds in which we could have heard an answer, while anybody waits for one; in others it stands still.

    A loop that is held up for a second hears every answer a second late. By the wall's clock all receivers would be
    as slow as we are, and what a starved process has in hand would be handed to tiers instead of being sent.
    """

    def __init__(self) -> None:
        self._counted_s, self._looked_at = 0.0, 0.0
        self._waiting = 0
        self._wanted = asyncio.Event()

    def now(self) -> float:
        """Return the seconds so far."""
        since_s = asyncio.get_running_loop().time() - self._looked_at
        return self._counted_s + (min(since_s, LOOK_S) if self._waiting else 0.0)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Let the clock run while somebody waits for an answer inside."""
        self._look()
        self._waiting += 1
        self._wanted.set()
        try:
            yield
        finally:
            self._look()
            self._waiting -= 1

    async def run(self) -> None:
        """Look at the clock fifty times a second while anybody waits, until cancelled."""
        while True:
            await self._wanted.wait()
            await asyncio.sleep(LOOK_S)
            self._look()
            if not self._waiting:
                self._wanted.clear()

    def _look(self) -> None:
        """Count what passed since the last look, 20 ms at most: beyond that the loop was held up."""
        self._counted_s, self._looked_at = self.now(), asyncio.get_running_loop().time()
