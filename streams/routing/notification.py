"""Deliveries: the sending of one notification, its state, and the message that a story's replies hang on."""

from enum import StrEnum
from typing import ClassVar

from streams.alerts.alert import DeskAlert
from streams.ids import DeliveryId, DeskId, EventId, ReceiverId, StoryId
from streams.matching.rule import Urgency
from streams.record import Part, Record, Utc

DIGEST, ESCALATION = "digest", "escalation"


class HandOffReason(StrEnum):
    """Why a delivery went to a retry tier."""

    SPILL = "spill"
    FROZEN = "frozen"
    RETRY = "retry"
    SCHEDULED = "scheduled"


class UnlessAcked(Part):
    """A step up: send only if the desk has not acknowledged the story since this was routed.

    `within_s` is how long the desk had. `decided_at` is when the alert was appended, by the broker's clock. An
    acknowledgement from before it does not mean it, however far fan out's own clock was ahead when it routed what
    that one was of.
    """

    desk: DeskId
    story_id: StoryId
    decided_at: Utc | None = None
    within_s: float | None = None


class Delivery(Record):
    """The sending of one notification. `seq` counts its hand-offs; a record with a lower one is a stale copy."""

    schema_name: ClassVar[str] = "delivery"

    delivery_id: DeliveryId
    receiver: ReceiverId
    desk: DeskId
    purpose: str = "alert"
    urgency: Urgency
    alert: DeskAlert
    members: tuple[DeliveryId, ...] = ()
    manner: str = "thread"
    not_before: Utc | None = None
    expires_at: Utc
    unless_acked: UnlessAcked | None = None
    seq: int = 0
    attempts: int = 0
    reason: HandOffReason | None = None
    last_outcome: str | None = None
    redrive_of: DeliveryId | None = None

    @property
    def is_digest(self) -> bool:
        """Return whether it is told with others in one message, once they are due together."""
        return self.purpose.partition("/")[0] == DIGEST


class DeliveryStatus(StrEnum):
    """The states of a delivery; all but the first are final."""

    HANDED_OFF = "handed_off"
    DELIVERED = "delivered"
    DEAD = "dead"
    EXPIRED = "expired"
    MUTED = "muted"

    @property
    def final(self) -> bool:
        """Return whether nothing follows this state."""
        return self is not DeliveryStatus.HANDED_OFF


class DeliveryState(Record):
    """Ledger and fence of one delivery. The highest `seq` wins, and a final state stays."""

    schema_name: ClassVar[str] = "delivery_state"

    delivery_id: DeliveryId
    receiver: ReceiverId
    seq: int
    state: DeliveryStatus
    attempts: int
    outcome: str
    provider_ref: str | None = None
    changed_at: Utc
    redrive_of: DeliveryId | None = None


class Thread(Record):
    """The root message of a story at a receiver."""

    schema_name: ClassVar[str] = "thread"

    receiver: ReceiverId
    story_id: StoryId
    root_ref: str
    event_id: EventId
    edited_at: Utc | None = None
    sources: int = 1

    @property
    def key(self) -> str:
        """Return the key on `threads`."""
        return f"{self.receiver}/{self.story_id}"
