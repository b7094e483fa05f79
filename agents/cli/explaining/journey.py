"""What each stage wrote about one article or alert, read from the topics once, and what was looked at on the way."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from agents.cli.explaining.audited import ends_of
from agents.cli.reading import Found
from agents.cli.states import present
from agents.kafka import Incoming
from agents.loops.follower import read_all
from config.settings import Settings
from streams.alerts.alert import Alert
from streams.articles.article import Article
from streams.controls import Control
from streams.errors import PoisonError
from streams.ids import ArticleId, DeliveryId, delivery_id
from streams.matching.match import Match
from streams.matching.rule import RuleChange
from streams.record import Record
from streams.routing.notification import DeliveryState
from streams.routing.route import RoutesVersion
from streams.routing.told import Routing
from streams.topics import ALERTS, ARTICLES, CONTROLS, DELIVERY_STATES, MATCHES, ROUTES, ROUTINGS, RULES, Topic

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Journey:
    """What each stage wrote about one article, oldest first."""

    articles: list[Found[Article]]
    matches: list[Found[Match]]
    alerts: list[Found[Alert]]
    routings: list[Found[Routing]]
    deliveries: list[Found[DeliveryState]]

    def of(self, desk: str | None) -> "Journey":
        """Return the journey to one desk alone, or to all."""
        if desk is None:
            return self
        routings = [found for found in self.routings if found.record.desk == desk]
        sent = {name for found in routings for name in deliveries_of(found.record)}
        states = [found for found in self.deliveries if found.record.delivery_id in sent]
        return replace(self, routings=routings, deliveries=states)


@dataclass(frozen=True, slots=True)
class Ground:
    """What the journey is explained by: routes and silences, the rules' changes by offset, and the story around it.

    `compared` are articles that an alert was compared with, `stories` the decisions on every alert of the stories.
    """

    routes: dict[str, RoutesVersion] = field(default_factory=dict)
    controls: dict[str, Control] = field(default_factory=dict)
    changes: list[tuple[int, RuleChange]] = field(default_factory=list)
    compared: dict[ArticleId, Article] = field(default_factory=dict)
    stories: list[Found[Routing]] = field(default_factory=list)


class Topics:
    """Topics as they are read for one question: a record is decoded only if a name that is looked for stands in it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.looked: dict[str, tuple[int, datetime]] = {}

    async def mentioning(
        self, topic: Topic, kind: type[R], names: Collection[str], keep: Callable[[R], bool] = lambda _: True
    ) -> list[Found[R]]:
        """Return the records in which one of the names stands and that are to be kept, oldest first."""
        marks, found = [name.encode() for name in names], list[Found[R]]()

        def take(record: Incoming) -> None:
            count, since = self.looked.get(topic.name, (0, record.appended_at))
            self.looked[topic.name] = (count + 1, min(since, record.appended_at))
            if record.value is None or not any(mark in record.value for mark in marks):
                return
            try:
                read = kind.from_json(record.value, schema=record.schema)
            except PoisonError:
                return
            if keep(read):
                found.append(Found(read, record))

        if marks:
            await read_all(self._settings, topic, take)
        return sorted(found, key=lambda one: one.incoming.appended_at)

    async def all_of(self, topic: Topic, kind: type[R]) -> list[Found[R]]:
        """Return every record of a topic that can be read, oldest first."""
        return await self.mentioning(topic, kind, [""])

    async def ends_of(
        self, names: Collection[DeliveryId], routings: Collection[Found[Routing]]
    ) -> list[Found[DeliveryState]]:
        """Return how deliveries of these routings ended that have no state any more."""
        times = [found.incoming.appended_at for found in routings]
        return await ends_of(self._settings, names, since=min(times), until=max(times)) if names else []

    def said(self, *topics: Topic) -> str:
        """Return how much was looked at and how far back it goes, in words."""
        return " and ".join(self._said(topic) for topic in topics)

    def _said(self, topic: Topic) -> str:
        if topic.name not in self.looked:
            return f"{topic.name} (empty)"
        count, since = self.looked[topic.name]
        return f"{topic.name} ({count:,} records since {since:%Y-%m-%d %H:%M} UTC)"


async def follow(topics: Topics, name: str) -> Journey:
    """Return the journey of the article that the id, or its beginning, names, or that the alert is about."""
    alerts = await topics.mentioning(
        ALERTS, Alert, [name],
        lambda alert: alert.event_id.startswith(name) or alert.head.article_id.startswith(name),
    )  # fmt: skip
    ids = {found.record.head.article_id for found in alerts}
    articles = await topics.mentioning(
        ARTICLES, Article, ids | {name},
        lambda article: article.article_id in ids or article.article_id.startswith(name),
    )  # fmt: skip
    ids |= {found.record.article_id for found in articles}
    events = {found.record.event_id for found in alerts}
    routings = await topics.mentioning(ROUTINGS, Routing, events, lambda routing: routing.event_id in events)
    sent = {one for found in routings for one in deliveries_of(found.record)}
    states = await topics.mentioning(DELIVERY_STATES, DeliveryState, sent, lambda state: state.delivery_id in sent)
    states += await topics.ends_of(sent - {found.record.delivery_id for found in states}, routings)
    matches = await topics.mentioning(MATCHES, Match, ids, lambda match: match.head.article_id in ids)
    return Journey(articles, matches, alerts, first_of_each(routings), present(states))


async def ground_of(topics: Topics, journey: Journey) -> Ground:
    """Return what explains the journey."""
    alerts = [found.record for found in journey.alerts]
    stories = {alert.story_id for alert in alerts}
    compared = {alert.compared_with.article_id for alert in alerts if alert.compared_with}
    routes = await topics.all_of(ROUTES, RoutesVersion)
    controls = await topics.all_of(CONTROLS, Control)
    changes = await topics.all_of(RULES, RuleChange)
    articles = await topics.mentioning(ARTICLES, Article, compared, lambda article: article.article_id in compared)
    decisions = await topics.mentioning(ROUTINGS, Routing, stories, lambda routing: routing.story_id in stories)
    return Ground(
        routes={found.record.version: found.record for found in routes},
        controls={found.record.id: found.record for found in controls},
        changes=[(found.incoming.offset, found.record) for found in changes],
        compared={found.record.article_id: found.record for found in articles},
        stories=first_of_each(decisions),
    )


def first_of_each(routings: Iterable[Found[Routing]]) -> list[Found[Routing]]:
    """Return the first decision under each id, which is the one that holds: a crash writes equal ones again."""
    found: dict[str, Found[Routing]] = {}
    for one in routings:
        found.setdefault(one.record.routing_id, one)
    return list(found.values())


def deliveries_of(routing: Routing) -> list[DeliveryId]:
    """Return the ids of the deliveries that a decision led to, in the order in which it promised them."""
    return [delivery_id(receiver, routing.desk, routing.event_id, purpose) for receiver, purpose in routing.promised()]
