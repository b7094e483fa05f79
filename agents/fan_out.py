"""The fan-out stage: what each desk is told of an alert, through which receivers, or why not.

Effects, in order: the desks' alerts, the deliveries and the routings are acknowledged, then the `desk-stories`, then
the commit. A replay decides the same: only routes and controls appended before the alert count, by the broker's time.
"""

from collections.abc import Awaitable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, Protocol

from agents import log
from agents.kafka import Incoming, Outgoing, outgoing, tombstone
from agents.loops.batch import Decision
from agents.loops.owner import Work
from agents.metrics import Metrics
from streams.alerts.alert import Alert, Relation, event_type
from streams.articles.article import ArticleKind
from streams.controls import Control, InForce
from streams.errors import PoisonError
from streams.ids import DeskId, EventId
from streams.matching.rule import Urgency
from streams.record import Record
from streams.routing.decide import DeskDecision, Moment, decide
from streams.routing.permission import Telling, as_seen_by
from streams.routing.route import RoutesVersion
from streams.routing.told import DeskStory, RoutingDecision
from streams.topics import DELIVERIES, DESK_STORIES, ROUTES, ROUTINGS, Topic, desk_topic

GROUP: Final = "fan-out"
OFFSET_HEADER: Final = "tocsin-alert-offset"  # of a routing: below what fan out has committed, its deliveries are there
LOOK_BACK = 1_000
EVENTS_KEPT = 10_000
MOST_EXPIRED = 1_000  # at one alert: a clock that leaps must not end a million desk-stories at once
KEPT = timedelta(days=7)
LOG = log.named("fan_out")


@dataclass(slots=True)
class Known:
    """What is known of one partition: the desk-stories by key, oldest use first, and where each event stood first."""

    stories: dict[str, DeskStory] = field(default_factory=dict)
    events: dict[EventId, int] = field(default_factory=dict)

    def take(self, story: DeskStory) -> None:
        """Take in a desk-story as the one used last."""
        self.stories.pop(story.key, None)
        self.stories[story.key] = story

    def note(self, event: EventId, offset: int) -> None:
        """Remember where an event stood first; the oldest is forgotten beyond 10,000."""
        self.events.setdefault(event, offset)
        if len(self.events) > EVENTS_KEPT:
            del self.events[next(iter(self.events))]

    def expiring(self, at: datetime) -> Iterator[str]:
        """Yield the keys of desk-stories whose last decision is 7 days ago.

        Those from before a clock was set back, or without a time, are passed over: they must not keep all others.
        """
        for key, story in self.stories.items():
            if story.decided_at is None or story.decided_at > at:
                continue
            if at - story.decided_at <= KEPT:
                return
            yield key


class FanOut:
    """A Batch over `alerts` with the state `desk-stories`; `apply` is for the Follower of routes and controls."""

    stage = "fan_out"

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._in_force = InForce()
        self._known: dict[int, Known] = {}

    def apply(self, record: Incoming) -> None:
        """Take one record of `routes` or `controls`. Raises: PoisonError for one that can't be read."""
        if record.topic.endswith(ROUTES.name):
            if record.value is not None:
                version = RoutesVersion.from_json(record.value, schema=record.schema)
                self._in_force.take_routes(version, record.appended_at)
            return
        control = None if record.value is None else Control.from_json(record.value, schema=record.schema)
        self._in_force.take_control(record.key, control, record.appended_at)

    def begin(self, number: int) -> None:
        """Forget this partition; its state follows."""
        self._known[number] = Known()

    def restore(self, record: Incoming) -> None:
        """Take a desk-story, or an alert from before the commit, which is remembered so that its copy is dropped."""
        known = self._known[record.partition]
        try:
            if record.topic.endswith(DESK_STORIES.name):
                self._restore_story(known, record)
            else:
                known.note(Alert.from_json(record.value, schema=record.schema).event_id, record.offset)
        except PoisonError as err:
            LOG.warning("state record skipped", key=record.key, offset=record.offset, error=str(err))

    def drop(self, number: int) -> None:
        """Drop this partition: another worker holds it now."""
        self._known.pop(number, None)

    def decide(self, record: Incoming, *, stamped_at: datetime) -> Decision:
        """Return what one alert leads to at every desk; nothing for a copy, or for what was decided before."""
        alert = Alert.from_json(record.value, schema=record.schema)
        known = self._known[record.partition]
        moment = self._in_force.at(record.appended_at, offset=record.offset, story=alert.story_id)
        if alert.head.kind is ArticleKind.HEARTBEAT:
            return Decision(outputs=tuple(_heartbeats(alert, moment, record, stamped_at)))
        if known.events.get(alert.event_id, record.offset) < record.offset:
            LOG.debug("copy of an alert dropped", event_id=alert.event_id, offset=record.offset)
            return Decision()
        decisions = decide(alert, moment, _of_story(known, alert, moment))
        expired = tuple(islice(known.expiring(moment.at), MOST_EXPIRED))
        decision = Decision(
            outputs=tuple(_outputs(alert, decisions, record, stamped_at)),
            states=tuple(_states(alert, decisions, expired, record)),
        )
        self._remember(known, alert, decisions, expired, record)
        self._measure(alert, decisions, record, stamped_at)
        return decision

    @staticmethod
    def _restore_story(known: Known, record: Incoming) -> None:
        """Take a desk-story, unless a newer one is known: a process that was frozen may have written its own late."""
        if record.value is None:
            known.stories.pop(record.key, None)
            return
        story = DeskStory.from_json(record.value, schema=record.schema)
        before = known.stories.get(story.key)
        if before is None or before.decided_offset <= story.decided_offset:
            known.take(story)

    @staticmethod
    def _remember(
        known: Known, alert: Alert, decisions: Iterable[DeskDecision], expired: Iterable[str], record: Incoming
    ) -> None:
        for key in expired:
            known.stories.pop(key, None)
        for decision in decisions:
            if decision.state is not None:
                known.take(decision.state)
        known.note(alert.event_id, record.offset)

    def _measure(self, alert: Alert, decisions: Iterable[DeskDecision], record: Incoming, stamped_at: datetime) -> None:
        for decision in decisions:
            routing = decision.routing
            shown = decision.alert or alert
            urgency = max((rule.urgency for rule in shown.rules), key=lambda one: one.rank, default=Urgency.ROUTINE)
            self._metrics.alerts.labels(routing.told_as or alert.relation, urgency, routing.decision).inc()
            if routing.decision is not RoutingDecision.TOLD:
                self._metrics.alerts_suppressed.labels(routing.decision).inc()
        self._metrics.took("route", record.ledger.stamped(routed=stamped_at))


class CatchesUp(Protocol):
    """What a Follower does before each batch."""

    def catch_up(self) -> Awaitable[None]:
        """Return when everything that was appended before the call was applied."""


class InStep:
    """A Work that first waits for the followed topics, so that a control set before an alert is never missed."""

    def __init__(self, work: Work, follower: CatchesUp) -> None:
        self._work = work
        self._follower = follower

    def begin(self, number: int) -> None:
        """Forget what is known of this number."""
        self._work.begin(number)

    def restore(self, record: Incoming) -> None:
        """Take one state record."""
        self._work.restore(record)

    async def start(self, number: int) -> None:
        """Start: the state is complete."""
        await self._work.start(number)

    async def take(self, records: Sequence[Incoming]) -> None:
        """Take new records, once everything appended to the followed topics before them was applied."""
        await self._follower.catch_up()
        await self._work.take(records)

    async def end(self, number: int) -> None:
        """Finish what is in flight and drop the state."""
        await self._work.end(number)


def alert_offset(routing: Incoming) -> int | None:
    """Return where the alert of a routing stands, in the partition of the same number; None if it does not say."""
    value = routing.header(OFFSET_HEADER) or b""
    return int(value) if value.isdigit() else None


def _of_story(known: Known, alert: Alert, moment: Moment) -> dict[DeskId, DeskStory]:
    found = ((desk, known.stories.get(f"{desk}/{alert.story_id}")) for desk in moment.routes.body.desks)
    return {desk: story for desk, story in found if story is not None}


def _heartbeats(alert: Alert, moment: Moment, record: Incoming, stamped_at: datetime) -> Iterable[Outgoing]:
    told = Telling(told_as=Relation.FIRST, rules={}, late_by_s=None, routes_version=moment.routes.version)
    for desk in moment.routes.body.desks.values():
        beat = as_seen_by(desk, alert, told)
        topic, kind = desk_topic(desk.desk_id), event_type(beat.head, beat.told_as)
        yield _output(topic, beat, record, stamped_at, ce_id=alert.event_id, ce_type=kind, by="-")


def _outputs(
    alert: Alert, decisions: Iterable[DeskDecision], record: Incoming, stamped_at: datetime
) -> Iterable[Outgoing]:
    """Yield deliveries, desk alerts and routings: a receiver that waits for a flash comes first."""
    for decision in decisions:
        for delivery in decision.deliveries:
            topic, key = DELIVERIES[delivery.urgency], delivery.receiver
            yield _output(topic, delivery, record, stamped_at, ce_id=delivery.delivery_id, key=key, by=key)
    for decision in decisions:
        routing, seen = decision.routing, decision.alert
        if seen is not None:
            kind = event_type(seen.head, seen.told_as)
            topic = desk_topic(routing.desk)
            yield _output(topic, seen, record, stamped_at, ce_id=routing.routing_id, ce_type=kind, by="-")
        decided = _output(ROUTINGS, routing, record, stamped_at, ce_id=routing.routing_id, by=alert.story_id)
        yield replace(decided, headers=(*decided.headers, (OFFSET_HEADER, str(record.offset).encode())))


def _states(
    alert: Alert, decisions: Iterable[DeskDecision], expired: Iterable[str], record: Incoming
) -> Iterable[Outgoing]:
    for key in expired:
        yield tombstone(DESK_STORIES, key=key, by=key.partition("/")[2])
    for decision in decisions:
        state = decision.state
        if state is not None:
            yield _output(
                DESK_STORIES, state, record, None, ce_id=f"{state.key}@{record.offset}", key=state.key,
                by=alert.story_id,
            )  # fmt: skip


def _output(
    topic: Topic,
    value: Record,
    record: Incoming,
    stamped_at: datetime | None,
    *,
    ce_id: str,
    by: str,
    key: str | None = None,
    ce_type: str | None = None,
) -> Outgoing:
    return outgoing(
        topic,
        value,
        key=record.key if key is None else key,
        by=by,
        ce_id=ce_id,
        ce_type=ce_type,
        stage=FanOut.stage,
        at=record.appended_at,
        ledger=None if stamped_at is None else record.ledger.stamped(routed=stamped_at),
        traceparent=record.traceparent,
    )
