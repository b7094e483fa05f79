"""What no program should write to a topic: it is counted, shown and kept, and nothing else stops."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents.broker.server import Broker
from agents.kafka import Outgoing, Producer, outgoing
from config.settings import Settings
from streams.articles.article import Article, ArticleKind
from streams.ids import ArticleId, ChangeId, FeedId, RevisionKey, UserId, content_id
from streams.matching.rule import RuleChange
from streams.topics import ARTICLES, RULES
from tests.support.children import Children

pytestmark = pytest.mark.kafka
NOW = datetime.now(UTC)


def article(title: str) -> Outgoing:
    """Return an article as the poller would write it."""
    name = ArticleId(content_id(title))
    record = Article(
        article_id=name, revision=RevisionKey("1-00000000"), kind=ArticleKind.NEW, feed_id=FeedId("test"),
        publisher="Test", tier=1, permission="public", language="en", url="http://test.invalid/", title=title,
        published_at=NOW, first_seen_at=NOW, fetched_at=NOW,
    )  # fmt: skip
    return outgoing(ARTICLES, record, key=name, by=name, ce_id=f"{name}/1", stage="poll", at=NOW)


def raw(value: bytes, *, schema: str = "article/1", partition: int = 0) -> Outgoing:
    """Return bytes on `articles` that no poller wrote."""
    headers = (("tocsin-schema", schema.encode()),)
    return Outgoing(topic=ARTICLES, partition=partition, key="k", value=value, headers=headers)


def rule(query: str, *, change_id: str, base: str | None = None, name: str = "tariffs") -> Outgoing:
    """Return a change of a rule, as any program could write it."""
    change = RuleChange(
        kind="rule", id=name, change_id=ChangeId(change_id), base=ChangeId(base) if base else None,
        body={"id": name, "query": query, "urgency": "urgent", "labels": {"topic": "trade"}},
        author=UserId("test"), managed_by="test", made_at=NOW,
    )  # fmt: skip
    return outgoing(RULES, change, key=change.key, ce_id=change_id, stage="apply", at=NOW)


@pytest.fixture
async def children(tmp_path: Path, broker: Broker, topic_prefix: str) -> AsyncIterator[Children]:
    made = Children(tmp_path, broker.bootstrap, topic_prefix)
    await asyncio.to_thread(made.tocsin, "topics", "apply")
    await asyncio.to_thread(made.tocsin, "routes", "apply")
    yield made
    made.stop()


@pytest.fixture
async def producer(broker: Broker, topic_prefix: str) -> AsyncIterator[Producer]:
    made = Producer(Settings(bootstrap=broker.bootstrap, topic_prefix=topic_prefix))
    await made.start()
    yield made
    await made.stop()


async def listed(children: Children, *command: str) -> list[dict[str, object]]:
    lines = (await asyncio.to_thread(children.tocsin, *command, "--json")).splitlines()
    return [json.loads(line) for line in lines]


async def until_alerted(children: Children, title: str) -> dict[str, object]:
    async with asyncio.timeout(60):
        while True:
            for alert in await listed(children, "alerts", "list"):
                if title in json.dumps(alert):
                    return alert
            await asyncio.sleep(0.2)


async def test_poison_on_articles_becomes_a_dead_letter_and_the_next_article_alerts(
    children: Children, producer: Producer
) -> None:
    await producer.deliver([rule("tariffs", change_id="one")])
    children.start("agents")
    await producer.deliver([raw(b"<html>"), raw(b'{"article_id": 5}'), article("Tariffs after poison")])
    assert await until_alerted(children, "Tariffs after poison")
    letters = await listed(children, "dead-letters", "list")
    assert sorted(str(letter["reason"]) for letter in letters) == ["not_json", "not_valid"]
    assert not children.ended()


async def test_a_newer_schema_stops_the_process_before_it_and_nothing_is_committed_past_it(
    children: Children, producer: Producer
) -> None:
    await producer.deliver([rule("tariffs", change_id="one"), raw(b"{}", schema="article/2")])
    for _ in range(2):
        children.start("agents")
        async with asyncio.timeout(60):
            while not (ended := children.ended()):  # noqa: ASYNC110 - a test watches from outside
                await asyncio.sleep(0.1)
        assert ended == {"agents": 75}
        children.running.clear()
    assert await listed(children, "dead-letters", "list") == []
    assert "upgrade tocsin" in children.logs()


async def test_a_rule_that_does_not_parse_and_a_change_that_lost_leave_the_others_at_work(
    children: Children, producer: Producer
) -> None:
    await producer.deliver(
        [
            rule("tariffs", change_id="one"),
            rule("tariffs AND (", change_id="two", base="one"),
            rule("nothing", change_id="three", base="one"),
            rule("broken AND OR", change_id="four", name="other"),
        ]
    )
    children.start("agents")
    await producer.deliver([article("Tariffs by the older version")])
    alert = await until_alerted(children, "Tariffs by the older version")
    assert "tariffs" in json.dumps(alert)
    logs = children.logs()
    assert logs.count('"rule rejected"') == 2
    assert not children.ended()
