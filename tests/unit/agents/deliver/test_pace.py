"""A receiver is judged by its own seconds, not by those in which we are busy, idle or wait for our log."""

import asyncio

import pytest

from agents.deliver.hearing import LOOK_S, Hearing
from agents.deliver.pace import PACE_OF, STILL_S, Pace
from tests.support.delivery_world import JumpingLoop
from tests.support.sender_world import jumping

FAST = 1_000.0


def held_up(seconds: float) -> None:
    """Do what a turn of the loop does that takes so long."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, JumpingLoop)
    loop.now_s += seconds


class Asked:
    """A receiver's pace, with the loop's own clocks."""

    def __init__(self) -> None:
        self.hearing = Hearing()
        self.looking = asyncio.create_task(self.hearing.run())
        self.pace = Pace(asyncio.get_running_loop().time, self.hearing)

    async def take(self, count: int, takes_s: float, *, asked_share: float = 1.0, lag_s: float = 0.0) -> None:
        """Let it take so many, one after the other."""
        for _ in range(count):
            with self.hearing.listening():
                self.pace.turn(asked_share=asked_share, frozen_until=0.0)
                held_up(lag_s)
                await asyncio.sleep(takes_s)
                self.pace.arrived()
                self.pace.turn(asked_share=0.0, frozen_until=0.0)


@jumping
async def test_a_receivers_pace_is_what_it_takes_if_all_slots_ask_it() -> None:
    whole, quarter = Asked(), Asked()
    await whole.take(PACE_OF + 1, 0.1)
    await quarter.take(PACE_OF + 1, 0.1, asked_share=0.25)
    assert whole.pace.per_second(FAST) == pytest.approx(10, rel=0.1)
    assert quarter.pace.per_second(FAST) == pytest.approx(40, rel=0.1)
    assert whole.pace.per_second(5.0) == 5.0


@jumping
async def test_idle_seconds_and_those_of_our_log_make_no_receiver_slow() -> None:
    asked = Asked()
    await asked.take(PACE_OF + 1, 0.1)
    before = asked.pace.per_second(FAST)
    await asyncio.sleep(60.0)
    assert asked.pace.per_second(FAST) == before
    assert not asked.pace.stands_still


@jumping
async def test_a_loop_that_is_held_up_makes_no_receiver_slow() -> None:
    asked = Asked()
    await asked.take(PACE_OF + 1, 0.01, lag_s=2.0)
    assert asked.pace.per_second(FAST) > 1 / (0.01 + 2 * LOOK_S)
    assert not asked.pace.stands_still


@jumping
async def test_a_receiver_that_takes_nothing_for_a_second_stands_still() -> None:
    asked = Asked()
    with asked.hearing.listening():
        asked.pace.turn(asked_share=1.0, frozen_until=0.0)
        await asyncio.sleep(STILL_S * 0.9)
        assert not asked.pace.stands_still
        await asyncio.sleep(STILL_S * 0.2)
        assert asked.pace.stands_still
        asked.pace.arrived()
        assert not asked.pace.stands_still


@jumping
async def test_frozen_seconds_are_the_receivers_own() -> None:
    asked, now = Asked(), asyncio.get_running_loop().time()
    assert asked.pace.per_second(FAST) == FAST, "one that never asked for patience may have been away"
    asked.pace.turn(asked_share=0.0, frozen_until=now + 60.0)
    await asyncio.sleep(100.0)
    assert asked.pace.per_second(FAST) == pytest.approx(1 / 60)


@jumping
async def test_nobody_looks_at_the_clock_while_nobody_waits() -> None:
    asked, loop = Asked(), asyncio.get_running_loop()
    await asked.take(1, 0.1)
    await asyncio.sleep(1.0)
    assert [timer for timer in loop._scheduled if not timer.cancelled()] == []  # type: ignore[attr-defined]
    assert asked.hearing.now() == pytest.approx(0.1, abs=LOOK_S)


@jumping
async def test_twenty_quick_ones_make_no_receiver_fast_that_asks_for_a_minute_after_each_twenty() -> None:
    asked, loop = Asked(), asyncio.get_running_loop()
    for _ in range(6):
        asked.pace.turn(asked_share=0.0, frozen_until=loop.time() + 60.0)
        await asyncio.sleep(60.0)
        await asked.take(20, 0.05)
        assert asked.pace.per_second(FAST) < 1.0


@jumping
async def test_what_was_seen_of_a_receiver_counts_from_its_first_second_on() -> None:
    asked = Asked()
    assert asked.pace.so_far(FAST) == FAST
    await asked.take(5, 0.9)
    assert asked.pace.per_second(FAST) == FAST, "it may have been away"
    assert asked.pace.so_far(FAST) == pytest.approx(1 / 0.9, rel=0.1)
    await asked.take(PACE_OF, 0.9)
    assert asked.pace.so_far(FAST) == asked.pace.per_second(FAST)
