"""The account: what the origin published, times the twin, against what every topic and the webhook hold."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams import topics
from streams.alerts.alert import Alert
from streams.articles.article import Article, ArticleKind
from streams.routing.notification import Delivery, DeliveryState
from streams.routing.told import Routing, RoutingDecision
from streams.topics import Names, Topic
from tests.support.wire import Item, Sink

MARKER = re.compile(r"dispatch\d{6}")
Twin = Callable[[str], frozenset[str]]


@dataclass
class Account:
    """What is missing, each with its marker and rule; all empty is the promise P1 kept."""

    articles: list[str] = field(default_factory=list)
    alerts: list[tuple[str, str]] = field(default_factory=list)
    routings: list[str] = field(default_factory=list)
    deliveries: list[str] = field(default_factory=list)
    arrivals: list[str] = field(default_factory=list)
    expected: int = 0
    told: int = 0
    suppressed: Counter[str] = field(default_factory=Counter)
    duplicates_by_other_id: list[str] = field(default_factory=list)

    @property
    def lost(self) -> int:
        """Return how many articles, alerts, routings, deliveries and arrivals are unaccounted."""
        return sum(self.lost_by_kind.values())

    @property
    def lost_by_kind(self) -> Mapping[str, int]:
        """Return the same by kind. What never became an alert is missing once: no later kind knows of it."""
        kinds = ("articles", "alerts", "routings", "deliveries", "arrivals")
        return {kind: len(getattr(self, kind)) for kind in kinds}


async def read_topic(bootstrap: str, name: str, partitions: int) -> list[bytes]:
    """Return the values of every record of a topic, up to its present end; tombstones left out."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, fetch_max_wait_ms=50)
    await consumer.start()
    try:
        places = [TopicPartition(name, number) for number in range(partitions)]
        consumer.assign(places)
        for place, offset in (await consumer.beginning_offsets(places)).items():
            consumer.seek(place, offset)
        ends = await consumer.end_offsets(places)
        values: list[bytes] = []
        while any([await consumer.position(place) < ends[place] for place in places]):
            for batch in (await consumer.getmany(timeout_ms=100, max_records=2000)).values():
                values += [record.value for record in batch if record.value]
        return values
    finally:
        await consumer.stop()


@dataclass
class Reader:
    """Reads the topics of one prefix as records."""

    bootstrap: str
    prefix: str

    async def values(self, topic: Topic) -> list[bytes]:
        """Return the values of a topic, tombstones left out."""
        return await read_topic(self.bootstrap, Names(self.prefix).of(topic), topic.partitions)


async def take_account(reader: Reader, items: Iterable[Item], sink: Sink, twin: Twin) -> Account:
    """Return what is missing between the origin and the webhook."""
    account = Account()
    expected = {item.marker: twin(item.title) for item in items}
    account.expected = sum(map(len, expected.values()))
    articles = [Article.from_json(value) for value in await reader.values(topics.ARTICLES)]
    news = [article for article in articles if article.kind in (ArticleKind.NEW, ArticleKind.UPDATED)]
    account.articles = sorted(set(expected) - {found for article in news if (found := _marker(article.title))})
    alerts = [Alert.from_json(value) for value in await reader.values(topics.ALERTS)]
    alerts = [alert for alert in alerts if _marker(alert.head.title)]
    alerted = {(_marker(alert.head.title), rule.rule_id) for alert in alerts for rule in alert.rules}
    account.alerts = sorted({(name, rule) for name, rules in expected.items() for rule in rules} - alerted)
    account.duplicates_by_other_id = other_ids(alerts)
    await _follow_deliveries(account, reader, alerts, sink)
    return account


async def _follow_deliveries(account: Account, reader: Reader, alerts: list[Alert], sink: Sink) -> None:
    routings = {one.event_id: one for one in map(Routing.from_json, await reader.values(topics.ROUTINGS))}
    account.routings = sorted({alert.event_id for alert in alerts if alert.rules} - set(routings))
    account.told = sum(one.decision is RoutingDecision.TOLD for one in routings.values())
    account.suppressed = Counter(
        one.decision.value for one in routings.values() if one.decision != RoutingDecision.TOLD
    )
    deliveries = [
        Delivery.from_json(value)
        for topic in (*topics.DELIVERIES.values(), *topics.RETRIES.values())
        for value in await reader.values(topic)
    ]
    by_event = {delivery.alert.event_id: delivery.delivery_id for delivery in deliveries}
    told = [one.event_id for one in routings.values() if one.decision is RoutingDecision.TOLD and one.receivers]
    account.deliveries = sorted(event for event in told if event not in by_event)
    final = final_states(map(DeliveryState.from_json, await reader.values(topics.DELIVERY_STATES)))
    account.arrivals = sorted(
        delivery
        for delivery in set(by_event.values())
        if final.get(delivery) != "delivered" or delivery not in sink.times
    )


def final_states(states: Iterable[DeliveryState]) -> Mapping[str, str]:
    """Return the final state of each delivery that has one."""
    return {state.delivery_id: state.state.value for state in states if state.state.final}


def other_ids(alerts: Iterable[Alert]) -> list[str]:
    """Return the markers that were alerted under more than one event id: duplicates that no consumer can drop."""
    ids: dict[str, set[str]] = defaultdict(set)
    for alert in alerts:
        ids[_marker(alert.head.title) or ""].add(alert.event_id)
    return sorted(name for name, events in ids.items() if len(events) > 1)


def _marker(title: str) -> str | None:
    found = MARKER.search(title)
    return found[0] if found else None
