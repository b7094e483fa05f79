from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents import apply as applying
from agents.apply import (
    Applied,
    apply_feeds,
    apply_routes,
    apply_rules,
    apply_topics,
    live_feeds,
    live_routes,
    read_heads,
    rule_differences,
)
from agents.broker.server import Broker
from agents.kafka import Outgoing, Producer, outgoing
from agents.topic_admin import plan
from config.entities import Entry
from config.feeds import load_feeds
from config.routes import load_routes
from config.rules import load_rules
from config.settings import Settings
from streams.errors import ConfigurationError
from streams.feeds.feed import Feed
from streams.topics import FEEDS, ROUTES, RULES, desk_topic
from tests.support.kafka import read

pytestmark = pytest.mark.kafka
NOWHERE = Path("/nonexistent")
FEED = "version: 1\nfeeds:\n  - {id: a, url: 'https://a.test/', publisher: A}\n"
ROUTES_TEXT = "version: 1\ndesks: {fx: {permissions: [public]}}\nroute: {desk: fx}\n"


@pytest.fixture
def settings(broker: Broker, topic_prefix: str) -> Settings:
    return Settings(bootstrap=broker.bootstrap, topic_prefix=topic_prefix, user="ann")


@pytest.fixture
async def producer(settings: Settings) -> AsyncIterator[Producer]:
    await apply_topics(settings, load_routes(NOWHERE))
    made = Producer(settings)
    await made.start()
    yield made
    await made.stop()


def entries(folder: Path, *rules: str) -> list[Entry]:
    (folder / "entities.yaml").write_text(
        "version: 1\nentities: [{id: e, type: t, names: {en: [Rare earths]}}]\nlists: {l: [tin]}\n"
    )
    (folder / "rules.yaml").write_text("version: 1\nrules: [" + ", ".join(rules) + "]\n")
    return load_rules(folder)


def feeds(folder: Path, text: str) -> tuple[Feed, ...]:
    (folder / "feeds.yaml").write_text(text)
    return load_feeds(folder).feeds


class Rival(Producer):
    """A producer whose records come second: another writer's `first` records stand before them."""

    first: tuple[Outgoing, ...] = ()

    async def deliver(self, outputs: list[Outgoing]) -> None:  # type: ignore[override]  # a list is enough here
        await super().deliver([*self.first, *outputs])


async def rival(settings: Settings, *first: Outgoing) -> Rival:
    made = Rival(settings)
    made.first = first
    await made.start()
    return made


async def test_topics_of_the_catalogue_and_of_each_desk_are_there_after_an_apply(settings: Settings) -> None:
    routes = load_routes(NOWHERE)
    assert len(await apply_topics(settings, routes)) == len(applying.all_topics(routes))
    assert await apply_topics(settings, routes) == []


async def test_a_second_apply_publishes_nothing(settings: Settings, producer: Producer, tmp_path: Path) -> None:
    rules = entries(tmp_path, "{id: a, query: '@e AND #l'}", "{id: b, query: x}")
    file, routes = feeds(tmp_path, FEED), load_routes(NOWHERE)
    first = [
        await apply_routes(settings, producer, routes),
        await apply_rules(settings, producer, rules),
        await apply_feeds(settings, producer, file),
    ]
    assert [applied.published[-1].split(" ")[0] for applied in first] == ["routes", "rule", "feed"]
    assert first[1] == Applied(published=("entity e", "list l", "rule a", "rule b"), unchanged=0)
    before = [len(await read(str(settings.bootstrap), settings.topic_prefix + name)) for name in ("rules", "routes")]
    second = [
        await apply_routes(settings, producer, routes),
        await apply_rules(settings, producer, rules),
        await apply_feeds(settings, producer, file),
    ]
    assert second == [Applied(unchanged=1), Applied(unchanged=4), Applied(unchanged=1)]
    after = [len(await read(str(settings.bootstrap), settings.topic_prefix + name)) for name in ("rules", "routes")]
    assert before == after == [4, 1]


async def test_what_the_files_no_longer_hold_is_deleted(settings: Settings, producer: Producer, tmp_path: Path) -> None:
    await apply_rules(settings, producer, entries(tmp_path, "{id: a, query: x}", "{id: b, query: x}"))
    await apply_feeds(settings, producer, feeds(tmp_path, FEED))
    changed = await apply_rules(settings, producer, entries(tmp_path, "{id: a, query: y}"))
    assert changed == Applied(published=("rule a", "rule b"), deleted=("rule b",), unchanged=2)
    heads, _ = await read_heads(settings)
    assert (heads["rule", "a"].body["query"], heads["rule", "b"].deleted) == ("y", True)
    assert await apply_feeds(settings, producer, ()) == Applied(published=("feed a",), deleted=("feed a",))
    assert await live_feeds(settings) == {}


async def test_of_two_writers_with_one_base_the_second_is_named(
    settings: Settings, producer: Producer, tmp_path: Path
) -> None:
    await apply_rules(settings, producer, entries(tmp_path, "{id: a, query: x}", "{id: b, query: x}"))
    heads, _ = await read_heads(settings)
    theirs = entries(tmp_path, "{id: a, query: theirs}", "{id: b, query: x}")
    (change,) = rule_differences(heads, theirs, settings=settings, now=datetime.now(UTC))
    output = outgoing(RULES, change, key=change.key, ce_id=change.change_id, stage="test", at=change.made_at)
    second = await rival(settings, output)
    try:
        ours = entries(tmp_path, "{id: a, query: ours}", "{id: b, query: ours}")
        applied = await apply_rules(settings, second, ours)
    finally:
        await second.stop()
    assert applied.lost == ("rule a",)
    heads, _ = await read_heads(settings)
    assert (heads["rule", "a"].body["query"], heads["rule", "b"].body["query"]) == ("theirs", "ours")


async def test_what_another_owner_holds_is_an_error_and_nothing_is_published(
    settings: Settings, producer: Producer, tmp_path: Path
) -> None:
    desk = settings.model_copy(update={"managed_by": "desk"})
    await apply_rules(desk, producer, entries(tmp_path, "{id: a, query: x}"))
    with pytest.raises(ConfigurationError, match='rule "a" belongs to "desk"'):
        await apply_rules(settings, producer, entries(tmp_path, "{id: a, query: y}", "{id: b, query: y}"))
    heads, _ = await read_heads(settings)
    assert ("rule", "b") not in heads
    assert not heads["rule", "a"].deleted


async def test_a_new_desk_has_its_topic_before_the_routes_name_it(
    settings: Settings, producer: Producer, tmp_path: Path
) -> None:
    (tmp_path / "routes.yaml").write_text(ROUTES_TEXT)
    routes = load_routes(tmp_path)
    applied = await apply_routes(settings, producer, routes)
    assert len(applied.published) == 1
    assert await plan(settings, [desk_topic("fx")]) == []
    newest = await live_routes(settings)
    assert newest is not None
    assert (newest.body, newest.author) == (routes, "ann")


async def test_routes_that_come_back_are_the_newest_again(
    settings: Settings, producer: Producer, tmp_path: Path
) -> None:
    (tmp_path / "routes.yaml").write_text(ROUTES_TEXT)
    mine, shipped = load_routes(tmp_path), load_routes(NOWHERE)
    for routes in (mine, shipped, mine):
        assert (await apply_routes(settings, producer, routes)).lost == ()
    newest = await live_routes(settings)
    assert newest is not None
    assert newest.body == mine


async def test_a_record_that_is_no_rule_no_feed_and_no_routes_stops_nobody(
    settings: Settings, producer: Producer, tmp_path: Path
) -> None:
    for topic in (RULES, ROUTES, FEEDS):
        await producer.deliver([Outgoing(topic=topic, partition=0, key="poison", value=b"{")])
    assert len((await apply_rules(settings, producer, entries(tmp_path, "{id: a, query: x}"))).published) == 3
    assert len((await apply_feeds(settings, producer, feeds(tmp_path, FEED))).published) == 1
    assert len((await apply_routes(settings, producer, load_routes(NOWHERE))).published) == 1


async def test_a_missing_topic_is_named_with_the_cure(settings: Settings, tmp_path: Path) -> None:
    made = Producer(settings)
    await made.start()
    try:
        with pytest.raises(ConfigurationError, match=r"topic .*rules is missing: run `tocsin topics apply`"):
            await apply_rules(settings, made, entries(tmp_path, "{id: a, query: x}"))
    finally:
        await made.stop()
