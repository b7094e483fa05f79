"""What a desk already knows of a story, and the decision for one alert and one desk."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from streams.alerts.alert import Relation
from streams.ids import ControlId, DeskId, EntityId, EventId, ReceiverId, RoutingId, RuleId, StoryId, UserId
from streams.matching.rule import Urgency
from streams.record import Part, Record, Utc
from streams.routing.render import span_of

PURPOSE = "alert"  # of a delivery that is no escalation, fallback or digest
MOST_KEYS = 1_000  # about 200 kB; each decision for the desk writes them anew


class RoutingDecision(StrEnum):
    """What was decided for one alert and one desk."""

    TOLD = "told"
    KNOWN = "known"
    SILENCED = "silenced"
    QUIET_HOURS = "quiet_hours"
    NOT_PERMITTED = "not_permitted"
    BACKFILL = "backfill"
    NO_ROUTE = "no_route"
    NO_MATCH = "no_match"


class ToldKey(Part):
    """Something that a desk was told: a rule with the entities in that rule's own spans, at an urgency."""

    rule_id: RuleId
    entities: tuple[EntityId, ...]
    urgency: Urgency
    event_id: EventId
    told_at: Utc | None = None
    publisher: str = ""

    def covers(self, other: "ToldKey") -> bool:
        """Return whether who was told this knows the other: no further entity, at no higher urgency."""
        same_rule = self.rule_id == other.rule_id
        return same_rule and set(other.entities) <= set(self.entities) and other.urgency.rank <= self.urgency.rank


class Acknowledgement(Part):
    """Who acknowledged the story, when, up to which event, and until when what was told is acknowledged."""

    user: UserId
    at: Utc
    up_to_event: EventId
    up_to_at: Utc | None = None

    def covers(self, routed_at: datetime) -> bool:
        """Return whether what was routed at a moment (UTC) had been shown when this was made."""
        return routed_at <= (self.up_to_at or self.at)

    def after(self, routed_at: datetime) -> str:
        """Return who acknowledged what was routed at a moment (UTC), and how long after it, in words."""
        return f"acknowledged by {self.user} after {span_of((self.at - routed_at).total_seconds() * 1000)}"


class DeskStory(Record):
    """What a desk was told of a story, as of the alert at `decided_offset`; `shown` counts the alerts of each rule."""

    schema_name: ClassVar[str] = "desk_story"

    desk: DeskId
    story_id: StoryId
    told: tuple[ToldKey, ...] = ()
    shown: Mapping[RuleId, int] = {}
    first_told_at: Utc | None = None
    decided_offset: int
    decided_at: Utc | None = None
    acknowledged: Acknowledgement | None = None

    @property
    def key(self) -> str:
        """Return the key on `desk-stories`."""
        return f"{self.desk}/{self.story_id}"

    def telling(self, key: ToldKey) -> ToldKey | None:
        """Return the told key that covers this one, or None: the desk is still to be told."""
        return next((told for told in self.told if told.covers(key)), None)

    def heard_of(self, rule_id: RuleId) -> bool:
        """Return whether the desk was told anything of the story by this rule."""
        return any(told.rule_id == rule_id for told in self.told)


def told_with(told: Iterable[ToldKey], added: Iterable[ToldKey]) -> tuple[ToldKey, ...]:
    """Return the keys with those added that none covers yet; a key that an added one covers is left out.

    The newest 1,000 are kept, so that a record stays small in a story without end: what is forgotten is told again.
    """
    keys = list(told)
    for key in added:
        if not any(known.covers(key) for known in keys):
            keys = [known for known in keys if not key.covers(known)] + [key]
    return tuple(keys[-MOST_KEYS:])


class Routing(Record):
    """The decision for one alert and one desk, with a sentence that says why, figures included."""

    schema_name: ClassVar[str] = "routing"

    routing_id: RoutingId
    event_id: EventId
    story_id: StoryId
    desk: DeskId
    decision: RoutingDecision
    reason: str
    told_as: Relation | None = None
    rules: Mapping[RuleId, RoutingDecision] = {}
    receivers: tuple[ReceiverId, ...] = ()
    escalations: Mapping[str, tuple[ReceiverId, ...]] = {}
    routes_version: str
    controls: tuple[ControlId, ...] = ()
    permission: str = "public"

    def promised(self) -> Iterator[tuple[ReceiverId, str]]:
        """Yield receiver and purpose of each delivery that the decision led to: its own, then each step up."""
        yield from ((receiver, PURPOSE) for receiver in self.receivers)
        for purpose, receivers in self.escalations.items():
            yield from ((receiver, purpose) for receiver in receivers)
