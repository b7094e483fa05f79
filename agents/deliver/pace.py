"""How fast a receiver takes what its lane sends, by the time in which the lane waited for nothing else."""

from collections import deque
from collections.abc import Callable
from typing import Final

PACE_OF: Final = 20  # the last deliveries, by which a lane knows its real pace
STILL_S: Final = 1.0  # a receiver that took nothing for so long may be gone


class Pace:
    """A receiver's pace. Only its own seconds count: those in which it was being asked, kept us to its rate or froze.

    Idle ones tell nothing of it, nor do those in which we wait for our own log: after a broker's restart of ten
    seconds a receiver of 300 deliveries a second seemed to take two, and got its alerts five minutes late.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._arrived: deque[float] = deque(maxlen=PACE_OF)
        self._busy_s, self._counted_at = 0.0, clock()
        self._at_work, self._frozen_until = False, 0.0

    def turn(self, *, at_work: bool, frozen_until: float) -> None:
        """Say what the lane does from now on: whether the receiver is all it waits for, until when it is frozen."""
        self._count()
        self._at_work, self._frozen_until = at_work, frozen_until

    def arrived(self) -> None:
        """Note that the receiver took or turned down a delivery."""
        self._arrived.append(self._count())

    def per_second(self, most: float) -> float:
        """Return how many deliveries a second the lane really gets through, its rate `most` at most.

        A receiver that asks for patience all the time is far slower than its rate; by the rate alone its backlog
        would come back again and again (simulated: 11 tier records a delivery). One that never asked is taken at its
        rate until it has taken twenty: it may have been away.
        """
        count = len(self._arrived)
        if count < PACE_OF and not self._frozen_until:
            return most
        since_s = self._arrived[0] if count == PACE_OF else 0.0
        return min(most, max(count, 1) / max(self._count() - since_s, 1e-3))

    @property
    def stands_still(self) -> bool:
        """Return whether the receiver has taken nothing for a second in which it could have."""
        return self._count() - (self._arrived[-1] if self._arrived else 0.0) > STILL_S

    def _count(self) -> float:
        """Return the receiver's own seconds so far."""
        now = self._clock()
        until = now if self._at_work else min(now, self._frozen_until)
        self._busy_s += max(until - self._counted_at, 0.0)
        self._counted_at = now
        return self._busy_s
