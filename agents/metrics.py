"""Every metric, made on one registry that is passed in; a golden test holds their names.

Labels come from sets that the configuration bounds, and each set that is known beforehand starts at 0.
Feeds and receivers label gauges and counters only, never histograms.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import version
from itertools import product
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary

from streams.alerts.alert import Relation
from streams.errors import Reason
from streams.latency import STAGES, Ledger
from streams.matching.rule import Urgency
from streams.routing.notification import DeliveryStatus
from streams.routing.told import RoutingDecision
from streams.topics import RETRY_DELAYS_S

PREFIX = "tocsin_"
LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900)
WORKERS = ("poll", "match", "alert", "fan_out", "deliver")
ARTICLE_OUTCOMES = ("new", "updated", "backfill", "heartbeat", "health", "refused")
FETCH_OUTCOMES = (
    "new_items", "same_items", "same_body", "not_modified", "http_error", "throttled", "timeout", "connect_error",
    "refused_address", "too_large", "not_a_feed", "gone", "denied",
)  # fmt: skip
MOST_LABEL_VALUES = 1_000
ROUNDING_MS = 1_000.0  # publishers date to the second, the broker to the millisecond
OTHER = "other"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Described:
    """What documents, rules and dashboards may know of a metric; `name` is the one that queries use."""

    name: str
    type: str
    labels: tuple[str, ...]
    meaning: str


class Metrics:
    """The metrics of one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._seen: dict[str, set[str]] = {}
        self._described: list[Described] = []
        self._poll()
        self._pipeline()
        self._delivery()
        self._operations()

    def _poll(self) -> None:
        self.articles = self._counter("articles_total", "Articles published.", outcome=ARTICLE_OUTCOMES)
        self.feed_requests = self._counter("feed_requests_total", "Requests to feeds.", "feed", "outcome")
        self.feed_last_success = self._gauge("feed_last_success_timestamp_seconds", "Last good answer.", "feed")
        self.feed_last_item = self._gauge("feed_last_item_timestamp_seconds", "Newest item's first sight.", "feed")
        self.feed_gap = self._gauge("feed_gap_seconds", "Present time between polls.", "feed")
        self.fetch_duration = self._histogram("fetch_duration_seconds", "A request's time.", outcome=FETCH_OUTCOMES)
        self.clock_skew = self._gauge(
            "clock_skew_seconds", "Server's clock, by its Date and Age, less ours; right to about a second.", "feed"
        )

    def _pipeline(self) -> None:
        self.stage_latency = self._histogram(
            "stage_latency_seconds",
            "Time from hop to hop; total is fetched to delivered. Unknown is left out, and clocks 1 s or more apart.",
            stage=STAGES,
        )
        self.match_duration = self._histogram("match_duration_seconds", "Time to match one article.")
        self.match_candidates = self._counter("match_candidates_total", "Rules that the index proposed.")
        self.match_evaluated = self._counter("match_evaluated_total", "Rules that were evaluated.")
        self.matches = self._counter("matches_total", "Articles that matched a rule.")
        self.rules_loaded = self._gauge("rules_loaded", "Rules that are live.")
        self.rules_rejected = self._gauge("rules_rejected", "Rules whose newest version does not compile.")
        self.ruleset_version = self._gauge("ruleset_version", "Offset of the last change applied.")
        outcomes = tuple(decision.value for decision in RoutingDecision)
        self.alerts = self._counter(
            "alerts_total", "Decisions for a desk.",
            relation=tuple(Relation), urgency=tuple(Urgency), outcome=outcomes,
        )  # fmt: skip
        self.alerts_suppressed = self._counter(
            "alerts_suppressed_total", "Alerts that a desk was not told of.",
            reason=tuple(outcome for outcome in outcomes if outcome != RoutingDecision.TOLD),
        )  # fmt: skip
        self.stories_open = self._gauge("stories_open", "Stories in the window.")
        self.source_lead = self._summary(
            "source_lead_seconds",
            "Lead of the first source of a story over the second, by first sight, once both were timed.",
            "source",
        )

    def _delivery(self) -> None:
        self.deliveries = self._counter(
            "deliveries_total", "Deliveries by final or passing state.", "receiver", "outcome"
        )
        self.delivery_duration = self._histogram(
            "delivery_duration_seconds", "Routed to delivered.", urgency=tuple(Urgency)
        )
        self.lane_depth = self._gauge("lane_depth", "Deliveries in a lane.", "receiver")
        self.lane_frozen = self._gauge("lane_frozen", "1 while a receiver asked for patience.", "receiver")
        self.breaker_open = self._gauge("breaker_open", "1 while a receiver is given up for the moment.", "receiver")
        self.receiver_needs_attention = self._gauge(
            "receiver_needs_attention", "1 while a receiver has refused since it last took something.", "receiver"
        )
        self.retry_backlog = self._gauge("retry_backlog", "Records that wait in a tier.", delay=tuple(RETRY_DELAYS_S))
        self.oldest_undelivered = self._gauge(
            "oldest_undelivered_seconds",
            "Age, since it was routed or was due, of the oldest delivery in hand without a final state.",
            urgency=tuple(Urgency),
        )
        self.alerts_unaccounted = self._gauge(
            "alerts_unaccounted", "Deliveries that a desk was promised and that are neither ended nor on any topic."
        )

    def _operations(self) -> None:
        self.dead_letters = self._counter(
            "dead_letters_total", "Records kept aside.", stage=WORKERS, reason=tuple(Reason)
        )
        self.consumer_lag = self._gauge("consumer_lag", "Records not yet committed.", "topic", "partition")
        self.stream_clients = self._gauge("stream_clients", "Clients of the live stream.")
        self.stream_gaps = self._counter("stream_gaps_total", "Gaps told to slow clients.")
        self.build_info = self._gauge("build_info", "1, labelled with the version.", "version")
        self.build_info.labels(version("tocsin")).set(1)

    def capped(self, label: str, value: str) -> str:
        """Return the label's value, or `other` once the label has a thousand values."""
        seen = self._seen.setdefault(label, set())
        if value not in seen and len(seen) >= MOST_LABEL_VALUES:
            return OTHER
        seen.add(value)
        return value

    def took(self, stage: str, ledger: Ledger) -> None:
        """Observe what a stage took, if that is known. Less than 0 by rounding is 0; by more, the clocks differ."""
        spent_ms = ledger.spent_ms(stage)
        if spent_ms is not None and spent_ms > -ROUNDING_MS:
            self.stage_latency.labels(stage).observe(max(0.0, spent_ms / 1000))

    def delivery_outcomes(self, receiver: str) -> None:
        """Start every outcome of a receiver, and its need of attention, at 0."""
        for status in DeliveryStatus:
            self.deliveries.labels(self.capped("receiver", receiver), status.value)
        self.receiver_needs_attention.labels(self.capped("receiver", receiver))

    def described(self) -> tuple[Described, ...]:
        """Return every metric with its labels and meaning, in the order of the flow."""
        return tuple(self._described)

    def _describe(self, kind: str, name: str, text: str, labels: tuple[str, ...]) -> None:
        self._described.append(Described(PREFIX + name, kind, labels, text))

    def _counter(self, name: str, text: str, *free: str, **known: Iterable[str]) -> Counter:
        self._describe("counter", name, text, (*free, *known))
        counter = Counter(PREFIX + name, text, (*free, *known), registry=self.registry)
        return _started(counter, counter.labels, free, known)

    def _gauge(self, name: str, text: str, *free: str, **known: Iterable[str]) -> Gauge:
        self._describe("gauge", name, text, (*free, *known))
        gauge = Gauge(PREFIX + name, text, (*free, *known), registry=self.registry)
        return _started(gauge, gauge.labels, free, known)

    def _summary(self, name: str, text: str, *free: str) -> Summary:
        """Return a count and a sum, without quantiles: it costs two series for each set of labels."""
        self._describe("summary", name, text, free)
        return Summary(PREFIX + name, text, free, registry=self.registry)

    def _histogram(self, name: str, text: str, **known: Iterable[str]) -> Histogram:
        self._describe("histogram", name, text, tuple(known))
        histogram = Histogram(PREFIX + name, text, tuple(known), registry=self.registry, buckets=LATENCY_BUCKETS)
        return _started(histogram, histogram.labels, (), known)


def new_metrics() -> Metrics:
    """Return the metrics of a process, on a registry of their own."""
    return Metrics(CollectorRegistry())


def _started(metric: T, labels: Callable[..., object], free: tuple[str, ...], known: dict[str, Iterable[str]]) -> T:
    if known and not free:
        for values in product(*known.values()):
            labels(*values)
    return metric
