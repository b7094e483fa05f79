"""The sender among faults and kills between any two writes, on a clock that jumps, two thousand deliveries at a time.

Each seed is a run of its own: 50 receivers of which 2 are dead, three attempts of ten that fail, 10 kills, and now and
then the loss of all commits. A failure names its seed. `python -m bench.delivery` runs fifty of them.
"""

import pytest

from agents.deliver.ledger import DeliveryLedger, Verdict
from agents.deliver.offsets import Offsets
from streams.routing.notification import DeliveryStatus
from tests.support import chaos
from tests.support.chaos import Account, Chaos, Plan
from tests.support.delivery_world import on_a_jumping_clock

SEEDS, EACH = 12, 2_000  # about 40 s on an idle machine
FEW = 200


def account(seed: int, deliveries: int = EACH) -> Account:
    """Return the account once every living receiver got what it was promised."""

    async def run() -> Account:
        return await Chaos.of(Plan(seed=seed, deliveries=deliveries, to_the_end=False)).run()

    return on_a_jumping_clock(run())


@pytest.mark.parametrize("seed", range(SEEDS))
def test_faults_and_kills_lose_nothing_and_repeat_only_what_was_in_flight(seed: int) -> None:
    found = account(seed)
    plan = Plan(seed=seed, deliveries=EACH)
    assert found.promised == EACH
    assert found.ended == {DeliveryStatus.DELIVERED: plan.to_living}
    assert (found.unaccounted, found.beyond_bound, found.under_two_ids) == (0, 0, 0), found
    assert found.tier_records <= 3 * EACH


def test_to_the_end_what_a_dead_receiver_was_promised_expires_and_is_told_in_digests_that_expire_too() -> None:
    async def run() -> Account:
        return await Chaos.of(Plan(seed=1, deliveries=FEW, receivers=10, kills=2)).run()

    found = on_a_jumping_clock(run())
    to_dead = FEW // 10 * 2
    assert found.ended == {DeliveryStatus.DELIVERED: FEW - to_dead, DeliveryStatus.EXPIRED: 2 * to_dead}
    assert (found.unaccounted, found.beyond_bound) == (0, 0), found


def test_mutation_without_the_ledger_a_replay_repeats_what_nothing_excuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DeliveryLedger, "judge", lambda _self, _delivery: Verdict.SEND)
    monkeypatch.setattr(chaos, "LOST_COMMITS", 1.0)
    assert account(1, FEW).beyond_bound > 0


def test_mutation_committing_past_a_gap_loses_what_was_in_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    def committable(self: Offsets) -> int | None:
        return self._next

    monkeypatch.setattr(Offsets, "committable", committable)
    with pytest.raises(TimeoutError):
        account(0, FEW)
