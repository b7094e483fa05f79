"""Routes: the tree that sends alerts to desks and receivers, as it stands on the topic `routes`."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import JsonValue

from streams.alerts.alert import Relation
from streams.ids import DeskId, ReceiverId, UserId
from streams.record import Part, Record, Utc

ReceiverType = Literal["slack", "webhook", "console", "teams", "pagerduty", "email"]


class Rate(Part):
    """How fast a receiver may be sent to; `burst` at once."""

    per_second: float = 10.0
    burst: int = 10


class DigestPlan(Part):
    """Alerts told together each `every_s` seconds, `max_items` of them with their headline."""

    every_s: float
    max_items: int = 20
    flash: Literal["at_once", "digest"] = "at_once"


class StormLimit(Part):
    """How many stories may open at a receiver within a minute before a digest tells of them."""

    roots_per_minute: int


class Receiver(Part):
    """A named destination. `options` are its type's own settings; a secret is named by file or variable, never held."""

    receiver_id: ReceiverId
    type: ReceiverType
    options: Mapping[str, JsonValue] = {}
    rate: Rate = Rate()
    concurrency: int = 1
    ttl_s: Mapping[str, float] = {}
    fallback: ReceiverId | None = None
    digest: DigestPlan | None = None
    storm: StormLimit | None = None


class Desk(Part):
    """A group of people that subscribes; it sees only what its permissions name."""

    desk_id: DeskId
    permissions: tuple[str, ...]
    zone: str = "UTC"


class TimeInterval(Part):
    """Times of the week: minutes of the day [start, end), weekdays 0 = Monday; empty means always."""

    times: tuple[tuple[int, int], ...] = ()
    weekdays: tuple[int, ...] = ()
    location: str | None = None


class Matcher(Part):
    """One condition upon a label; `=~` and `!~` are anchored regular expressions."""

    label: str
    op: Literal["=", "!=", "=~", "!~"]
    value: str


class Escalation(Part):
    """One step up: who is told of a story that nobody acknowledged within `unacked_for_s` of its routing.

    `condition` looks at the labels by which the tree was walked; None is urgency="flash".
    """

    condition: Matcher | None = None
    unacked_for_s: float
    to: tuple[ReceiverId, ...]


class RouteNode(Part):
    """A node of the tree, everything inherited written out. A flash goes through its quiet hours unless told not to."""

    matchers: tuple[Matcher, ...] = ()
    desk: DeskId | None = None
    receivers: tuple[ReceiverId, ...] = ()
    relations: Mapping[Relation, Literal["edit_root", "thread", "broadcast", "drop"]] = {}
    mute_time_intervals: tuple[str, ...] = ()
    active_time_intervals: tuple[str, ...] = ()
    flash_pierces: bool = True
    escalate: tuple[Escalation, ...] = ()
    go_on: bool = False
    routes: tuple["RouteNode", ...] = ()


class Routes(Part):
    """A validated route file."""

    time_intervals: Mapping[str, TimeInterval] = {}
    receivers: Mapping[ReceiverId, Receiver] = {}
    desks: Mapping[DeskId, Desk] = {}
    route: RouteNode


class RoutesVersion(Record):
    """One version of the routes; `version` is the hash of its body."""

    schema_name: ClassVar[str] = "routes_version"

    version: str
    body: Routes
    author: UserId
    made_at: Utc
