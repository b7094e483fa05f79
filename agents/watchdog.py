"""The watchdog: work waits in a partition, none of it gets done for a minute, so the process dumps its tasks and ends."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a partition ends, and the next offset of it that is not done (committed, or taken if it is followed)."""

    end: int
    done: int

    @property
    def lag(self) -> int:
        """Return how many records wait."""
        return max(0, self.end - self.done)
