"""Every alert has one decision for each desk; a heartbeat reaches every desk and nothing else: on the real Kafka."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from agents.broker.server import Broker
from agents.kafka import Incoming, Outgoing, Producer, outgoing
from agents.loops.follower import read_all
from config.settings import Settings
from streams.alerts.alert import Alert, DeskAlert
from streams.articles.article import Article, ArticleKind
from streams.articles.notes import heartbeat
from streams.ids import ArticleId, FeedId, RevisionKey, content_id
from streams.latency import Hop, Ledger
from streams.matching.match import Match
from streams.record import Record
from streams.routing.notification import Delivery
from streams.routing.told import Routing, RoutingDecision
from streams.topics import ALERTS, ARTICLES, DELIVERIES, MATCHES, ROUTINGS, Topic, desk_topic
from tests.support.children import Children

pytestmark = pytest.mark.kafka
R = TypeVar("R", bound=Record)
NOW = datetime.now(UTC)
DESKS = ("fx", "wire", "night", "ops")
SOURCES = (("BBC", "public"), ("Reuters", "reuters"), ("Xinhua", "public"))
TITLES = (
    "China halts rare earths exports", "Tariffs on steel rise to 25%", "Trump and Xi to meet at a summit in Seoul",
    "Floods displace thousands", "Tariffs on rare earths from China",
)  # fmt: skip
BEATS, COUNT = 12, 60
FILES = {
    "feeds": "version: 1\nfeeds: [{id: a, url: 'https://a.test/', publisher: A}]\n",
    "entities": "version: 1\nentities: [{id: china, type: country, names: {en: [China]}}]\n",
    "rules": "version: 1\nrules:\n"
    "  - {id: rare-earths, query: '\"rare earths\"', urgency: urgent, labels: {topic: trade}}\n"
    "  - {id: tariffs, query: 'tariffs', urgency: flash, labels: {topic: trade}}\n"
    "  - {id: summit, query: 'summit', urgency: routine, labels: {topic: politics}}\n"
    "  - {id: tocsin-health, query: 'source:tocsin', urgency: routine, labels: {topic: operations}}\n",
    "routes": "version: 1\nreceivers: {console: {type: console}}\n"
    "time_intervals: {always: {times: ['00:00-24:00']}}\n"
    "desks:\n  fx: {permissions: [public]}\n  wire: {permissions: [public, reuters]}\n"
    "  night: {permissions: [public]}\n  ops: {permissions: [public]}\n"
    "route:\n  desk: ops\n  receivers: [console]\n  routes:\n"
    "    - {matchers: ['topic=trade'], desk: fx, continue: true}\n"
    "    - {matchers: ['topic=trade'], desk: night, mute_time_intervals: [always], flash_pierces: false,\n"
    "       continue: true}\n"
    "    - {matchers: ['topic=trade'], desk: wire}\n",
}


@pytest.fixture
async def children(tmp_path: Path, broker: Broker, topic_prefix: str) -> AsyncIterator[Children]:
    for name, text in FILES.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    made = Children(tmp_path, broker.bootstrap, topic_prefix)
    await asyncio.to_thread(made.apply)
    muted = ("--target", "rule=tariffs", "--desk", "fx", "--for", "8h", "--comment", "known")
    await asyncio.to_thread(made.tocsin, "silences", "add", *muted)
    yield made
    made.stop()


def article(number: int) -> Outgoing:
    """Return one of many articles: every fifth is a new revision of an earlier one, every ninth is backfill."""
    name = ArticleId(content_id(str(number - 5 if number % 5 == 4 else number)))
    publisher, permission = SOURCES[number % len(SOURCES)]
    record = Article(
        article_id=name, revision=RevisionKey(f"{1 + (number % 5 == 4)}-0000000{number % 10}"), feed_id=FeedId("test"),
        kind=ArticleKind.BACKFILL if number % 9 == 8 else ArticleKind.NEW, publisher=publisher, tier=1,
        permission=permission, language="en", url="http://test.invalid/", title=TITLES[number % len(TITLES)],
        published_at=NOW, first_seen_at=NOW, fetched_at=NOW,
    )  # fmt: skip
    return _output(record)


def _output(record: Article) -> Outgoing:
    return outgoing(
        ARTICLES, record, key=record.article_id, by=record.article_id, ce_id=f"{record.article_id}/{record.revision}",
        stage="poll", at=NOW, ledger=Ledger().stamped(fetched=record.fetched_at),
    )  # fmt: skip


async def on(settings: Settings, topic: Topic, kind: type[R]) -> list[tuple[R, Incoming]]:
    """Return every record of a topic."""
    found: list[tuple[R, Incoming]] = []
    await read_all(
        settings, topic, lambda record: found.append((kind.from_json(record.value, schema=record.schema), record))
    )
    return found


async def until_decided(settings: Settings, last: str) -> None:
    """Wait until the last article's alert, and every one before it, was decided for every desk."""
    async with asyncio.timeout(90):
        while True:
            alerts = {one.event_id: one for one, _ in await on(settings, ALERTS, Alert) if one.rules}
            decided = Counter(one.event_id for one, _ in await on(settings, ROUTINGS, Routing))
            if any(one.head.article_id == last for one in alerts.values()) and all(
                decided[event] >= len(DESKS) for event in alerts
            ):
                return
            await asyncio.sleep(0.3)


async def test_every_alert_is_decided_once_for_each_desk_and_a_heartbeat_for_none(
    children: Children, broker: Broker, topic_prefix: str
) -> None:
    settings = Settings(bootstrap=broker.bootstrap, topic_prefix=topic_prefix)
    beats = [_output(heartbeat(number, now=NOW + timedelta(minutes=1))) for number in range(BEATS)]
    last = Article.from_json(article(COUNT + 1).value)
    producer = Producer(settings)
    await producer.start()
    await producer.deliver([article(number) for number in range(COUNT)])
    children.start("agents")
    await until_decided(settings, Article.from_json(article(0).value).article_id)
    children.kill("agents")
    await producer.deliver([*map(article, range(COUNT // 2)), *beats])  # half of it a second time, as after a crash
    await producer.deliver([article(COUNT + 1)])
    children.start("agents")
    await until_decided(settings, last.article_id)
    await producer.stop()

    alerts = {one.event_id: one for one, _ in await on(settings, ALERTS, Alert) if one.rules}
    routings = [one for one, _ in await on(settings, ROUTINGS, Routing)]
    assert len(alerts) > COUNT // 2
    assert {(one.event_id, one.desk) for one in routings} == {(event, desk) for event in alerts for desk in DESKS}
    by_id = {one.routing_id: one for one in routings}
    assert len(by_id) == len(alerts) * len(DESKS)
    assert all(by_id[one.routing_id] == one for one in routings), "a decision that is written again is the same one"
    assert all(one.reason for one in routings)
    assert {one.decision for one in routings} >= {
        RoutingDecision.TOLD, RoutingDecision.KNOWN, RoutingDecision.NOT_PERMITTED, RoutingDecision.BACKFILL,
        RoutingDecision.QUIET_HOURS, RoutingDecision.SILENCED, RoutingDecision.NO_ROUTE,
    }  # fmt: skip

    sent = [one for topic in DELIVERIES.values() for one, _ in await on(settings, topic, Delivery)]
    promised = {(one.event_id, one.desk, receiver) for one in routings for receiver in one.receivers}
    assert {(one.alert.event_id, one.desk, one.receiver) for one in sent} == promised
    await assert_beats(settings)


async def assert_beats(settings: Settings) -> None:
    """Hold that each heartbeat went through every stage to every desk, and is nothing else anywhere."""
    matched = [one for one, _ in await on(settings, MATCHES, Match) if one.head.kind is ArticleKind.HEARTBEAT]
    assert len({one.head.article_id for one in matched}) == BEATS
    assert all(not one.rules for one in matched), "though tocsin-health says source:tocsin"
    for desk in DESKS:
        found = await on(settings, desk_topic(desk), DeskAlert)
        beats = [(one, record) for one, record in found if one.head.kind is ArticleKind.HEARTBEAT]
        assert len({one.event_id for one, _ in beats}) == BEATS, desk
        assert all(not one.rules for one, _ in beats)
        for hop in (Hop.FETCHED, Hop.PRODUCED, Hop.MATCHED, Hop.ALERTED, Hop.ROUTED):
            assert all(record.ledger.at(hop) for _, record in beats), f"{desk} sees how far behind {hop} is"
