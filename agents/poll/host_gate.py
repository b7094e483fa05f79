"""What a host asked for, or what it is spared: no poll of any of its feeds before a moment."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from agents.kafka import Outgoing

OPENS_AFTER = 5  # failed connects in a row, over all feeds of the host
FIRST_PAUSE_S, LAST_PAUSE_S = 15.0, 1_800.0


class Member(Protocol):
    """A feed of the host."""

    def put_off(self, until: datetime) -> Sequence[Outgoing]:
        """Wait until then at least; return the state to write, if that changed anything."""
        ...


@dataclass(slots=True)
class HostGate:
    """The breaker of one host, and its Retry-After, for all feeds of the host."""

    members: dict[str, Member] = field(default_factory=dict)
    closed_until: datetime | None = None
    failures: int = 0

    def pause_s(self, *, now: datetime) -> float:
        """Return how long the host is left alone yet (seconds)."""
        return 0.0 if self.closed_until is None else max((self.closed_until - now).total_seconds(), 0.0)

    def close(self, until: datetime) -> None:
        """Leave the host alone until then; a longer wish stands."""
        self.closed_until = until if self.closed_until is None else max(until, self.closed_until)

    def close_for_all(self, until: datetime) -> list[Outgoing]:
        """Leave the host alone until then, and return the states that say so: a restart must not forget it."""
        self.close(until)
        return [state for member in self.members.values() for state in member.put_off(until)]

    def open(self) -> None:
        """Forget how long the host was to be left alone: each of its feeds knows that for itself."""
        self.closed_until = None

    def answered(self) -> None:
        """Count an answer, whatever it says: the host is there."""
        self.failures = 0

    def unreached(self, *, now: datetime) -> None:
        """Count a connect that failed; from the fifth in a row on, the host is left alone, longer each time."""
        self.failures += 1
        if self.failures >= OPENS_AFTER:
            pause_s = min(FIRST_PAUSE_S * 2.0 ** min(self.failures - OPENS_AFTER, 16), LAST_PAUSE_S)
            self.close(now + timedelta(seconds=pause_s))
