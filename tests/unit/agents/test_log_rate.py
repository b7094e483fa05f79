import logging

from agents import log_rate
from agents.log_rate import OncePer


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def said(once: OncePer, text: str, *args: object) -> str | None:
    record = logging.LogRecord("aiokafka.client", logging.ERROR, __file__, 1, text, args, None)
    return record.getMessage() if once.filter(record) else None


def test_the_same_message_is_heard_once_in_a_while_with_the_count_of_the_rest() -> None:
    clock = Clock()
    once = OncePer(10, clock=clock)
    assert said(once, "lost node %s", 1) == "lost node 1"
    assert [said(once, "lost node %s", number) for number in (2, 3)] == [None, None]
    clock.now_s = 10
    assert said(once, "lost node %s", 4) == "lost node 4 (and 2 times more since)"
    clock.now_s = 20
    assert said(once, "lost node %s", 5) == "lost node 5"


def test_another_message_is_heard_at_once() -> None:
    once = OncePer(10, clock=Clock())
    assert said(once, "lost") == "lost"
    assert said(once, "found") == "found"


def test_messages_that_are_all_different_fill_no_memory() -> None:
    once = OncePer(10, clock=Clock())
    for number in range(log_rate.MOST_MESSAGES + 1):
        assert said(once, f"message {number}")
    assert len(once._said) == 1
