import gc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from agents.collector import COLLECTED_AFTER
from agents.deliver.service import Deliver, show_ages, show_tiers
from agents.metrics import Metrics, new_metrics
from config.settings import Settings
from streams.errors import RefusedError
from streams.matching.rule import Urgency
from streams.topics import DELIVERIES, RETRIES, RETRY_DELAYS_S, Names

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)
NAMES = Names("t.")


@pytest.fixture
def metrics() -> Metrics:
    return new_metrics()


@pytest.fixture
def _collector() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def ages(metrics: Metrics) -> list[float | None]:
    name = "tocsin_oldest_undelivered_seconds"
    return [metrics.registry.get_sample_value(name, {"urgency": urgency.value}) for urgency in Urgency]


def tiers(metrics: Metrics) -> dict[str, float | None]:
    each = {delay: metrics.registry.get_sample_value("tocsin_retry_backlog", {"delay": delay}) for delay in RETRIES}
    return {delay: count for delay, count in each.items() if count}


def test_an_age_counts_from_the_routing_and_is_0_when_nothing_is_in_hand(metrics: Metrics) -> None:
    show_ages(metrics, {Urgency.FLASH: NOW - timedelta(seconds=90)}, now=NOW)
    assert ages(metrics) == [90, 0, 0]
    show_ages(metrics, {Urgency.URGENT: NOW - timedelta(seconds=2)}, now=NOW)
    assert ages(metrics) == [0, 2, 0]


def test_a_clock_behind_the_one_that_routed_makes_no_negative_age(metrics: Metrics) -> None:
    show_ages(metrics, {Urgency.ROUTINE: NOW + timedelta(seconds=1)}, now=NOW)
    assert ages(metrics) == [0, 0, 0]


def test_a_tier_counts_all_of_its_partitions_and_falls_to_0_with_them(metrics: Metrics) -> None:
    slow, fast = list(RETRY_DELAYS_S)[-1], next(iter(RETRY_DELAYS_S))
    waiting = {(NAMES.of(RETRIES[slow]), number): 10 + number for number in range(3)}
    elsewhere = {(NAMES.of(DELIVERIES[Urgency.FLASH]), 0): 7, (RETRIES[fast].name, 0): 9}
    show_tiers(metrics, waiting | elsewhere, names=NAMES)
    assert tiers(metrics) == {slow: 33}
    show_tiers(metrics, {}, names=NAMES)
    assert tiers(metrics) == {}


@pytest.mark.usefixtures("_collector")
async def test_the_collector_looks_seldom_at_what_lives_long(metrics: Metrics) -> None:
    gc.set_threshold(700, 10, 10)
    with pytest.raises(RefusedError):  # without a broker it goes no further
        await Deliver(Settings(bootstrap=None), metrics).run()
    assert gc.get_threshold() == COLLECTED_AFTER
