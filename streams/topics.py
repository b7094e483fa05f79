"""The topic catalogue, the only one: broker, tests, `topics plan|apply` and deploy/ are made from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from zlib import crc32

from streams.alerts.alert import Alert, DeskAlert
from streams.articles.article import Article
from streams.audit import AuditEntry
from streams.controls import Control
from streams.dead_letter import DeadLetter
from streams.feeds.feed import Feed, FeedState
from streams.matching.match import Match
from streams.matching.rule import RuleChange, Urgency
from streams.people import AccessKey, Judgement
from streams.record import Record
from streams.routing.notification import Delivery, DeliveryState, Thread
from streams.routing.route import RoutesVersion
from streams.routing.told import DeskStory, Routing
from streams.stories.checkpoint import Checkpoint
from streams.stories.story import Story, StoryArticle, TermCounts

DAY_MS = 86_400_000
MESSAGE_BYTES = 1_048_588  # Kafka's own default; every part, alert and delivery is made to stay below it
COMPACTION_LAG_MS = 3_600_000  # a process that died between two records of one match finds both as they were
PREFIX = "tocsin."


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic without its prefix. `partitioned_by` says what its partition is the crc32 of; `key`, what its key is."""

    name: str
    partitions: int
    key: str
    partitioned_by: str
    records: tuple[type[Record], ...]
    compact: bool = False
    retention_ms: int | None = None
    note: str = ""

    def partition(self, by: str) -> int:
        """Return the partition of a record whose `partitioned_by` has this value."""
        return crc32(by.encode()) % self.partitions

    def config(self) -> Mapping[str, str]:
        """Return the topic's settings at the broker."""
        policies = [*(["compact"] if self.compact else []), *(["delete"] if self.retention_ms else [])]
        retention = -1 if self.retention_ms is None else self.retention_ms
        return {
            "cleanup.policy": ",".join(policies) or "delete",
            "retention.ms": str(retention),
            "message.timestamp.type": "LogAppendTime",
            "max.message.bytes": str(MESSAGE_BYTES),
            **({"min.compaction.lag.ms": str(COMPACTION_LAG_MS)} if self.compact else {}),
        }


def _days(days: int) -> int:
    return days * DAY_MS


FEEDS = Topic(
    name="feeds", partitions=12, key="feed id", partitioned_by="registered host", records=(Feed,), compact=True
)
FEED_STATES = Topic(
    name="feed-states", partitions=12, key="feed id", partitioned_by="registered host", records=(FeedState,),
    compact=True,
)  # fmt: skip
ARTICLES = Topic(
    name="articles", partitions=12, key="article id", partitioned_by="article id", records=(Article,),
    retention_ms=_days(31),
)  # fmt: skip
RULES = Topic(
    name="rules", partitions=1, key="kind/id@change id", partitioned_by="-", records=(RuleChange,), compact=True
)
ROUTES = Topic(name="routes", partitions=1, key="version", partitioned_by="-", records=(RoutesVersion,), compact=True)
CONTROLS = Topic(name="controls", partitions=1, key="kind/id", partitioned_by="-", records=(Control,), compact=True)
MATCHES = Topic(
    name="matches", partitions=1, key="article id", partitioned_by="-", records=(Match,), retention_ms=_days(31)
)
STORIES = Topic(
    name="stories", partitions=1, key="story id, article/id, df/hour", partitioned_by="-",
    records=(Story, StoryArticle, TermCounts), compact=True, retention_ms=_days(8),
)  # fmt: skip
ALERTS = Topic(
    name="alerts", partitions=12, key="story id", partitioned_by="story id", records=(Alert,), retention_ms=_days(90)
)
DESK_STORIES = Topic(
    name="desk-stories", partitions=12, key="desk/story id", partitioned_by="story id", records=(DeskStory,),
    compact=True, retention_ms=_days(8),
)  # fmt: skip
ROUTINGS = Topic(
    name="routings", partitions=12, key="story id", partitioned_by="story id", records=(Routing,),
    retention_ms=_days(400),
)  # fmt: skip
DELIVERY_STATES = Topic(
    name="delivery-states", partitions=6, key="delivery id", partitioned_by="receiver", records=(DeliveryState,),
    compact=True, retention_ms=_days(8),
)  # fmt: skip
THREADS = Topic(
    name="threads", partitions=6, key="receiver/story id", partitioned_by="receiver", records=(Thread,),
    compact=True, retention_ms=_days(8),
)  # fmt: skip
CHECKPOINTS = Topic(
    name="checkpoints", partitions=1, key="day/part", partitioned_by="-", records=(Checkpoint,),
    retention_ms=_days(31),
)  # fmt: skip
JUDGEMENTS = Topic(
    name="judgements", partitions=1, key="user/event id", partitioned_by="-", records=(Judgement,), compact=True
)
ACCESS = Topic(name="access", partitions=1, key="key id", partitioned_by="-", records=(AccessKey,), compact=True)
AUDIT = Topic(
    name="audit", partitions=1, key="writer", partitioned_by="-", records=(AuditEntry,), retention_ms=_days(400)
)
DEAD_LETTERS = Topic(
    name="dead-letters", partitions=1, key="topic/partition/offset", partitioned_by="-", records=(DeadLetter,),
    retention_ms=_days(31),
)  # fmt: skip


def _deliveries(name: str, note: str) -> Topic:
    return Topic(
        name=name, partitions=6, key="receiver", partitioned_by="receiver", records=(Delivery,),
        retention_ms=_days(8), note=note,
    )  # fmt: skip


DELIVERIES: Mapping[Urgency, Topic] = MappingProxyType(
    {urgency: _deliveries(f"deliveries.{urgency}", "a flash never queues behind routine") for urgency in Urgency}
)
RETRY_DELAYS_S: Mapping[str, int] = MappingProxyType(
    {"1s": 1, "5s": 5, "30s": 30, "5m": 300, "30m": 1_800, "2h": 7_200}
)
RETRIES: Mapping[str, Topic] = MappingProxyType(
    {
        delay: _deliveries(f"deliveries.retry.{delay}", "one fixed delay: its head is due first")
        for delay in RETRY_DELAYS_S
    }
)

CATALOGUE: tuple[Topic, ...] = (
    FEEDS, FEED_STATES, ARTICLES, RULES, ROUTES, CONTROLS, MATCHES, STORIES, CHECKPOINTS, ALERTS, DESK_STORIES,
    ROUTINGS, *DELIVERIES.values(), *RETRIES.values(), DELIVERY_STATES, THREADS, JUDGEMENTS, ACCESS, AUDIT,
    DEAD_LETTERS,
)  # fmt: skip


def desk_topic(desk: str) -> Topic:
    """Return the topic that one desk reads."""
    return Topic(
        name=f"alerts.{desk}", partitions=1, key="story id", partitioned_by="-", records=(DeskAlert,),
        retention_ms=_days(31),
    )  # fmt: skip


def replay_topic(name: str) -> Topic:
    """Return the side topic of a replay that has a name."""
    return Topic(
        name=f"replays.{name}", partitions=12, key="story id", partitioned_by="story id", records=(Alert,),
        retention_ms=_days(8),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Names:
    """The names of topics at one installation: each with its prefix."""

    prefix: str = field(default=PREFIX)

    def of(self, topic: Topic) -> str:
        """Return the topic's name at the broker."""
        return self.prefix + topic.name
