from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from agents.metrics import MOST_LABEL_VALUES, OTHER, Metrics, new_metrics
from streams.latency import STAGES, Ledger

GOLDEN = Path(__file__).parents[2] / "data" / "metrics.txt"
UNBOUNDED = {"rule", "story", "url", "article", "title"}


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(CollectorRegistry())


def listed(metrics: Metrics) -> list[str]:
    return [
        f"{each.name} {each.type} {','.join(each.labels) or '-'}"
        for each in sorted(metrics.described(), key=lambda each: each.name)
    ]


def test_a_rename_of_a_metric_is_noticed(metrics: Metrics) -> None:
    assert listed(metrics) == GOLDEN.read_text(encoding="utf-8").splitlines()


def test_every_metric_has_the_prefix_and_a_sentence(metrics: Metrics) -> None:
    for each in metrics.described():
        assert each.name.startswith("tocsin_")
        assert each.meaning.endswith(".")


def test_counters_end_in_total_and_times_in_seconds(metrics: Metrics) -> None:
    for each in metrics.described():
        assert each.name.endswith("_total") == (each.type == "counter"), each.name
        assert not each.name.endswith(("_ms", "_milliseconds", "_minutes")), each.name
        assert not ({"duration", "latency"} & set(each.name.split("_"))) or each.name.endswith("_seconds"), each.name


def test_no_label_is_unbounded(metrics: Metrics) -> None:
    assert not [each.name for each in metrics.described() if UNBOUNDED & set(each.labels)]


def test_feeds_and_receivers_never_label_a_histogram(metrics: Metrics) -> None:
    histograms = [each for each in metrics.described() if each.type == "histogram"]
    assert len(histograms) == 4
    assert not [each.name for each in histograms if {"feed", "receiver"} & set(each.labels)]


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        pytest.param("tocsin_dead_letters_total", {"stage": "match", "reason": "not_json"}, id="dead letters"),
        pytest.param("tocsin_alerts_total", {"relation": "first", "urgency": "flash", "outcome": "told"}, id="alerts"),
        pytest.param("tocsin_stage_latency_seconds_count", {"stage": "total"}, id="latency"),
        pytest.param("tocsin_matches_total", {}, id="without labels"),
        pytest.param("tocsin_retry_backlog", {"delay": "2h"}, id="retry tiers"),
        pytest.param("tocsin_oldest_undelivered_seconds", {"urgency": "flash"}, id="nothing is undelivered"),
    ],
)
def test_what_has_not_happened_yet_stands_at_0(metrics: Metrics, name: str, labels: dict[str, str]) -> None:
    assert metrics.registry.get_sample_value(name, labels) == 0


def test_every_outcome_of_a_new_receiver_stands_at_0(metrics: Metrics) -> None:
    metrics.delivery_outcomes("slack-fx")
    for outcome in ("delivered", "dead", "expired", "muted", "handed_off"):
        labels = {"receiver": "slack-fx", "outcome": outcome}
        assert metrics.registry.get_sample_value("tocsin_deliveries_total", labels) == 0


def test_a_label_has_a_thousand_values_at_most(metrics: Metrics) -> None:
    values = {metrics.capped("feed", f"feed-{number}") for number in range(MOST_LABEL_VALUES + 5)}
    assert len(values) == MOST_LABEL_VALUES + 1
    assert metrics.capped("feed", "one-more") == OTHER
    assert metrics.capped("feed", "feed-0") == "feed-0"
    assert metrics.capped("receiver", "one-more") == "one-more"


def test_two_processes_in_one_interpreter_do_not_share_a_metric(metrics: Metrics) -> None:
    other = new_metrics()
    metrics.matches.inc()
    assert other.registry.get_sample_value("tocsin_matches_total") == 0


def test_the_version_stands_in_build_info(metrics: Metrics) -> None:
    text = [sample for family in metrics.registry.collect() for sample in family.samples]
    (info,) = [sample for sample in text if sample.name == "tocsin_build_info"]
    assert info.value == 1
    assert info.labels["version"].count(".") == 2


@pytest.mark.parametrize(
    ("spent_ms", "count", "sum_s"),
    [
        pytest.param(250, 1, 0.25, id="a time"),
        pytest.param(0, 1, 0, id="less than can be told apart"),
        pytest.param(-999, 1, 0, id="less than 0 by rounding"),
        pytest.param(-1_000, 0, 0, id="clocks that are a second apart"),
        pytest.param(-10_000, 0, 0, id="a clock that jumped back"),
        pytest.param(None, 0, 0, id="unknown"),
    ],
)
@pytest.mark.parametrize("stage", STAGES)
def test_each_stage_is_measured_by_its_own_hops(
    metrics: Metrics, stage: str, spent_ms: float | None, count: int, sum_s: float
) -> None:
    start, end = STAGES[stage]
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    ledger = Ledger({start: moment, end: None if spent_ms is None else moment + timedelta(milliseconds=spent_ms)})

    metrics.took(stage, ledger)

    found = {part: metrics.registry.get_sample_value(f"tocsin_stage_latency_seconds_{part}", {"stage": stage})
             for part in ("count", "sum")}  # fmt: skip
    assert found == {"count": count, "sum": sum_s}
