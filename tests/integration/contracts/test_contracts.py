"""A run of the real processes keeps what docs/ promises: AsyncAPI document, CloudEvents, and the page's examples."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event
from standardwebhooks import Webhook

from agents.broker.server import Broker
from streams.topics import CATALOGUE
from tests.fakes import Answer, FeedItem, FeedOrigin, rss
from tests.support.children import ROLES, ROOT, Children
from tests.support.kafka import produce
from tests.support.published import Published, Stored, shared_topics, stored
from tests.support.webhook_sink import WebhookSink

pytestmark = pytest.mark.kafka
EXAMPLES = dict(
    re.findall(
        r"```python\n# (\w+\.py).*?\n(.*?)```", (ROOT / "docs/contracts.md").read_text(encoding="utf-8"), re.DOTALL
    )
)
KEY = "whsec_dGhlIGtleSBvZiB0aGUgdGVzdCwgMzIgYnl0ZXM="
TITLES = (
    "China halts rare earths exports to United States",
    "UPDATE 2-China halts rare earths exports to United States, tariffs rise to 35 percent",
    "CORRECTED-China halts rare earths exports to United States, tariffs rise to 25 percent",
)
ROUTES = """\
version: 1
receivers:
  hook: {type: webhook, url_env: TEST_HOOK_URL, allow_insecure: true, sign: {keys_env: TEST_HOOK_KEYS}}
desks:
  fx-desk: {permissions: [public], zone: UTC}
  rates: {permissions: [public], zone: UTC}
route:
  desk: fx-desk
  routes:
    - {desk: rates, matchers: ['topic="trade"'], continue: true}
    - {desk: fx-desk, matchers: ['topic="trade"'], receivers: [hook]}
"""
RULES = """\
version: 1
rules:
  - {id: rare-earths, query: '"rare earths"', urgency: urgent, labels: {topic: trade}}
"""


@pytest.fixture
async def hook() -> AsyncIterator[WebhookSink]:
    async with WebhookSink(keys=(b"the key of the test, 32 bytes",)) as sink:
        yield sink


@pytest.fixture
async def origin() -> AsyncIterator[FeedOrigin]:
    async with FeedOrigin() as served:
        yield served


@pytest.fixture
def children(
    tmp_path: Path, broker: Broker, topic_prefix: str, hook: WebhookSink, origin: FeedOrigin
) -> Iterator[Children]:
    told = {
        "TOCSIN_ALLOW_ADDRESSES": ",".join([origin.address, *hook.allow]),
        "TEST_HOOK_URL": hook.url(),
        "TEST_HOOK_KEYS": KEY,
    }
    url = origin.url("/feed")
    feed = f"{{id: wire, url: '{url}', publisher: Wire, tier: 1, permission: public, gap: {{min: 1s, max: 1s}}}}"
    (tmp_path / "feeds.yaml").write_text(f"version: 1\nfeeds:\n  - {feed}\n")
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "entities.yaml").write_text("version: 1\nentities: []\n")
    (tmp_path / "routes.yaml").write_text(ROUTES)
    made = Children(tmp_path, broker.bootstrap, topic_prefix, told)
    yield made
    made.stop()


async def until(done: Callable[[], bool], children: Children) -> None:
    async with asyncio.timeout(60):
        while not done():
            assert not children.ended(), children.logs()[-3000:]
            await asyncio.sleep(0.1)


def there_and_back(children: Children) -> None:
    """Change feeds and routes, and change them back: what comes back is another event."""
    for kind, old, new in (("feeds", "tier: 1", "tier: 2"), ("routes", "zone: UTC", "zone: Asia/Tokyo")):
        path = children.folder / f"{kind}.yaml"
        for one, other in ((old, new), (new, old)):
            path.write_text(path.read_text().replace(one, other))
            children.tocsin(kind, "apply")


async def run(children: Children, hook: WebhookSink, origin: FeedOrigin) -> None:
    """Have the processes tell three alerts of one story, refuse a record, and take a silence."""
    items = [FeedItem(f"i{number}", title, published=datetime.now(UTC)) for number, title in enumerate(TITLES)]
    origin.script("/feed", Answer(rss(items[:1])))
    await asyncio.to_thread(children.apply)
    await asyncio.to_thread(there_and_back, children)
    await asyncio.to_thread(children.tocsin, "silences", "add", "topic=nothing", "--for", "1h", "--comment", "test")
    await produce(children.bootstrap, f"{children.prefix}articles", [b"no record"])
    for role in ROLES:
        children.start(role)
    for number in range(len(items)):
        origin.script("/feed", Answer(rss(items[: number + 1])))
        await until(lambda number=number: len(set(hook.ids)) > number, children)  # type: ignore[misc]  # a default binds


def read_by_the_sdk(record: Stored) -> tuple[str, str]:
    """Return the event's source and id, as the CloudEvents SDK reads them."""
    assert record.value is not None
    event = from_kafka_event(KafkaMessage(headers=dict(record.headers), key=record.key.encode(), value=record.value))
    assert event.get_data() == json.loads(record.value)
    return event.get_source(), event.get_id()


def example(name: str) -> dict[str, Any]:
    scope: dict[str, Any] = {}
    exec(compile(EXAMPLES[name], name, "exec"), scope)  # noqa: S102 - the page's own example
    return scope


async def test_what_a_run_writes_is_what_is_published(
    children: Children, hook: WebhookSink, origin: FeedOrigin
) -> None:
    await run(children, hook, origin)
    published = Published()
    records = [one for one in await stored(children.bootstrap, children.prefix) if one.value != b"no record"]
    see_records(published, records)
    with_value = [one for one in records if one.value is not None]
    see_events(with_value)
    unused = {topic.name for topic in CATALOGUE} - {one.topic for one in records}
    assert unused <= {"threads", "judgements", "access", "checkpoints", *RETRIES_AND_LANES}
    beats = {one.said["ce_type"]: one for one in with_value if b'"kind":"heartbeat"' in (one.value or b"")}
    assert set(beats) == {"tocsin.article.v1", "tocsin.match.v1", "tocsin.heartbeat.v1"}
    told = {one.said["ce_type"] for one in with_value if one.topic == "alerts.fx-desk"}
    assert {"tocsin.alert.first.v1", "tocsin.alert.update.v1", "tocsin.alert.correction.v1"} <= told
    await see_groups(published, children)
    see_that_a_wrong_record_is_noticed(published, with_value)
    see_webhooks(hook)
    see_the_desks_example(children)


RETRIES_AND_LANES = {
    *(f"deliveries.{urgency}" for urgency in ("flash", "routine")),
    *(f"deliveries.retry.{delay}" for delay in ("1s", "5s", "30s", "5m", "30m", "2h")),
}


def see_records(published: Published, records: list[Stored]) -> None:
    """See that each record is one of its channel's messages, written by who may write there."""
    unlike = {one.topic: why for one in records if (why := published.unlike(one))}
    assert not unlike, "\n".join(why for whys in unlike.values() for why in whys)
    writers = {(one.topic, one.said["ce_source"].split("/")[2]) for one in records if one.value is not None}
    assert {(topic, stage) for topic, stage in writers if stage not in published.writers(topic)} == set()


def see_events(records: list[Stored]) -> None:
    """See that source and id name one event, whatever topic it is on."""
    events = defaultdict(set)
    for one in records:
        events[read_by_the_sdk(one)].add(one.value)
    assert {event: values for event, values in events.items() if len(values) > 1} == {}
    assert len({name for _, name in events}) < len(events), (
        "an id alone names several: the source has to tell them apart"
    )


async def see_groups(published: Published, children: Children) -> None:
    """See that who has committed on a topic is who the document says; poll's feeds are state, and never committed."""
    for group, channels in published.groups().items():
        topics = await shared_topics(children.bootstrap, children.prefix, group)
        assert bool(topics) is (group != "poll"), group
        assert {published.channel(topic) for topic in topics} <= channels


def see_that_a_wrong_record_is_noticed(published: Published, records: list[Stored]) -> None:
    """See that the judge refuses what no record of a run may be."""
    right = next(one for one in records if one.topic == "alerts" and json.loads(one.value or b"")["rules"])
    said = json.loads(right.value or b"")
    headers = [(name, value) for name, value in right.headers if name != "ce_type"]
    assert len(published.messages(right)) == 1
    for wrong in (
        replace(right, value=json.dumps({**said, "relation": "rumour"}).encode()),
        replace(right, value=json.dumps({name: each for name, each in said.items() if name != "story_id"}).encode()),
        replace(right, headers=(*headers, ("ce_type", b"tocsin.alert.rumour.v1"))),
        replace(right, headers=tuple(headers)),
        replace(right, value=None),
    ):
        assert published.messages(wrong) == []


def see_webhooks(hook: WebhookSink) -> None:
    """See that each request is read by the SDK, and verified by the library and by the page's example."""
    is_ours = example("verify.py")["is_ours"]
    assert len(hook.received) >= len(TITLES)
    for one in hook.received:
        event = from_http_event(HTTPMessage(headers=one.headers, body=one.body))
        assert event.get_id() == one.webhook_id
        assert Webhook(KEY).verify(one.body, one.headers) == json.loads(one.body)
        assert is_ours(KEY, one.headers, one.body)
        assert not is_ours(KEY, one.headers, one.body + b" ")
        assert not is_ours("whsec_b3RoZXI=", one.headers, one.body)
        assert not is_ours(KEY, {**one.headers, "webhook-timestamp": "1"}, one.body)


def see_the_desks_example(children: Children) -> None:
    """See that the page's example prints what the desk was told."""
    told = {**os.environ, "TOCSIN_BOOTSTRAP": children.bootstrap, "TOCSIN_TOPIC_PREFIX": children.prefix}
    reading = subprocess.Popen(
        [sys.executable, "-c", EXAMPLES["alerts.py"]], env=told, stdout=subprocess.PIPE, text=True
    )
    assert reading.stdout is not None
    try:
        lines = [reading.stdout.readline().strip() for _ in TITLES]
    finally:
        reading.kill()
        reading.communicate()
    assert lines[0] == f"tocsin.alert.first.v1 {TITLES[0]} (rare-earths)"
    assert {line.split()[0] for line in lines[1:]} == {"tocsin.alert.update.v1", "tocsin.alert.correction.v1"}
