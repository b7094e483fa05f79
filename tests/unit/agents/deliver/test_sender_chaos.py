"""The sender among faults and kills between any two writes, on a clock that jumps, two thousand deliveries at a time.

Each seed is a run of its own: 50 receivers of which 2 are dead, three attempts of ten that fail, 10 kills, and now and
then the loss of all commits. A failure names its seed. They run in two processes, which measure no coverage.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import pytest

from agents import log
from agents.deliver.ledger import DeliveryLedger, Verdict
from agents.deliver.offsets import Offsets
from streams.routing.notification import DeliveryStatus
from tests.support import chaos
from tests.support.chaos import OF_A_SEED, SEEDS, Account, Plan, account, account_of_seed

FEW = 200
QUIET = partial(log.configure, form="console", level="ERROR")


@pytest.fixture(scope="module")
def accounts() -> Iterator[Sequence[Future[Account]]]:
    """Return the accounts of all seeds, some of which are still to come. Cost: about 150 s of CPU."""
    pool = ProcessPoolExecutor(2, get_context("spawn"), QUIET)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)  # traced, they would take twice as long
            coming = [pool.submit(account_of_seed, seed) for seed in SEEDS]
        yield coming
    finally:
        pool.shutdown(cancel_futures=True)


def few(seed: int) -> Account:
    """Return the account of a run in this process, where it can be changed."""
    return account(Plan(seed=seed, deliveries=FEW, to_the_end=False))


@pytest.mark.parametrize("seed", SEEDS)
def test_faults_and_kills_lose_nothing_and_repeat_only_what_was_in_flight(
    seed: int, accounts: Sequence[Future[Account]]
) -> None:
    found = accounts[seed].result()
    plan = Plan(seed=seed, deliveries=OF_A_SEED)
    assert found.promised == OF_A_SEED
    assert found.ended == {DeliveryStatus.DELIVERED: plan.to_living}
    assert (found.unaccounted, found.beyond_bound, found.under_two_ids) == (0, 0, 0), found
    assert found.tier_records <= 3 * OF_A_SEED


def test_to_the_end_what_a_dead_receiver_was_promised_expires_and_is_told_in_digests_that_expire_too() -> None:
    found = account(Plan(seed=1, deliveries=FEW, receivers=10, kills=2))
    to_dead = FEW // 10 * 2
    assert found.ended == {DeliveryStatus.DELIVERED: FEW - to_dead, DeliveryStatus.EXPIRED: 2 * to_dead}
    assert (found.unaccounted, found.beyond_bound) == (0, 0), found


def test_mutation_without_the_ledger_a_replay_repeats_what_nothing_excuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DeliveryLedger, "judge", lambda _self, _delivery: Verdict.SEND)
    monkeypatch.setattr(chaos, "LOST_COMMITS", 1.0)
    assert few(1).beyond_bound > 0


def test_mutation_committing_past_a_gap_loses_what_was_in_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    def committable(self: Offsets) -> int | None:
        return self._next

    monkeypatch.setattr(Offsets, "committable", committable)
    with pytest.raises(TimeoutError):
        few(0)
