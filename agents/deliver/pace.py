"""How fast a receiver takes what its lane sends, by the time that the receiver takes of ours."""

from collections import deque
from collections.abc import Callable
from typing import Final

from agents.deliver.hearing import Hearing

KNOWN_AFTER: Final = 20  # deliveries
# The last deliveries, by which a lane knows its real pace. By twenty alone, one that asks for a minute of patience
# at each twentieth attempt was a fast one for a third of the time.
PACE_OF: Final = 100
STILL_S: Final = 1.0  # a receiver that took nothing for so long may be gone


class Pace:
    """A receiver's pace. Only its own seconds count: frozen, or while it is asked, by the share of slots that ask it.

    Those in which we are idle tell nothing of it, nor do those in which we wait for our own log or for the processor:
    after a broker's restart of ten seconds a receiver of 300 a second seemed to take two, and got its alerts five
    minutes late.
    """

    def __init__(self, clock: Callable[[], float], hearing: Hearing) -> None:
        self._clock, self._hearing = clock, hearing
        self._arrived: deque[float] = deque(maxlen=PACE_OF)
        self._own_s, self._asked_share, self._frozen_until = 0.0, 0.0, 0.0
        self._counted_at = (clock(), hearing.now())

    def turn(self, *, asked_share: float, frozen_until: float) -> None:
        """Say what the lane does from now on: which share of its slots asks the receiver, until when it is frozen."""
        self._count()
        self._asked_share, self._frozen_until = asked_share, frozen_until

    def arrived(self) -> None:
        """Note that the receiver took or turned down a delivery."""
        self._arrived.append(self._count())

    def per_second(self, most: float) -> float:
        """Return how many deliveries a second the lane gets through if all slots ask, its rate `most` at most.

        A receiver that asks for patience all the time is far slower than its rate; by the rate alone its backlog
        would come back again and again (simulated: 11 tier records a delivery). One that never asked is taken at its
        rate until it has taken twenty: it may have been away.
        """
        count = len(self._arrived)
        if count < KNOWN_AFTER and not self._frozen_until:
            return most
        since_s = self._arrived[0] if count == PACE_OF else 0.0
        return min(most, max(count, 1) / max(self._count() - since_s, 1e-3))

    def so_far(self, most: float) -> float:
        """Return the same by what was seen from the receiver's first second on, however little that is."""
        count, own_s = len(self._arrived), self._count()
        if count >= KNOWN_AFTER or own_s <= STILL_S:
            return self.per_second(most)
        return min(most, max(count, 1) / own_s)

    @property
    def stands_still(self) -> bool:
        """Return whether the receiver has taken nothing for a second of its own."""
        return self._count() - (self._arrived[-1] if self._arrived else 0.0) > STILL_S

    def _count(self) -> float:
        """Return the receiver's own seconds so far."""
        now, heard = self._clock(), self._hearing.now()
        since, heard_since = self._counted_at
        frozen_s = max(min(now, self._frozen_until) - since, 0.0)
        asked_s = (heard - heard_since) * self._asked_share
        self._own_s += max(frozen_s, asked_s)
        self._counted_at = (now, heard)
        return self._own_s
