import asyncio

from agents.loops import pulse as pulse_module
from agents.loops.pulse import Pulse


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_process_that_ran_all_the_time_is_steady() -> None:
    clock = Clock()
    pulse = Pulse(6, clock=clock)
    clock.now_s += 6
    assert pulse.steady()


def test_a_freeze_for_longer_than_the_session_is_a_doubt_even_after_the_next_beat() -> None:
    clock = Clock()
    pulse = Pulse(6, clock=clock)
    clock.now_s += 6.1
    pulse.beat()
    assert not pulse.steady()


def test_trust_settles_the_doubts_that_were_asked_about_and_no_later_one() -> None:
    clock = Clock()
    pulse = Pulse(6, clock=clock)
    clock.now_s += 7
    assert not pulse.steady()
    asked = pulse.doubts
    pulse.trust(asked)
    assert pulse.steady()
    clock.now_s += 7
    pulse.beat()
    pulse.trust(asked)
    assert not pulse.steady()


async def test_the_real_clock_beats() -> None:
    pulse = Pulse(6)
    beating = asyncio.create_task(pulse.run())
    await asyncio.sleep(pulse_module.BEAT_S / 10)
    beating.cancel()
    assert pulse.steady()
