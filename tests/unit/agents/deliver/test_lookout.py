"""When a promised delivery is on its way, when it is lost, and when it was found again."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random

import pytest

from agents.deliver.ledger import DeliveryLedger
from agents.deliver.lookout import TURN_AFTER, Facts, Lookout, Promised
from streams.ids import DeliveryId, ReceiverId, RoutingId
from streams.routing.notification import DeliveryState, DeliveryStatus
from streams.topics import DELIVERIES, RETRIES, Topic
from tests.support.notices import AT

SOURCES = (*DELIVERIES.values(), *RETRIES.values())
FLASH, TIER = next(iter(DELIVERIES.values())), RETRIES["2h"]
NAME = DeliveryId("a" * 26)


class Desk:
    """A lookout with the facts that it is given at each look."""

    def __init__(self) -> None:
        self.lookout, self.ledger = Lookout(), DeliveryLedger()
        self.ends = dict.fromkeys(SOURCES, 0)
        self.done = dict.fromkeys(SOURCES, 0)
        self.settled: Mapping[int, int] = {}
        self.now: datetime = AT

    def promise(self, name: DeliveryId = NAME, *, alert_offset: int | None = None) -> None:
        self.lookout.promise(
            Promised(
                delivery_id=name, receiver=ReceiverId("hook"), routing_id=RoutingId("r"), told_at=AT,
                alert=(3, alert_offset),
            )
        )  # fmt: skip

    def wrote(self, topic: Topic, *, done: bool = False) -> None:
        self.ends[topic] += 1
        self.done[topic] += done

    def stands(self, status: DeliveryStatus, seq: int = 0, name: DeliveryId = NAME) -> None:
        self.ledger.record(
            DeliveryState(
                delivery_id=name, receiver=ReceiverId("hook"), seq=seq, state=status, attempts=1, outcome="",
                changed_at=AT,
            )
        )  # fmt: skip

    def look(self) -> int:
        """Return how many are lost after a look."""
        facts = Facts(
            now=self.now, settled=self.settled, ends=dict(self.ends), done=dict(self.done), ledger=self.ledger
        )
        asyncio.run(self.lookout.look(facts))
        return len(self.lookout.lost)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_what_no_record_can_hold_any_more_is_lost_until_its_state_comes(desk: Desk) -> None:
    desk.promise()
    assert (desk.look(), desk.look()) == (1, 1)
    desk.stands(DeliveryStatus.DELIVERED)
    assert desk.look() == 0
    assert desk.lookout.idle


def test_what_may_lie_ahead_is_on_its_way_until_all_of_it_is_done(desk: Desk) -> None:
    desk.wrote(FLASH)
    desk.promise()
    assert desk.look() == 0
    desk.wrote(FLASH)
    assert desk.look() == 0
    assert not desk.lookout.idle
    desk.done[FLASH] = 1
    assert desk.look() == 1


def test_what_fan_out_has_not_committed_is_on_its_way(desk: Desk) -> None:
    desk.promise(alert_offset=7)
    assert desk.look() == 0
    desk.settled = {3: 7, 2: 99}
    assert desk.look() == 0
    desk.settled = {3: 8}
    assert desk.look() == 1


def test_what_was_handed_off_is_on_its_way_as_long_as_a_tier_may_hold_it(desk: Desk) -> None:
    desk.promise()
    desk.stands(DeliveryStatus.HANDED_OFF, 1)
    assert desk.look() == 0
    desk.wrote(TIER)
    assert desk.look() == 0
    desk.wrote(TIER)
    assert desk.look() == 0
    desk.done[TIER] = 1
    assert desk.look() == 1


def test_each_hand_off_begins_anew_and_a_final_state_ends_it(desk: Desk) -> None:
    desk.promise()
    for seq in range(1, 4):
        desk.wrote(TIER, done=seq > 1)
        desk.stands(DeliveryStatus.HANDED_OFF, seq)
        assert [desk.look() for _ in range(3)] == [0, 0, 0]
    desk.done[TIER] = desk.ends[TIER]
    desk.stands(DeliveryStatus.EXPIRED, 3)
    assert desk.look() == 0
    assert desk.lookout.idle


def test_one_that_is_found_in_a_tier_again_is_lost_no_more(desk: Desk) -> None:
    desk.promise()
    assert desk.look() == 1
    desk.stands(DeliveryStatus.HANDED_OFF, 1)
    desk.wrote(TIER)
    assert (desk.look(), desk.look()) == (0, 0)
    assert not desk.lookout.idle


def test_what_was_told_a_week_ago_is_forgotten(desk: Desk) -> None:
    desk.promise()
    assert desk.look() == 1
    desk.now = AT + timedelta(days=7, seconds=1)
    assert desk.look() == 0
    assert desk.lookout.idle


def test_a_promise_that_is_read_twice_counts_once(desk: Desk) -> None:
    desk.promise()
    desk.promise()
    assert desk.look() == 1


def test_more_than_a_turns_worth_is_looked_at(desk: Desk) -> None:
    names = [DeliveryId(f"{number:026x}") for number in range(3 * TURN_AFTER)]
    for name in names:
        desk.promise(name)
    assert desk.look() == len(names)
    for name in names[1:]:
        desk.stands(DeliveryStatus.DELIVERED, name=name)
    assert desk.look() == 1


class Sending:
    """A sender that takes records of a first topic and of a tier, at random; of some deliveries none is written."""

    def __init__(self, desk: Desk, random: Random) -> None:
        self.desk, self.random = desk, random
        self.waiting = [DeliveryId(f"{number:026x}") for number in range(8)]
        self.dropped = set(random.sample(self.waiting, 2))
        self.logs: dict[Topic, list[tuple[DeliveryId, int]]] = {topic: [] for topic in SOURCES}
        self.taken = dict.fromkeys(SOURCES, 0)
        self.routings: list[DeliveryId] = []

    def step(self) -> None:
        topic = self.random.choice([FLASH, TIER])
        if self.waiting and self.random.random() < 0.3:
            name = self.waiting.pop()
            self.logs[FLASH] += [] if name in self.dropped else [(name, 0)]
            self.routings.append(name)
        elif self.taken[topic] < len(self.logs[topic]):
            self.send(*self.logs[topic][self.taken[topic]])
            self.taken[topic] += 1

    def send(self, name: DeliveryId, seq: int) -> None:
        if self.random.random() < 0.3:
            self.desk.stands(self.random.choice([status for status in DeliveryStatus if status.final]), seq, name)
        else:
            self.logs[TIER].append((name, seq + 1))
            self.desk.stands(DeliveryStatus.HANDED_OFF, seq + 1, name)

    def some_steps(self) -> None:
        for _ in range(self.random.randrange(6)):
            self.step()

    def look(self) -> set[DeliveryId]:
        """Return what is lost after a look, whose facts are asked for while the sender goes on."""
        while self.routings:
            self.desk.promise(self.routings.pop())
        self.desk.ends = {topic: len(log) for topic, log in self.logs.items()}
        self.some_steps()
        self.desk.done = dict(self.taken)
        self.some_steps()
        self.desk.look()
        return set(self.desk.lookout.lost)


@pytest.mark.parametrize("seed", range(100))
def test_while_a_sender_goes_on_only_what_was_dropped_is_ever_lost(desk: Desk, seed: int) -> None:
    sending = Sending(desk, Random(seed))
    seen: set[DeliveryId] = set()
    for _ in range(60):
        sending.some_steps()
        seen |= sending.look()
    assert seen <= sending.dropped
    while sending.waiting or any(sending.taken[topic] < len(log) for topic, log in sending.logs.items()):
        sending.step()
    for _ in range(3):
        found = sending.look()
    assert found == sending.dropped
