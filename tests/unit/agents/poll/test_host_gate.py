from datetime import timedelta

from agents.poll.host_gate import HostGate
from tests.fakes import START


def test_a_host_is_left_alone_from_the_fifth_failure_on_and_longer_each_time() -> None:
    gate = HostGate()
    pauses = []
    for _ in range(7):
        gate.unreached(now=START)
        pauses.append(gate.pause_s(now=START))
    assert pauses == [0, 0, 0, 0, 15, 30, 60]


def test_a_host_is_never_left_alone_for_more_than_half_an_hour() -> None:
    gate = HostGate()
    for _ in range(500):
        gate.unreached(now=START)
    assert gate.pause_s(now=START) == 1_800


def test_an_answer_starts_the_count_anew() -> None:
    gate = HostGate()
    for _ in range(4):
        gate.unreached(now=START)
    gate.answered()
    gate.unreached(now=START)
    assert gate.pause_s(now=START) == 0


def test_a_longer_wish_stands_above_a_shorter_one() -> None:
    gate = HostGate()
    gate.close(START + timedelta(seconds=60))
    gate.close(START + timedelta(seconds=10))
    assert gate.pause_s(now=START) == 60
    assert gate.pause_s(now=START + timedelta(seconds=61)) == 0
