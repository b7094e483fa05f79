"""What a lane takes, holds, sends and gives back, and that none slows another."""

from collections.abc import Sequence
from itertools import pairwise

import pytest

from agents.deliver.job import Job
from agents.deliver.outcome import Outcome, ambiguous, throttled
from agents.deliver.partition import Partition
from streams.matching.rule import Urgency
from streams.routing.notification import Delivery, HandOffReason
from streams.topics import RETRIES
from tests.support.delivery_world import MemoryReceiver, on_a_jumping_clock, until
from tests.support.sender_world import World, in_order, jumping, sent_to


@jumping
async def test_a_freeze_is_kept_by_every_delivery_of_the_lane_and_counts_no_attempt() -> None:
    hook = MemoryReceiver([throttled("http_429", 40.0)])
    world = World(known=in_order(), hook=hook)
    async with world.running():
        world.publish(*range(4))
        await world.settled(4)
    assert all(at - hook.calls[0][0] >= 40.0 for at, _ in hook.calls[1:])
    assert [state.attempts for state in world.log.states().values()] == [1] * 4
    handed_off = [record for topic in RETRIES.values() for record in world.log.of(topic)]
    assert {Delivery.from_json(record.value).reason for record in handed_off} == {HandOffReason.FROZEN}


@jumping
async def test_a_short_freeze_is_waited_out_in_the_lane_without_any_tier() -> None:
    hook = MemoryReceiver([throttled("ratelimited", 1.0)] * 3)
    world = World(known=in_order(), hook=hook)
    async with world.running():
        world.publish(*range(3))
        await world.settled(3)
    assert world.log.tier_records() == 0
    assert hook.received[:4] == [sent_to("hook").delivery_id] * 4


@jumping
async def test_a_lane_that_is_asked_for_patience_again_and_again_lets_the_delivery_go_to_a_tier() -> None:
    hook = MemoryReceiver([throttled("ratelimited", 12.0)] * 3)
    world = World(hook=hook)
    async with world.running():
        world.publish(0)
        await world.settled(1)
    assert world.log.tier_records() == 1
    assert [later - sooner >= 12.0 for (sooner, _), (later, _) in pairwise(hook.calls)] == [True] * 3


@jumping
async def test_a_frozen_lane_gives_its_queue_to_the_tiers() -> None:
    hook = MemoryReceiver([throttled("http_429", 300.0)], takes_s=1.0)
    world = World(known=in_order(), hook=hook)
    async with world.running() as process:
        world.publish(*range(10))
        await until(lambda: world.log.tier_records() == 10, within_s=5)
        assert process.metrics.lane_frozen.labels("hook")._value.get() == 1
        await world.settled(10)
    assert world.log.outcomes() == ["delivered"] * 10
    assert all(at - hook.calls[0][0] >= 300.0 for at, _ in hook.calls[1:])


@jumping
async def test_a_slow_receiver_gets_what_its_rate_allows_and_the_rest_waits_in_tiers() -> None:
    hook = MemoryReceiver()
    world = World(known=in_order(rate={"per_second": 1, "burst": 1}), hook=hook)
    async with world.running():
        world.publish(*range(300))
        await world.settled(300)
    times = [at for at, _ in hook.calls]
    assert len(times) == 300
    assert min(later - sooner for sooner, later in pairwise(times)) >= 0.99
    assert times[-1] - times[0] <= 3 * 300
    assert 0 < world.log.tier_records() <= 3 * 300


@jumping
async def test_a_lane_holds_no_more_than_its_share_of_memory() -> None:
    world = World(hook=MemoryReceiver(takes_s=5.0))
    process = await world.process().start()
    world.publish(*range(500))
    await until(lambda: world.log.tier_records() > 0)
    await process.kill()
    assert world.log.tier_records() >= 500 - 310


@jumping
async def test_a_flash_overtakes_what_waits_in_the_lane() -> None:
    hook = MemoryReceiver(takes_s=0.5)
    world = World(known=in_order(), hook=hook)
    async with world.running():
        world.publish(*range(4), urgency=Urgency.ROUTINE)
        await until(lambda: len(hook.calls) == 1)
        world.publish(9, urgency=Urgency.FLASH)
        await world.settled(5)
    assert hook.received[1] == sent_to("hook", 9).delivery_id


def test_a_dead_receiver_does_not_slow_the_others() -> None:
    async def run(dead: Outcome | None) -> float:
        fine = MemoryReceiver(takes_s=0.01)
        world = World(dead=MemoryReceiver(always=dead, takes_s=10.0 if dead else 0.01), fine=fine)
        process = await world.process().start()
        begin = world.log.now
        for number in range(100):
            world.publish(number, to="dead")
            world.publish(number, to="fine")
        await until(lambda: len(fine.calls) == 100, step_s=0.01)
        took = (world.log.now - begin).total_seconds()
        await process.kill()
        return took

    without, beside = on_a_jumping_clock(run(None)), on_a_jumping_clock(run(ambiguous("timeout")))
    assert beside < without + 1.0


def test_mutation_without_lanes_a_dead_receiver_holds_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    async def one_after_the_other(self: Partition, jobs: Sequence[Job]) -> None:
        for job in jobs:
            found = self._around.receivers.find(job.delivery.receiver)
            assert found is not None
            if self._is_to_send(job) and (outcome := await self.settlement.attempt(job, found[1])):
                await self.settlement.settle(job, outcome)

    monkeypatch.setattr(Partition, "_place", one_after_the_other)
    with pytest.raises(AssertionError):
        test_a_dead_receiver_does_not_slow_the_others()
