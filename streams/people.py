"""People: users with their keys, and what they thought of an alert."""

from typing import ClassVar, Literal

from streams.ids import DeskId, EventId, RuleId, UserId
from streams.record import Record, Utc


class AccessKey(Record):
    """A user's key: its argon2 hash, scopes and desks; never the key itself."""

    schema_name: ClassVar[str] = "access_key"

    key_id: str
    user: UserId
    key_hash: str
    scopes: tuple[Literal["read", "ack", "rules", "admin"], ...]
    desks: tuple[DeskId, ...]
    made_at: Utc
    revoked_at: Utc | None = None


class Judgement(Record):
    """Whether a user found an alert of a rule good or bad."""

    schema_name: ClassVar[str] = "judgement"

    user: UserId
    event_id: EventId
    rule_id: RuleId
    verdict: Literal["good", "bad"]
    at: Utc
