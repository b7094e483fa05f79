"""Hand-offs that a kill tears or a replay repeats, and the guards against both, each of them switched off once."""

import asyncio
from collections.abc import Sequence

import pytest

from agents.deliver import settlement
from agents.deliver.effects import Effects
from agents.deliver.job import Job
from agents.deliver.ledger import DeliveryLedger, Verdict
from agents.deliver.outcome import failed
from agents.kafka import Outgoing
from streams.routing.notification import Delivery
from streams.topics import RETRIES
from tests.support.delivery_world import MemoryReceiver, on_a_jumping_clock, until
from tests.support.sender_world import World, sent_to


async def torn_between_tier_and_state() -> tuple[list[str], int]:
    """Fail once, and be killed just before the second write of the hand-off; return the outcomes after a restart."""
    hook = MemoryReceiver([failed("http_500")])
    world = World(hook=hook)
    writes: list[Sequence[Outgoing]] = []

    def tear(outputs: Sequence[Outgoing]) -> bool:
        writes.append(outputs)
        return len(writes) == 2

    first = await world.process(tear=tear).start()
    world.publish(0)
    await until(lambda: first.failed)
    await first.kill()
    second = await world.process().start()
    try:
        await until(lambda: "delivered" in world.log.outcomes(), within_s=20_000)
        await until(lambda: world.committed(RETRIES["1s"]) == len(world.log.of(RETRIES["1s"])), within_s=20_000)
    except TimeoutError:
        return world.log.outcomes(), len(hook.calls)
    finally:
        await second.stop()
    return world.log.outcomes(), len(hook.calls)


def test_a_pair_that_is_torn_between_tier_and_state_is_delivered_once() -> None:
    outcomes, calls = on_a_jumping_clock(torn_between_tier_and_state())
    assert outcomes == ["delivered"]
    assert calls == 2


def test_mutation_writing_the_state_before_the_tier_loses_a_delivery(monkeypatch: pytest.MonkeyPatch) -> None:
    async def state_first(self: settlement.Settlement, done: Sequence[tuple[Job, Effects]]) -> None:
        swapped = [
            (job, Effects(first=each.then, then=each.first, state=each.state, thread=each.thread)) for job, each in done
        ]
        await right(self, swapped)

    right = settlement.Settlement._perform
    monkeypatch.setattr(settlement.Settlement, "_perform", state_first)
    outcomes, _ = on_a_jumping_clock(torn_between_tier_and_state())
    assert outcomes == ["handed_off"]


async def calls_after_twins(kill: bool) -> int:
    """Return how often a delivery is sent whose hand-off was torn, so that two copies stand in a tier."""
    hook = MemoryReceiver()
    world = World(hook=hook)
    process = await world.process().start()
    for _ in range(2):
        world.log.publish(sent_to("hook").model_copy(update={"seq": 1, "attempts": 1}), RETRIES["1s"])
    await until(lambda: world.committed(RETRIES["1s"]) == 2)
    await (process.kill() if kill else process.stop())
    return len(hook.calls)


def test_the_second_copy_of_a_torn_hand_off_is_dropped() -> None:
    assert on_a_jumping_clock(calls_after_twins(kill=False)) == 1


def test_mutation_without_the_ledger_the_second_copy_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DeliveryLedger, "judge", lambda _self, _delivery: Verdict.SEND)
    assert on_a_jumping_clock(calls_after_twins(kill=True)) == 2


async def tier_records_after_a_replay() -> int:
    """Return how many tier records a delivery has made after a crash that lost every commit."""
    world = World(hook=MemoryReceiver(always=failed("http_500")))
    world.publish(0)
    for _ in range(4):
        world.log.committed.clear()
        process = await world.process().start()
        await asyncio.sleep(60)
        await process.kill()
    return world.log.tier_records()


def test_a_stale_copy_is_not_handed_off_again() -> None:
    assert on_a_jumping_clock(tier_records_after_a_replay()) <= 7


def test_mutation_without_the_fence_each_replay_hands_off_again(monkeypatch: pytest.MonkeyPatch) -> None:
    right = DeliveryLedger.judge

    def no_fence(self: DeliveryLedger, copy: Delivery) -> Verdict:
        return Verdict.SEND if right(self, copy) is Verdict.STALE else right(self, copy)

    monkeypatch.setattr(DeliveryLedger, "judge", no_fence)
    assert on_a_jumping_clock(tier_records_after_a_replay()) > 7
