"""What was promised to the receivers of one partition number and has not ended: on its way, or lost.

A delivery without a state is on its way as long as its record may lie ahead of what is done on `deliveries.*`; one that
was handed off, as long as its record may lie ahead on the tiers. Nobody searches them: it is enough to know where they
ended when the delivery was seen so. Once everything up to there is done and the ledger has nothing newer, it is lost.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from agents import log
from agents.deliver.ledger import DeliveryLedger
from streams.ids import DeliveryId, ReceiverId, RoutingId
from streams.routing.reconcile import KEPT_FOR, is_settled
from streams.topics import DELIVERIES, RETRIES, Topic

TURN_AFTER: Final = 50  # deliveries looked up in the ledger, about 0.2 ms: then the loop turns
LOG = log.named("deliver")
Offsets = Mapping[Topic, int]


@dataclass(slots=True, kw_only=True, eq=False)
class Promised:
    """One delivery that a routing promised; `seq` is that of the hand-off that was seen, None before any."""

    delivery_id: DeliveryId
    receiver: ReceiverId
    routing_id: RoutingId
    told_at: datetime
    alert: tuple[int, int | None]
    seq: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What holds for one number. To be asked for in this order, or a delivery that moves on may look lost.

    `settled`: what fan out has committed, by partition of `alerts`. `ends`: where each source ends. `done`: what is
    done of each. `ledger`: knows every state that came of it.
    """

    now: datetime
    settled: Mapping[int, int]
    ends: Offsets
    done: Offsets
    ledger: DeliveryLedger


@dataclass(slots=True)
class Marked:
    """Deliveries whose records lie before `ends`, if they lie anywhere."""

    ends: Offsets
    deliveries: list[Promised]


@dataclass(slots=True)
class Lookout:
    """Looks after one number, from the routings that promise to the end of each delivery."""

    lost: dict[DeliveryId, Promised] = field(default_factory=dict)
    _new: list[Promised] = field(default_factory=list)
    _handed_off: list[Promised] = field(default_factory=list)
    _first: deque[Marked] = field(default_factory=deque)
    _tiers: deque[Marked] = field(default_factory=deque)

    @property
    def idle(self) -> bool:
        """Return whether everything that was promised has ended."""
        return not (self.lost or self._new or self._handed_off or self._first or self._tiers)

    def promise(self, promised: Promised) -> None:
        """Take a delivery that has not ended."""
        self._new.append(promised)

    async def look(self, facts: Facts) -> None:
        """Find out what has become lost, and what was found. The loop turns meanwhile, so the ledger may move on."""
        new, self._new = self._new, []
        settled: list[Promised] = []
        async for each in _in_turns(new):
            number, offset = each.alert
            done = is_settled(offset, facts.settled.get(number, 0))
            (settled if done else self._new).append(each)
        # What is marked now was seen before these ends were asked for. What this very look sees is for the next one.
        _mark(self._first, settled, facts.ends, DELIVERIES.values())
        _mark(self._tiers, self._handed_off, facts.ends, RETRIES.values())
        self._handed_off = []
        lost, self.lost = list(self.lost.values()), {}
        passed = [*lost, *_passed(self._first, facts.done), *_passed(self._tiers, facts.done)]
        known = {each.delivery_id for each in lost}
        async for each in _in_turns(passed):
            self._judge(each, facts, known=each.delivery_id in known)

    def _judge(self, promised: Promised, facts: Facts, *, known: bool) -> None:
        state = facts.ledger.state(promised.delivery_id)
        if state is None or (not state.state.final and state.seq == promised.seq):
            if facts.now - promised.told_at <= KEPT_FOR:
                self.lost[promised.delivery_id] = promised
                _say_lost(promised, known=known)
        elif not state.state.final:
            promised.seq = state.seq
            self._handed_off.append(promised)


def _mark(queue: deque[Marked], deliveries: list[Promised], ends: Offsets, topics: Iterable[Topic]) -> None:
    if deliveries:
        queue.append(Marked({topic: ends[topic] for topic in topics}, deliveries))


def _passed(queue: deque[Marked], done: Offsets) -> Iterator[Promised]:
    """Yield the deliveries before whose ends everything is done: ends only grow, so the oldest pass first."""
    while queue and all(done[topic] >= end for topic, end in queue[0].ends.items()):
        yield from queue.popleft().deliveries


def _say_lost(promised: Promised, *, known: bool) -> None:
    if not known:
        LOG.error(
            "delivery unaccounted for", delivery=promised.delivery_id, receiver=promised.receiver,
            routing=promised.routing_id,
        )  # fmt: skip


async def _in_turns(deliveries: Sequence[Promised]) -> AsyncIterator[Promised]:
    for count, each in enumerate(deliveries, start=1):
        yield each
        if count % TURN_AFTER == 0:
            await asyncio.sleep(0)
