"""The account against random histories: routings, records and states come and move on while it is being taken."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import takewhile
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.ids import DeliveryId, EventId, ReceiverId
from streams.routing.notification import DeliveryState, DeliveryStatus
from streams.routing.reconcile import Account, Standing, deliveries_due, is_settled
from streams.routing.told import Routing

AT = datetime(2026, 3, 2, 14, tzinfo=UTC)
ENDS = tuple(status for status in DeliveryStatus if status.final)
Actor = Iterator[None]
COUNT = 6
ORDER = ("fences", "promised", "settled", "done", "ahead", "states")


def routing(number: int) -> Routing:
    event = EventId(f"5t0ry{number:011d}-a1-1-0badcafe-0")
    return Routing.model_validate(
        {
            "routing_id": f"{event}@fx", "event_id": event, "story_id": "s", "desk": "fx", "decision": "told",
            "reason": "", "receivers": ["hook"], "routes_version": "r1",
        }
    )  # fmt: skip


def name_of(number: int) -> DeliveryId:
    [(name, _)] = deliveries_due(routing(number))
    return name


@dataclass
class World:
    """Logs, and who writes them: fan out, one alert after the other, and a sender, in the order of effects of each."""

    random: Random
    lost: frozenset[int]
    routings: list[int] = field(default_factory=list)
    records: list[tuple[int, int]] = field(default_factory=list)
    states: list[tuple[int, int, DeliveryStatus]] = field(default_factory=list)
    fan_out_done: int = 0
    finished: set[int] = field(default_factory=set)
    sender_done: int = 0
    taken: int = 0
    sending: list[Actor] = field(default_factory=list)

    def fan_out(self) -> Actor:
        """Write what each alert leads to, in either order; now and then be killed before the commit, and replay."""
        number = 0
        while number < COUNT:
            effects = ["routing", *([] if number in self.lost else ["record"])]
            for effect in self.random.sample(effects, len(effects)):
                self.routings.append(number) if effect == "routing" else self.records.append((number, 0))
                yield
            if self.random.random() < 0.8:
                number += 1
                self.fan_out_done = number
                yield

    def sender(self) -> Actor:
        """Take records, move all that is in hand on, commit what is done without a gap."""
        while True:
            if self.taken < len(self.records) and self.random.random() < 0.5:
                self.sending.append(self._send(self.taken))
                self.taken += 1
            for sent in self.random.sample(self.sending, len(self.sending)):
                if next(sent, self) is self:
                    self.sending.remove(sent)
                yield
            done = takewhile(self.finished.__contains__, range(self.sender_done, len(self.records)))
            self.sender_done += len(list(done)) if self.random.random() < 0.5 else 0
            yield

    def _send(self, offset: int) -> Actor:
        number, seq = self.records[offset]
        known = [state for state in self.states if state[0] == number]
        if not any(status.final or seq < at for _, at, status in known):
            if seq < 4 and self.random.random() < 0.6:
                self.records.append((number, seq + 1))
                yield
                self.states.append((number, seq + 1, DeliveryStatus.HANDED_OFF))
            else:
                self.states.append((number, seq, self.random.choice(ENDS)))
            yield
        self.finished.add(offset)

    def look(self, what: str) -> int:
        """Return what one question of the account is answered now."""
        answers: dict[str, Callable[[], int]] = {
            "fences": lambda: len(self.states), "promised": lambda: len(self.routings),
            "settled": lambda: self.fan_out_done, "done": lambda: self.sender_done,
            "ahead": lambda: len(self.records), "states": lambda: len(self.states),
        }  # fmt: skip
        return answers[what]()


def until_it_rests(world: World, actors: Sequence[Actor]) -> None:
    """Let the actors go on until everything is written and done."""
    while world.fan_out_done < COUNT or world.sender_done < len(world.records):
        next(world.random.choice(actors), None)


def taken(
    seed: int,
    *,
    lost: frozenset[int] = frozenset(),
    order: Sequence[str] = ORDER,
    first: Callable[[World, Sequence[Actor]], None] = lambda _, __: None,
) -> tuple[World, Account]:
    """Return a history and the account that was taken in it, one question after the other."""
    random = Random(seed)
    world = World(random, lost)
    actors = [world.fan_out(), world.sender()]
    first(world, actors)
    answers: dict[str, int] = {}
    for what in order:
        for _ in range(random.randrange(40)):
            next(random.choice(actors), None)
        answers[what] = world.look(what)
    account = Account()
    for number in world.routings[: answers["promised"]]:
        settled = is_settled(number, answers["settled"])
        account.promise(routing(number), told_at=AT, settled=settled)
    for number, seq in world.records[answers["done"] : answers["ahead"]]:
        account.not_done(name_of(number), seq)
    for offset, (number, seq, status) in enumerate(world.states[: answers["states"]]):
        state = DeliveryState(
            delivery_id=name_of(number), receiver=ReceiverId("hook"), seq=seq, state=status, attempts=1, outcome="",
            changed_at=AT,
        )  # fmt: skip
        account.state(state, before=offset < answers["fences"])
    return world, account


def missing(account: Account) -> set[DeliveryId]:
    return {each.delivery_id for each in account.unaccounted()}


@given(st.integers(0, 2**32))
def test_whatever_happens_meanwhile_nothing_looks_lost_and_all_of_it_is_counted_once(seed: int) -> None:
    world, account = taken(seed)
    counts = account.by_receiver().get(ReceiverId("hook"), Counter())
    assert missing(account) == set()
    assert sum(counts[standing] for standing in Standing) == counts.total() <= len(set(world.routings))
    ended = {number for number, _, status in world.states if status.final}
    assert counts.total() - counts[Standing.IN_FLIGHT] <= len(ended)


@given(st.integers(0, 2**32), st.sets(st.integers(0, COUNT - 1)))
def test_what_was_never_written_is_missing_and_nothing_else(seed: int, lost: set[int]) -> None:
    _, account = taken(seed, lost=frozenset(lost))
    assert missing(account) <= {name_of(number) for number in lost}
    _, account = taken(seed, lost=frozenset(lost), first=until_it_rests)
    counts = account.by_receiver()[ReceiverId("hook")]
    assert missing(account) == {name_of(number) for number in lost}
    assert (counts.total(), counts[Standing.UNACCOUNTED], counts[Standing.IN_FLIGHT]) == (COUNT, len(lost), 0)


@pytest.mark.parametrize(
    "order",
    [
        pytest.param(("fences", "promised", "settled", "ahead", "done", "states"), id="ends before offsets"),
        pytest.param(("fences", "promised", "settled", "states", "done", "ahead"), id="states before records"),
        pytest.param(("fences", "done", "ahead", "states", "promised", "settled"), id="routings last"),
        pytest.param(("promised", "settled", "done", "ahead", "fences", "states"), id="every state a fence"),
    ],
)
def test_any_other_order_sees_losses_that_are_none(order: Sequence[str]) -> None:
    assert any(missing(taken(seed, order=order)[1]) for seed in range(3_000))
