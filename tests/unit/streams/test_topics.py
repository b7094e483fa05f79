from zlib import crc32

import pytest

from streams import topics
from streams.matching.rule import Urgency
from streams.topics import CATALOGUE, Names, Topic

SAME_OWNER = [
    (topics.FEEDS, topics.FEED_STATES),
    (topics.MATCHES, topics.STORIES),
    (topics.ALERTS, topics.DESK_STORIES),
    (topics.DELIVERY_STATES, topics.THREADS),
    *((topics.DELIVERY_STATES, tier) for tier in (*topics.DELIVERIES.values(), *topics.RETRIES.values())),
]


def test_every_topic_is_named_once() -> None:
    names = [topic.name for topic in CATALOGUE]
    assert len(set(names)) == len(names) == 27


@pytest.mark.parametrize(("left", "right"), SAME_OWNER, ids=lambda topic: topic.name)
def test_topics_that_one_owner_reads_together_have_equal_partitions(left: Topic, right: Topic) -> None:
    assert (left.partitions, left.partitioned_by) == (right.partitions, right.partitioned_by)


@pytest.mark.parametrize("topic", CATALOGUE, ids=lambda topic: topic.name)
def test_every_topic_has_the_brokers_clock_a_record_and_one_cleanup(topic: Topic) -> None:
    config = topic.config()
    assert config["message.timestamp.type"] == "LogAppendTime"
    assert topic.records
    kept_for_ever = config["retention.ms"] == "-1"
    assert kept_for_ever == (config["cleanup.policy"] == "compact")


@pytest.mark.parametrize("topic", CATALOGUE, ids=lambda topic: topic.name)
def test_a_compacted_topic_keeps_an_hour_whole_for_a_process_that_died_between_two_records(topic: Topic) -> None:
    lag_ms = topic.config().get("min.compaction.lag.ms")
    assert lag_ms == ("3600000" if topic.compact else None)


def test_the_partition_is_the_crc32_of_what_the_catalogue_names() -> None:
    assert topics.DELIVERIES[Urgency.FLASH].partition("slack-fx") == crc32(b"slack-fx") % 6
    assert topics.MATCHES.partition("anything") == 0


def test_a_desk_reads_one_topic_of_one_partition() -> None:
    topic = topics.desk_topic("fx-desk")
    assert (topic.name, topic.partitions) == ("alerts.fx-desk", 1)
    assert Names("test.").of(topic) == "test.alerts.fx-desk"
    assert Names().of(topic) == "tocsin.alerts.fx-desk"


def test_a_replay_writes_beside_the_alerts_and_is_gone_after_8_days() -> None:
    topic = topics.replay_topic("audit-1026")
    assert (topic.name, topic.partitions) == ("replays.audit-1026", topics.ALERTS.partitions)
    assert topic.config()["cleanup.policy"] == "delete"


def test_tiers_are_named_by_their_delay() -> None:
    assert {name: topics.RETRY_DELAYS_S[name] for name in topics.RETRIES} == {
        "1s": 1, "5s": 5, "30s": 30, "5m": 300, "30m": 1800, "2h": 7200,
    }  # fmt: skip
