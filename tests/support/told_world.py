"""Things that happen to the stages that tell desks, each small and printed as it is written; and the stages.

`Live` is the alert stage's real decisions, with any grouping, and the real fan out behind them, without a broker.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache

from prometheus_client import CollectorRegistry

from agents.fan_out import FanOut
from agents.kafka import Incoming, Outgoing
from agents.metrics import Metrics
from streams.alerts.alert import Alert, DeskAlert
from streams.alerts.decide import Decided
from streams.controls import Control
from streams.ids import DeskId
from streams.matching.match import Markers, Match, Span
from streams.routing.route import Desk, Matcher, Routes, TimeInterval
from streams.routing.told import Routing
from streams.stories.book import StoryBook
from streams.stories.clustering import Clusterer
from streams.topics import ALERTS, CONTROLS, DESK_STORIES, ROUTES, ROUTINGS
from tests.support.alerting import NOW, TITLE, Stage, match, node, read_alert, read_as, routes, version

NEEDS = {"Reuters": "reuters", "BBC": "public"}  # a source's permission
QUIET = range(8, 9)  # the hour of the day in which quiet desks sleep; streams begin at 7:41
ABOUT = {"metals": TITLE, "floods": "Floods displace thousands in Bangladesh", "summit": "Trump to meet Xi in Seoul"}


@dataclass(frozen=True)
class News:
    """An article revision that arrives; article 0 is one of its own. `hits` are its rules with their own entities."""

    article: int = 0
    revision: int = 1
    hits: tuple[tuple[str, tuple[str, ...]], ...] = (("r1", ()),)
    urgency: str = "routine"
    source: str = "BBC"
    about: str = "metals"
    says: str = ""
    text: str = "same"
    number: str = ""
    age_min: int = 0
    backfill: bool = False


@dataclass(frozen=True)
class Plan:
    """A desk in a version of the routes."""

    desk: str = "fx"
    holds: tuple[str, ...] = ("public",)
    rules: tuple[str, ...] = ("r1", "r2")
    quiet: bool = False
    pierced: bool = True


@dataclass(frozen=True)
class Reroute:
    """A version of the routes: these desks, and no others."""

    plans: tuple[Plan, ...]


@dataclass(frozen=True)
class Mute:
    """A silence: `aim` is (rule | entity | source, its name), (topic, a label) or (story, "-": the last alert's)."""

    name: int = 1
    aim: tuple[str, str] = ("rule", "r1")
    desk: str = ""
    lasts_min: int = 0


@dataclass(frozen=True)
class Unmute:
    """The end of a silence."""

    name: int = 1


@dataclass(frozen=True)
class Again:
    """The last alert stands on the topic a second time, as after a killed alert stage."""


@dataclass(frozen=True)
class Crash:
    """Fan out dies; the last alerts are taken again, of which the state of the last few was not written."""

    redone: int = 1
    unwritten: int = 0


@dataclass(frozen=True)
class Wait:
    """Time passes."""

    minutes: int = 5


Happening = News | Reroute | Mute | Unmute | Again | Crash | Wait


@dataclass
class Answers:
    """What the stages said: routings and what stands on the desks' topics, by routing id; the deliveries' ids.

    `differing` are the routings that were given a second time, after a crash, and said something else.
    """

    routings: dict[str, Routing] = field(default_factory=dict)
    seen: dict[str, DeskAlert] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)
    differing: list[str] = field(default_factory=list)

    def take(self, outputs: Iterable[Outgoing]) -> None:
        """Take what one decision wrote; a second answer under one id has to be the first."""
        for output in outputs:
            name = dict(output.headers)["ce_id"].decode()
            if output.topic is ROUTINGS:
                routing = Routing.from_json(output.value)
                if self.routings.setdefault(name, routing) != routing:
                    self.differing.append(name)
            elif output.topic.name.startswith("alerts."):
                self.seen.setdefault(name, DeskAlert.from_json(output.value))
            else:
                self.sent.add(name)


@cache
def metrics() -> Metrics:
    """Return the metrics of all runs: they count, and nobody looks."""
    return Metrics(CollectorRegistry())


class Live:
    """The real stages, and their time: `at` is when the next record is appended."""

    def __init__(self, clusterer: Clusterer, first: Reroute) -> None:
        self.at, self.answers = NOW, Answers()
        self._articles = 0
        self.alerts: list[Incoming] = []
        self.shown: Counter[tuple[str, str, str]] = Counter()  # alerts by desk, story and rule
        self._stage = Stage(StoryBook(clusterer))
        self._followed: list[Incoming] = []
        self._states: list[tuple[int, Outgoing]] = []
        self._fan_out = FanOut(metrics())
        self._begin()
        self.reroute(first)

    @property
    def last_story(self) -> str:
        """Return the story of the last alert, or a name that none has."""
        return Alert.from_json(self.alerts[-1].value).story_id if self.alerts else "none"

    def tell(self, news: News) -> tuple[Alert, Match] | None:
        """Return the alert of an article and the match behind it, or None if the alert stage dropped it."""
        self._articles += 1
        given = match_of(news, f"a{news.article}" if news.article else f"b{self._articles}", self.at)
        decided = self._stage.take(given, after=self.at - NOW)
        if not isinstance(decided, Decided):
            return None
        self._append(decided.alert)
        return decided.alert, given

    def again(self) -> None:
        """Append a copy of the last alert."""
        if self.alerts:
            self._append(Alert.from_json(self.alerts[-1].value))

    def reroute(self, change: Reroute) -> None:
        """Append a version of the routes."""
        self._follow(read_as(ROUTES, version(routes_of(change.plans), f"v{len(self._followed)}"), key="v", at=self.at))

    def control(self, key: str, control: Control | None) -> None:
        """Append a silence, or its end."""
        record = read_as(CONTROLS, control or version(routes_of(())), key=key, at=self.at)
        self._follow(record if control else replace(record, value=None))

    def crash(self, crash: Crash) -> None:
        """Begin anew from what was written, and take the last alerts again."""
        committed = len(self.alerts) - crash.redone
        lost = len(self.alerts) - min(crash.redone, crash.unwritten)
        written = [state for number, state in self._states if number < lost]
        self._fan_out = FanOut(metrics())
        self._begin()
        for record in self._followed:
            self._fan_out.apply(record)
        for number, record in enumerate(written):
            self._fan_out.restore(_read(record, number))
        for record in self.alerts[: max(0, committed)]:
            self._fan_out.restore(record)
        self._states = [(-1, state) for state in written]
        for number in range(max(0, committed), len(self.alerts)):
            self._decide(number)

    def _begin(self) -> None:
        for number in range(ALERTS.partitions):
            self._fan_out.begin(number)

    def _follow(self, record: Incoming) -> None:
        self._followed.append(record)
        self._fan_out.apply(record)

    def _append(self, alert: Alert) -> None:
        self.alerts.append(read_alert(alert, offset=len(self.alerts), at=self.at))
        self._decide(len(self.alerts) - 1)

    def _decide(self, number: int) -> None:
        decision = self._fan_out.decide(self.alerts[number], stamped_at=self.at)
        self._states += [(number, state) for state in decision.states]
        self.answers.take(decision.outputs)


def match_of(news: News, article: str, at: datetime) -> Match:
    """Return the match that an article gives."""
    spans, rules = list[Span](), list[tuple[int, ...]]()
    for _, entities in news.hits:
        rules.append(tuple(range(len(spans), len(spans) + len(entities))))
        spans += [Span(field="title", start=0, end=5, surface="China", entity_id=entity) for entity in entities]
    made = match(
        article,
        revision=f"{news.revision}-0a0a0a0a",
        rules=[rule for rule, _ in news.hits],
        entities=sorted({entity for _, entities in news.hits for entity in entities}),
        urgency=news.urgency,
        title=ABOUT[news.about],
        numbers=[news.number] if news.number else [],
        kind="backfill" if news.backfill else "new",
        publisher=news.source,
        permission=NEEDS[news.source],
        first_seen_at=at - timedelta(minutes=news.age_min),
        extra={
            "text_hash": news.text,
            "markers": Markers(retract=news.says == "retract", correction=news.says == "correction"),
        },
    )
    hits = [hit.model_copy(update={"spans": own}) for hit, own in zip(made.rules, rules, strict=True)]
    return made.model_copy(update={"spans": tuple(spans), "rules": tuple(hits)})


def routes_of(plans: Sequence[Plan]) -> Routes:
    """Return the routes with one node and one webhook for each desk."""
    nodes = [
        node(
            plan.desk, "hook", go_on=True, matchers=[Matcher(label="rule", op="=~", value="|".join(plan.rules))],
            mute_time_intervals=("quiet",) if plan.quiet else (), flash_pierces=plan.pierced,
        )
        for plan in plans
    ]  # fmt: skip
    desks = {DeskId(plan.desk): Desk(desk_id=DeskId(plan.desk), permissions=plan.holds) for plan in plans}
    quiet = TimeInterval(times=((QUIET.start * 60, QUIET.stop * 60),))
    return routes(node(None, routes=nodes), time_intervals={"quiet": quiet}).model_copy(update={"desks": desks})


def silence_of(mute: Mute, at: datetime, story: str) -> Control:
    """Return the control that sets a silence."""
    name, value = mute.aim
    target = {} if name == "topic" else {name: story if name == "story" else value}
    return Control.model_validate(
        {
            "kind": "silence",
            "id": f"m{mute.name}",
            "matchers": [Matcher(label="topic", op="=", value=value)] if name == "topic" else [],
            "target": {**target, **({"desk": mute.desk} if mute.desk else {})},
            "starts_at": at,
            "ends_at": at + timedelta(minutes=mute.lasts_min) if mute.lasts_min else None,
            "user": "ana",
        }
    )


def _read(state: Outgoing, number: int) -> Incoming:
    return Incoming(
        topic=f"tocsin.{DESK_STORIES.name}", partition=state.partition, offset=number, key=state.key,
        value=state.value, headers=state.headers, appended_at=NOW,
    )  # fmt: skip
