"""The three stages in this process, one article after the other; what they wrote stands on the real topics after."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from prometheus_client import CollectorRegistry

from agents.alert import AlertStage
from agents.fan_out import FanOut
from agents.kafka import Incoming, Outgoing, Producer, outgoing
from agents.loops.follower import read_all
from agents.match import Matching
from agents.metrics import Metrics
from config.settings import Settings
from streams.articles.article import Article, ArticleKind
from streams.ids import ArticleId, FeedId, RevisionKey
from streams.latency import Hop, Ledger
from streams.matching.matcher import Matcher
from streams.matching.rule import RuleChange
from streams.routing.notification import Delivery, DeliveryState, DeliveryStatus
from streams.topics import ALERTS, ARTICLES, CONTROLS, DELIVERIES, DELIVERY_STATES, ROUTES, RULES
from tests.support.alerting import written


class Newsroom:
    """Stages that follow the live rules, routes and silences as they stand when it is made."""

    def __init__(self, settings: Settings) -> None:
        self.began = datetime.now(UTC)
        self._settings = settings
        self._metrics = Metrics(CollectorRegistry())
        self._alert, self._fan_out = AlertStage(self._metrics), FanOut(self._metrics)
        self._alert.begin(0)
        for number in range(ALERTS.partitions):
            self._fan_out.begin(number)
        self._offset = 0
        self.written: list[Outgoing] = []
        asyncio.run(self._follow())

    def article(self, name: str, title: str, *, after: timedelta = timedelta(), **fields: object) -> Article:
        """Return an article that the BBC published when the room was made, for everybody, fetched so long after."""
        given = {
            "article_id": ArticleId(name), "revision": RevisionKey("1-0a0a0a0a"), "kind": ArticleKind.NEW,
            "feed_id": FeedId("bbc-world"), "publisher": "BBC", "tier": 1, "permission": "public", "language": "en",
            "url": f"https://example.test/{name}", "title": title, "published_at": self.began,
            "first_seen_at": self.began, "fetched_at": self.began + after,
        }  # fmt: skip
        return Article.model_validate(given | fields)

    def publish(self, *articles: Article) -> None:
        """Take the articles through every stage, and put everything that comes of it on the topics."""
        before = len(self.written)
        for article in articles:
            self._take(article)
        asyncio.run(self._deliver(self.written[before:]))

    def deliver_all(self, *, after: timedelta) -> None:
        """Put on the topic that every delivery arrived, so long after it was routed."""
        sent = [output for output in self.written if output.topic in DELIVERIES.values()]
        asyncio.run(self._deliver([_delivered(output, after) for output in sent]))

    def _take(self, article: Article) -> None:
        at = article.fetched_at + timedelta(milliseconds=5)
        ledger = Ledger().stamped(
            published=article.published_at, first_seen=article.first_seen_at, fetched=article.fetched_at
        )
        record = outgoing(
            ARTICLES, article, key=article.article_id, by=article.article_id,
            ce_id=f"{article.article_id}/{article.revision}", stage="poll", at=at, ledger=ledger,
        )  # fmt: skip
        self.written.append(record)
        matches = Matching(self._matcher, self._metrics)(
            self._read(record, at), stamped_at=at + timedelta(milliseconds=2)
        )
        for match in matches:
            self.written.append(match)
            decided = self._alert.decide(self._read(match, at), stamped_at=at + timedelta(milliseconds=3))
            for alert in decided.outputs:
                self.written.append(alert)
                told = self._fan_out.decide(self._read(alert, at), stamped_at=at + timedelta(milliseconds=4))
                self.written += told.outputs

    def _read(self, output: Outgoing, at: datetime) -> Incoming:
        self._offset += 1
        return written(output, offset=self._offset, at=at)

    async def _follow(self) -> None:
        changes: list[tuple[int, RuleChange]] = []
        await read_all(
            self._settings, RULES,
            lambda record: changes.append((record.offset, RuleChange.from_json(record.value, schema=record.schema))),
        )  # fmt: skip
        self._matcher = Matcher.empty().apply(changes)
        for topic in (ROUTES, CONTROLS):
            await read_all(
                self._settings, topic,
                lambda record: self._fan_out.apply(replace(record, appended_at=self.began - timedelta(hours=1))),
            )  # fmt: skip

    async def _deliver(self, outputs: Sequence[Outgoing]) -> None:
        producer = Producer(self._settings)
        await producer.start()
        await producer.deliver(outputs)
        await producer.stop()


def _delivered(output: Outgoing, after: timedelta) -> Outgoing:
    delivery, ledger = Delivery.from_json(output.value), written(output).ledger
    at = (ledger.at(Hop.ROUTED) or datetime.now(UTC)) + after
    state = DeliveryState(
        delivery_id=delivery.delivery_id, receiver=delivery.receiver, seq=0, state=DeliveryStatus.DELIVERED,
        attempts=1, outcome="written", changed_at=at,
    )  # fmt: skip
    return outgoing(
        DELIVERY_STATES, state, key=state.delivery_id, by=state.receiver, ce_id=f"{state.delivery_id}/0",
        stage="deliver", at=at, ledger=ledger.stamped(delivered=at),
    )  # fmt: skip
