"""The account of promised deliveries, taken from the topics of a system that runs meanwhile."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from agents import fan_out
from agents.deliver import service
from agents.deliver.effects import named_in
from agents.deliver.sender import SOURCES
from agents.kafka import Incoming, partition
from agents.loops.follower import Reader
from agents.loops.progress import asking
from config.settings import Settings
from streams.errors import PoisonError
from streams.routing.notification import DeliveryState
from streams.routing.reconcile import Account, is_settled
from streams.routing.told import Routing
from streams.topics import ALERTS, DELIVERY_STATES, ROUTINGS, Names, Topic


@dataclass(slots=True)
class Books:
    """The account, what it is taken of, and how many routings could not be read (these promise nobody knows what)."""

    wanted: Callable[[Routing], Routing]
    account: Account = field(default_factory=Account)
    unread: int = 0

    def promise(self, record: Incoming, settled: Mapping[int, int]) -> None:
        """Take a routing."""
        try:
            routing = self.wanted(Routing.from_json(record.value, schema=record.schema))
            done = is_settled(fan_out.alert_offset(record), settled.get(record.partition, 0))
            self.account.promise(routing, told_at=record.appended_at, settled=done)
        except PoisonError:
            self.unread += 1

    def not_done(self, record: Incoming) -> None:
        """Take a record of a delivery that its reader is not done with, by its headers."""
        if (named := named_in(record)) is not None:
            self.account.not_done(*named)

    def state(self, record: Incoming, before: int) -> None:
        """Take a state; `before`: where its partition ended when all began."""
        try:
            state = DeliveryState.from_json(record.value, schema=record.schema)
        except PoisonError:  # a tombstone, or bytes that the sender too could make nothing of
            return
        self.account.state(state, before=record.offset < before)


async def take_account(settings: Settings, *, since: timedelta, wanted: Callable[[Routing], Routing]) -> Books:
    """Return how every delivery stands that a routing of the last `since` promised; `wanted` may take receivers out.

    The order keeps a delivery that moves on meanwhile from looking lost. Let T be when the sender's committed offsets
    were asked for.
    - A routing counts that was appended before T, and it is settled if fan out had committed its alert before T. Then
      its deliveries were acknowledged before T, for fan out commits after that.
    - At T the sender was not done with some record of such a delivery, of a `seq` no lower than its state's, or the
      delivery had ended: the sender is done with a record once a state with a higher `seq`, or a final one, stands.
    - A record that was not done lies at or beyond the committed offset, and before an end that is asked for after T:
      it is read. Committed offsets lag behind what is done, never ahead: that makes more records, not fewer.
    - An end was acknowledged before T, and the states are read to an end that is asked for last of all: it is read.
    - A state that is no end is a fence only if it stood before T: one hand-off later the record that was read is old,
      and its successor may lie beyond what was read. So the states' ends are asked for first of all too.
    What is called lost was lost, then. What is lost while this runs, the next account finds.
    """
    names, books = Names(settings.topic_prefix), Books(wanted)
    places = {topic: _places(names, topic) for topic in (ROUTINGS, DELIVERY_STATES)}
    sources = [place for topic in SOURCES for place in _places(names, topic)]
    async with (
        asking(settings) as groups,
        Reader(settings, places[ROUTINGS]) as routings,
        Reader(settings, sources) as records,
        Reader(settings, places[DELIVERY_STATES]) as states,
    ):
        fences = await states.ends()
        promised = await routings.ends()
        settled = _of(await groups.committed(fan_out.GROUP), names.of(ALERTS))
        done = await groups.committed(service.GROUP)
        ahead = await records.ends()

        await routings.seek_to(datetime.now(UTC) - since)
        await routings.read_to(promised, lambda record: books.promise(record, settled))
        for place, begin in (await records.begins()).items():
            records.seek(place, max(begin, done.get((place.topic, place.partition), 0)))
        await records.read_to(ahead, books.not_done)
        await states.read_to(
            await states.ends(),
            lambda record: books.state(record, fences[partition(record.topic, record.partition)]),
        )
    return books


def _places(names: Names, topic: Topic) -> list[Any]:
    return [partition(names.of(topic), number) for number in range(topic.partitions)]


def _of(committed: Mapping[tuple[str, int], int], topic: str) -> dict[int, int]:
    return {number: offset for (name, number), offset in committed.items() if name == topic}
