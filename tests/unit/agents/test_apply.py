from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from pydantic import JsonValue

from agents.apply import all_topics, feed_differences, routes_version, rule_differences
from config.entities import Entry
from config.settings import Settings
from config.yaml_source import parse
from streams.errors import ConfigurationError
from streams.feeds.feed import Feed
from streams.ids import DeskId, FeedId
from streams.matching.rule import RuleChange
from streams.matching.ruleset import Heads, Key, Outcome
from streams.routing.route import Desk, RouteNode, Routes
from streams.topics import FEEDS

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SETTINGS = Settings(user="ann")


def feed(name: str, *, url: str = "https://a.test/rss", publisher: str = "A", managed_by: str = "files") -> Feed:
    return Feed(feed_id=FeedId(name), url=url, fetch_url=url, publisher=publisher, managed_by=managed_by)


def entry(kind: str, name: str, **body: JsonValue) -> Entry:
    own: Mapping[str, JsonValue] = {
        "rule": {"id": name, "query": "x"},
        "entity": {"id": name, "type": "t", "names": {"en": ["x"]}},
        "list": {"id": name, "members": ["x"]},
    }[kind]
    node = parse("", name="x.yaml")
    return Entry(kind=kind, id=name, body={**own, **body}, node=node)  # type: ignore[arg-type]  # of the three kinds


class Log:
    """The topic `rules`: what is written is applied to the heads, as every reader does."""

    def __init__(self) -> None:
        self.heads = Heads()
        self.offset = 0

    def apply(self, *entries: Entry, settings: Settings = SETTINGS) -> list[tuple[str, str, bool]]:
        """Apply files that hold these entries; return what was written."""
        changes = rule_differences(self.heads.heads(), entries, settings=settings, now=NOW)
        assert all(self.take(change) is Outcome.ACCEPTED for change in changes)
        return [(change.kind, change.id, change.deleted) for change in changes]

    def take(self, change: RuleChange) -> Outcome:
        self.offset += 1
        return self.heads.apply(change, self.offset)

    @property
    def live(self) -> set[Key]:
        return {key for key, head in self.heads.heads().items() if not head.deleted}


def test_a_second_apply_of_the_same_files_writes_nothing() -> None:
    log = Log()
    assert len(log.apply(entry("rule", "a"), entry("entity", "e"), entry("list", "l"))) == 3
    assert log.apply(entry("rule", "a"), entry("entity", "e"), entry("list", "l")) == []


def test_what_is_named_is_written_before_what_names_it_and_deleted_after() -> None:
    log = Log()
    kinds = [written[0] for written in log.apply(entry("rule", "a"), entry("list", "l"), entry("entity", "e"))]
    assert kinds == ["entity", "list", "rule"]
    assert [written[0] for written in log.apply()] == ["rule", "list", "entity"]
    assert log.live == set()


def test_only_what_differs_is_written() -> None:
    log = Log()
    log.apply(entry("rule", "a"), entry("rule", "b"), entry("rule", "c"))
    written = log.apply(entry("rule", "a"), entry("rule", "b", query="y"))
    assert written == [("rule", "b", False), ("rule", "c", True)]
    assert log.live == {("rule", "a"), ("rule", "b")}


def test_a_rule_that_comes_back_after_its_deletion_follows_the_deletion() -> None:
    log = Log()
    log.apply(entry("rule", "a"))
    log.apply()
    assert log.apply(entry("rule", "a")) == [("rule", "a", False)]
    assert log.live == {("rule", "a")}


def test_one_id_may_be_a_rule_an_entity_and_a_list() -> None:
    log = Log()
    log.apply(entry("rule", "a"), entry("entity", "a"), entry("list", "a"))
    assert len(log.live) == 3


def test_of_two_changes_with_one_base_the_second_is_lost() -> None:
    log = Log()
    log.apply(entry("rule", "a"))
    heads = log.heads.heads()
    (mine,) = rule_differences(heads, [entry("rule", "a", query="mine")], settings=SETTINGS, now=NOW)
    (other,) = rule_differences(heads, [entry("rule", "a", query="other")], settings=SETTINGS, now=NOW)
    assert [log.take(other), log.take(mine)] == [Outcome.ACCEPTED, Outcome.LOST]


def test_a_change_has_the_same_id_whenever_it_is_made() -> None:
    first, second = (
        rule_differences({}, [entry("rule", "a")], settings=SETTINGS, now=now)[0] for now in (NOW, NOW.replace(hour=1))
    )
    assert first.change_id == second.change_id


def test_a_change_says_who_made_it() -> None:
    (change,) = rule_differences({}, [entry("rule", "a")], settings=SETTINGS, now=NOW)
    assert (change.author, change.managed_by, change.base, change.made_at) == ("ann", "files", None, NOW)


def test_what_another_owner_holds_is_neither_changed_nor_deleted() -> None:
    log = Log()
    log.apply(entry("rule", "a"), entry("rule", "b"), settings=Settings(managed_by="desk"))
    assert log.apply() == []
    with pytest.raises(ConfigurationError) as caught:
        log.apply(entry("rule", "a"), entry("rule", "b"), entry("rule", "c"))
    assert caught.value.problems == (
        'rule "a" belongs to "desk": take it out of the files, or delete it there first',
        'rule "b" belongs to "desk": take it out of the files, or delete it there first',
    )


def test_what_another_owner_deleted_may_be_taken() -> None:
    log = Log()
    log.apply(entry("rule", "a"), settings=Settings(managed_by="desk"))
    log.apply(settings=Settings(managed_by="desk"))
    assert log.apply(entry("rule", "a")) == [("rule", "a", False)]


def test_feeds_that_differ_are_written_and_those_that_are_gone_are_deleted() -> None:
    live = {name: feed(name) for name in ("same", "changed", "gone")} | {"others": feed("others", managed_by="desk")}
    outputs = feed_differences(live, [feed("same"), feed("changed", publisher="B"), feed("new")], managed_by="files")
    assert [(output.key, output.value is None) for output in outputs] == [
        ("changed", False),
        ("new", False),
        ("gone", True),
    ]
    assert {output.partition for output in outputs} == {FEEDS.partition("a.test")}


def test_a_feed_stays_with_its_host_and_its_owner() -> None:
    live = {"a": feed("a"), "b": feed("b", managed_by="desk"), "c": feed("c")}
    moved = [feed("a", url="https://b.test/rss"), feed("b"), feed("c", url="https://a.test/other")]
    with pytest.raises(ConfigurationError) as caught:
        feed_differences(live, moved, managed_by="files")
    assert len(caught.value.problems) == 2
    assert 'feed "a": its host was a.test and is b.test' in caught.value.problems[0]
    assert 'feed "b" belongs to "desk"' in caught.value.problems[1]


def test_the_version_of_routes_is_what_they_say_and_not_the_order_in_which_they_say_it() -> None:
    fx, ops = (Desk(desk_id=DeskId(name), permissions=("public",)) for name in ("fx", "ops"))
    one = Routes(desks={fx.desk_id: fx, ops.desk_id: ops}, route=RouteNode())
    other = Routes(desks={ops.desk_id: ops, fx.desk_id: fx}, route=RouteNode())
    assert routes_version(one) == routes_version(other)
    assert routes_version(one) != routes_version(Routes(desks={fx.desk_id: fx}, route=RouteNode()))


def test_an_installation_has_a_topic_for_each_desk() -> None:
    fx = Desk(desk_id=DeskId("fx"), permissions=("public",))
    names = [topic.name for topic in all_topics(Routes(desks={fx.desk_id: fx}, route=RouteNode()))]
    assert names[-1] == "alerts.fx"
    assert len(names) == len(set(names))
