"""Which tiers a delivery passes, when it comes back, and what that costs."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise

from agents.deliver.outcome import Outcome, OutcomeKind, ambiguous, failed
from streams.routing.notification import Delivery, DeliveryStatus
from streams.topics import RETRIES
from tests.support.delivery_world import MemoryLog, MemoryReceiver, receiver, routes, until
from tests.support.sender_world import World, jumping


@jumping
async def test_failures_climb_the_tiers_until_the_receiver_answers() -> None:
    hook = MemoryReceiver([failed("http_500"), ambiguous("timeout"), failed("http_502")])
    world = World(hook=hook)
    async with world.running():
        await asyncio.sleep(10)  # long enough for no record to be from before the start
        world.publish(0)
        await world.settled(1)
    gaps = [later - sooner for (sooner, _), (later, _) in pairwise(hook.calls)]
    assert [lower <= gap <= lower * 1.1 + 0.5 for gap, lower in zip(gaps, (1, 5, 30), strict=True)] == [True] * 3
    [state] = world.log.states().values()
    assert (state.state, state.attempts, state.seq) == (DeliveryStatus.DELIVERED, 4, 3)
    assert [attempt.doubtful for attempt in hook.attempts[1:]] == [False, True, False]


@jumping
async def test_a_receiver_that_the_routes_do_not_know_yet_is_tried_until_the_time_to_live_ends() -> None:
    world = World(known=routes(receiver("hook")), hook=MemoryReceiver(), late=MemoryReceiver())
    async with world.running() as process:
        world.publish(0, to="late")
        world.publish(1, to="never", expires_at=world.log.now + timedelta(minutes=5))
        await until(lambda: world.log.tier_records() >= 3)
        process.receivers.apply(routes(receiver("hook"), receiver("late"), version="r2"))
        await world.settled(2)
    states = {state.receiver: state.state.value for state in world.log.states().values()}
    assert states == {"late": "delivered", "never": "expired"}


@jumping
async def test_what_is_not_due_yet_passes_through_the_tiers_until_it_is() -> None:
    hook = MemoryReceiver()
    world = World(hook=hook)
    async with world.running():
        begin = world.log.now
        world.publish(0, not_before=begin + timedelta(seconds=44))
        await world.settled(1)
    assert world.log.now - begin >= timedelta(seconds=44)
    [state] = world.log.states().values()
    assert (state.state.value, state.attempts) == ("delivered", 1)
    assert len(hook.calls) == 1


@jumping
async def test_an_edit_that_comes_too_soon_waits_for_itself_alone() -> None:
    postponed = Outcome(kind=OutcomeKind.POSTPONED, detail="edited_just_now", retry_after_s=6.0)
    world = World(hook=MemoryReceiver([postponed]))
    async with world.running():
        world.publish(0)
        await world.settled(1)
    assert len(world.log.of(RETRIES["5s"])) == 1
    assert [state.attempts for state in world.log.states().values()] == [1]


@jumping
async def test_a_receiver_that_is_dead_for_a_day_costs_dozens_of_records_and_not_hundreds() -> None:
    world = World(hook=MemoryReceiver(always=failed("connect_error")))
    async with world.running():
        world.publish(*range(20), expires_at=world.log.now + timedelta(hours=24))
        await until(lambda: world.log.outcomes() == ["expired"] * 40, within_s=3 * 86_400, most_s=300)
    handed_off = [record for topic in RETRIES.values() for record in world.log.of(topic)]
    spent = Counter(Delivery.from_json(record.value).purpose for record in handed_off)
    assert world.log.outcomes() == ["expired"] * 40
    assert spent["alert"] <= 20 * 28
    assert spent["digest"] <= 20 * 70  # more than a day more, to tell what expired


class SetLog(MemoryLog):
    """A log in a world whose clocks are all set forward at once."""

    ahead = timedelta()

    @property
    def now(self) -> datetime:
        """Return the world's time (UTC)."""
        return super().now + self.ahead


@jumping
async def test_clocks_that_are_set_forward_are_noticed_within_a_minute() -> None:
    world = World(hook=MemoryReceiver())
    world.log = log = SetLog()
    begin_s = asyncio.get_running_loop().time()
    async with world.running():
        world.publish(0, not_before=log.now + timedelta(seconds=1900))  # the tier of half an hour, then that of 30 s
        await until(lambda: log.tier_records() == 1)
        log.ahead = timedelta(hours=1)
        await world.settled(1)
    assert asyncio.get_running_loop().time() - begin_s < 120


@jumping
async def test_a_clock_ahead_of_the_brokers_sends_nothing_round_and_round_until_it_is_due() -> None:
    world, ahead = World(hook=MemoryReceiver()), timedelta(seconds=8)
    process = world.process()
    process.sender._given = (*process.sender._given[:-1], lambda: world.log.now + ahead)
    await process.start()
    world.publish(0, not_before=world.log.now + ahead + timedelta(seconds=30))
    await world.settled(1)
    await process.stop()
    assert world.log.tier_records() <= 40  # 4,268 without a second in between
