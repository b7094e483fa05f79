"""The gauge of deliveries that a desk was promised and that nobody will ever send; it has to be 0."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, Protocol

from agents import fan_out, log
from agents.deliver.ledger import DeliveryLedger
from agents.deliver.lookout import Facts, Lookout, Promised
from agents.deliver.sender import SOURCES
from agents.kafka import Incoming, partition
from agents.loops.follower import Reader
from agents.loops.progress import AWAY, Progress, asking
from agents.metrics import Metrics
from config.settings import Settings
from streams.errors import NewerSchemaError, PoisonError
from streams.routing.reconcile import KEPT_FOR, deliveries_due
from streams.routing.told import Routing
from streams.topics import ALERTS, DELIVERY_STATES, ROUTINGS, Names

LOOK_EVERY_S: Final = 1.0
MOST_ROUTINGS: Final = 50  # about 0.5 ms: then the loop turns, for a flash may wait
LOG = log.named("deliver")


class Doing(Protocol):
    """How far the owner of the numbers is."""

    def progress(self) -> Mapping[tuple[str, int], int]:
        """Return the next offset that is not done of each started partition of every source."""


class Ledgers(Protocol):
    """Who has the ledgers."""

    def ledger(self, number: int) -> DeliveryLedger | None:
        """Return the ledger of a number, None for one that is another's."""


class Unaccounted:
    """Follows the routings of seven days beside the sender, and looks each second at the numbers that it holds.

    Cost: 10 us a routing with two receivers, on the sender's loop in pieces of 0.5 ms; memory only for what has not
    ended. A number that comes anew has the seven days read again.
    """

    def __init__(
        self, settings: Settings, *, owner: Doing, sender: Ledgers, metrics: Metrics, now: Callable[[], datetime]
    ) -> None:
        self._settings, self._names = settings, Names(settings.topic_prefix)
        self._owner, self._sender = owner, sender
        self._metrics, self._now = metrics, now
        self._lookouts: dict[int, Lookout] = {}
        self._behind: dict[
            int, int
        ] = {}  # partitions of `routings` that are still to be read to their end at the start

    async def run(self) -> None:
        """Follow until cancelled. While the broker is away, or seven days are being read, the gauge stays as it was."""
        while True:
            if held := self._held():
                try:
                    await self._follow(held)
                except AWAY as err:
                    LOG.debug("routings not followed", error=repr(err))
            await asyncio.sleep(LOOK_EVERY_S)

    async def _follow(self, held: Mapping[int, DeliveryLedger]) -> None:
        """Read the routings of seven days, then those that come; return once a number came that was not held."""
        self._lookouts = {number: Lookout() for number in held}
        name = self._names.of(ROUTINGS)
        places = [partition(name, number) for number in range(ROUTINGS.partitions)]
        async with Reader(self._settings, places) as reader, asking(self._settings) as groups:
            ends = await reader.seek_to(self._now() - KEPT_FOR)
            self._behind = {place.partition: end for place, end in ends.items()}
            while self._held().keys() <= self._lookouts.keys():
                more = True
                while more:
                    more = await reader.take(self._take, most_records=MOST_ROUTINGS)
                    await asyncio.sleep(0)
                await self._look(reader, groups)
                await asyncio.sleep(LOOK_EVERY_S)

    def _held(self) -> dict[int, DeliveryLedger]:
        """Return the restored ledgers of the numbers that this process holds."""
        numbers = {number for _, number in self._owner.progress()}
        found = ((number, self._sender.ledger(number)) for number in numbers)
        return {number: ledger for number, ledger in found if ledger is not None}

    def _take(self, record: Incoming) -> None:
        """Take one routing; what has ended already, as nearly all has, is not even kept."""
        if record.offset + 1 >= self._behind.get(record.partition, record.offset + 2):
            del self._behind[record.partition]
        try:
            routing = Routing.from_json(record.value, schema=record.schema)
            due = list(deliveries_due(routing))
        except (PoisonError, NewerSchemaError) as err:
            LOG.warning("routing not read", partition=record.partition, offset=record.offset, error=str(err))
            return
        alert = (record.partition, fan_out.alert_offset(record))
        for delivery_id, receiver in due:
            number = DELIVERY_STATES.partition(receiver)
            if number not in self._lookouts:
                continue
            ledger = self._sender.ledger(number)  # None between two assignments: then the next look finds out
            state = ledger.state(delivery_id) if ledger else None
            if state is None or not state.state.final:
                promised = Promised(
                    delivery_id=delivery_id, receiver=receiver, routing_id=routing.routing_id,
                    told_at=record.appended_at, alert=alert,
                )  # fmt: skip
                self._lookouts[number].promise(promised)

    async def _look(self, reader: Reader, groups: Progress) -> None:
        """Look at every number that is still held, and show how many deliveries are lost.

        The facts are asked for in the order that `Facts` wants. What is done is our own word, not the coordinator's:
        a process that slept while another took over has an old ledger, and must not compare it with the other's work.
        """
        waiting = {number: lookout for number, lookout in self._lookouts.items() if not lookout.idle}
        if waiting:
            alerts = self._names.of(ALERTS)
            committed = await groups.committed(fan_out.GROUP)
            settled = {number: offset for (name, number), offset in committed.items() if name == alerts}
            ends = await reader.ends([partition(self._names.of(topic), n) for topic in SOURCES for n in waiting])
            done, held = self._owner.progress(), self._held()
            for number in waiting.keys() & held.keys():
                facts = Facts(
                    now=self._now(),
                    settled=settled,
                    ends={topic: ends[partition(self._names.of(topic), number)] for topic in SOURCES},
                    done={topic: done[self._names.of(topic), number] for topic in SOURCES},
                    ledger=held[number],
                )
                await waiting[number].look(facts)
        self._lookouts = {number: one for number, one in self._lookouts.items() if number in self._held()}
        if not self._behind:
            self._metrics.alerts_unaccounted.set(sum(len(one.lost) for one in self._lookouts.values()))
