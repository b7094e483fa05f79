"""A record in hand: a delivery that waits in a lane, is being sent, or waits for its effects."""

from dataclasses import dataclass
from datetime import datetime

from agents.kafka import Incoming
from streams.latency import Hop, Ledger
from streams.routing.notification import Delivery
from streams.topics import Topic

AMBIGUOUS = "ambiguous"


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """One record of one topic. `doubtful`: it may have been sent before this process knew of it.

    `waited_s`: how long its lane has waited out the receiver's wish for patience with this job in hand. `members`:
    the jobs of a digest, which a lane handles as one; what ends before it is sent leaves them. `unwritten`: the
    delivery is not as its record says, so it is to be written before it waits: memory alone would forget it.
    """

    topic: Topic
    record: Incoming
    delivery: Delivery
    ledger: Ledger
    due_at: datetime
    doubtful: bool = False
    waited_s: float = 0.0
    unwritten: bool = False
    members: list["Job"] | None = None

    def __post_init__(self) -> None:
        self.doubtful = self.doubtful or (self.delivery.last_outcome or "").startswith(AMBIGUOUS)

    @property
    def together(self) -> list["Job"]:
        """Return the jobs that are sent by one attempt: a digest's members, else this one."""
        return [self] if self.members is None else self.members

    @property
    def routed_at(self) -> datetime:
        """Return when the delivery was decided (UTC), whichever topic it has come from."""
        return self.ledger.at(Hop.ROUTED) or self.record.appended_at

    @property
    def owed_since(self) -> datetime:
        """Return when it was to be sent (UTC): when it was decided, or due if that is later.

        A digest's member that was tried counts from when it was decided: it is due anew after each failure.
        """
        moved = self.delivery.attempts and self.delivery.is_digest
        due_at = None if moved else self.delivery.not_before
        return max(self.routed_at, due_at or self.routed_at)

    def __lt__(self, other: "Job") -> bool:
        return (self.due_at, self.record.offset) < (other.due_at, other.record.offset)
