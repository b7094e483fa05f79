import json
from datetime import UTC, datetime, timedelta

import pytest

from streams.latency import HOPS, STAGES, STEPS, Hop, Ledger, read_ledger

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_ledger_comes_back_from_its_header_with_what_is_unknown() -> None:
    ledger = Ledger().stamped(published=None, fetched=NOON, matched=NOON + timedelta(microseconds=1500))
    again = read_ledger(ledger.to_header())
    assert again == ledger
    assert again.at(Hop.PUBLISHED) is None
    assert again.lag_ms(Hop.FETCHED, Hop.MATCHED) == 1.5


def test_the_header_lists_hops_in_the_order_of_the_journey_and_null_for_unknown() -> None:
    header = Ledger().stamped(routed=NOON, published=None).to_header()
    assert list(json.loads(header)) == ["published", "routed"]
    assert json.loads(header) == {"published": None, "routed": "2026-03-01T12:00:00.000000Z"}


def test_unknown_is_unknown_and_never_zero() -> None:
    ledger = Ledger().stamped(published=None, fetched=NOON)
    assert ledger.lag_ms(Hop.PUBLISHED, Hop.FETCHED) is None
    assert ledger.lag_ms(Hop.FETCHED, Hop.DELIVERED) is None


def test_a_difference_across_clocks_may_be_negative() -> None:
    assert (
        Ledger().stamped(published=NOON, fetched=NOON - timedelta(seconds=2)).lag_ms(Hop.PUBLISHED, Hop.FETCHED)
        == -2000
    )


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(None, id="absent"),
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="not json"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'{"fetched": 5}', id="a number for a time"),
        pytest.param(b'{"fetched": "yesterday"}', id="no time"),
        pytest.param(b'{"fetched": "0001-01-01T00:00:00+14:00"}', id="a time before all times"),
        pytest.param(b'{"later_hop": "2026-03-01T12:00:00Z"}', id="a hop of a newer program"),
        pytest.param(b"\xff", id="not text"),
    ],
)
def test_a_broken_ledger_costs_the_figures_and_never_the_alert(header: bytes | None) -> None:
    assert read_ledger(header) == Ledger()


def test_each_stage_is_between_two_hops_and_the_steps_lie_end_to_end() -> None:
    times = [NOON + timedelta(milliseconds=each) for each in (0, 3_000, 3_060, 3_064, 3_069, 3_077, 3_087, 3_257)]
    ledger = Ledger(dict(zip(HOPS, times, strict=True)))

    assert {stage: ledger.spent_ms(stage) for stage in STAGES} == {
        "source": 3_000, "fetch": 60, "queue": 4, "match": 5, "alert": 8, "route": 10, "deliver": 170, "total": 197,
    }  # fmt: skip
    assert [start for start, _ in STEPS.values()][1:] == [end for _, end in STEPS.values()][:-1]


def test_a_clock_that_jumps_back_between_hops_is_shown_and_what_follows_is_not_touched() -> None:
    back = NOON - timedelta(seconds=10)
    ledger = Ledger().stamped(matched=NOON, alerted=back, routed=back + timedelta(milliseconds=4))

    assert (ledger.spent_ms("alert"), ledger.spent_ms("route"), ledger.spent_ms("deliver")) == (-10_000, 4, None)
