"""Membership in a consumer group: which partition numbers are held, how far each is done, and if it still stands."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka import ConsumerRebalanceListener
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from agents import log
from agents.kafka import connect, disconnect, new_consumer, partition
from agents.loops.pulse import Pulse
from agents.loops.seat import Seat
from config.settings import Settings

HEARTBEAT_MS = 1_000  # with a session of 6 s, a dead worker's partitions are taken over after about 7 s
REBALANCE_MS = 70_000  # longer than a refused batch is retried: a slow member is waited for, not thrown out
POLL_MS = 500
MOST_RECORDS = 500
ASK_S = 5.0

LOG = log.named("membership")


@dataclass(slots=True, eq=False)
class Held:
    """One assignment of a partition number: by topic, the next offset to take, and the next one to commit."""

    taken: dict[str, int] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)
    started: bool = False
    lost: bool = False


class Membership:
    """A member of a group, static when the process has a stable name; topics stand here by their whole names."""

    def __init__(self, settings: Settings, *, group: str, topics: Sequence[str]) -> None:
        self._settings = settings
        self._group = group
        self.topics = topics
        self.held: dict[int, Held] = {}
        self.joined = False
        self._pulse = Pulse(settings.session_timeout_s)
        self._beating: asyncio.Task[None] | None = None
        self._committing = asyncio.Lock()
        self._ends: Mapping[Any, int] = {}
        self._client: Any = None
        self.seat = Seat(settings.instance, settings.topic_prefix + group)

    async def start(self, *, assigned: Callable[[Sequence[int]], None], revoked: Callable[[], Awaitable[None]]) -> None:
        """Join. `revoked` is awaited before the numbers are another's; `assigned` gets the new ones, all paused."""
        session_ms = int(self._settings.session_timeout_s * 1000)
        instance = self._settings.instance
        self._client = new_consumer(
            self._settings,
            group_id=self._settings.topic_prefix + self._group,
            group_instance_id=f"{instance}-{self._group}" if instance else None,
            session_timeout_ms=session_ms,
            heartbeat_interval_ms=min(HEARTBEAT_MS, session_ms // 3),
            rebalance_timeout_ms=REBALANCE_MS,
            partition_assignment_strategy=[RangePartitionAssignor],
        )
        self._client.subscribe(list(self.topics), listener=_Listener(self, assigned, revoked))
        self._beating = asyncio.create_task(self._pulse.run())
        await connect(self._client)

    async def stop(self, *, by_request: bool) -> None:
        """Disconnect. By request the group is left at once; else a process with a name keeps its seat for a session."""
        if self._beating is not None:
            self._beating.cancel()
        if by_request:
            await self.seat.leave()
        if self._client is not None:
            await disconnect(self._client)

    async def fetch(self) -> Mapping[Any, Sequence[Any]]:
        """Return the next records of partitions that are not paused, or nothing after half a second.

        Raises: ConfigurationError when another process has this one's name; the client's KafkaError.
        """
        try:
            return await self._client.getmany(timeout_ms=POLL_MS, max_records=MOST_RECORDS)  # type: ignore[no-any-return]
        except KafkaError as err:
            if (stolen := self.seat.stolen(err)) is not None:
                raise stolen from err
            raise

    def holds(self, number: int) -> bool:
        """Return whether the number is held, started, and this process was not frozen for a session's time."""
        held = self.held.get(number)
        return held is not None and held.started and self._pulse.steady()

    async def recheck(self, number: int) -> bool:
        """Return whether the number is still ours; in doubt the coordinator is asked, by committing what is done."""
        held = self.held.get(number)
        if held is None or held.lost:
            return False
        if self._pulse.steady():
            return True
        doubts = self._pulse.doubts
        if await self.commit(number, held.done):
            self._pulse.trust(doubts)
            return self.held.get(number) is held
        for lost in self.held.values():
            lost.started, lost.lost = False, True
        return False

    async def commit(self, number: int, offsets: Mapping[str, int]) -> bool:
        """Return whether the coordinator took the next offsets to read, by topic; they never go back.

        Lost to a rebalance, the records come again: that is a replay, and no error.
        """
        async with self._committing:
            held = self.held.get(number)
            if held is None:
                return False
            offsets = {name: max(offset, held.done.get(name, 0)) for name, offset in offsets.items()}
            try:
                await self._client.commit({partition(name, number): offset for name, offset in offsets.items()})
            except (CommitFailedError, IllegalStateError) as err:
                LOG.warning("commit lost to a rebalance", group=self._group, partition=number, error=repr(err))
                return False
            held.done.update(offsets)
            return True

    async def starts(self, numbers: Sequence[int]) -> Mapping[Any, int]:
        """Return where to read on in each partition: what was committed, or the first record if that is gone."""
        if not numbers:
            return {}
        places = [partition(name, number) for name in self.topics for number in numbers]
        begins = await self._client.beginning_offsets(places)
        ends = await self._client.end_offsets(places)
        self._ends = ends
        committed = await asyncio.gather(*(self._client.committed(place) for place in places))
        return {
            place: self._start(place, offset, begins[place], ends[place])
            for place, offset in zip(places, committed, strict=True)
        }

    def _start(self, place: Any, committed: int | None, begin: int, end: int) -> int:  # noqa: ANN401 - aiokafka ships no types
        if committed is None or committed > end:
            return begin
        if committed < begin:
            LOG.error(
                "the topic kept records for too short: some were deleted unread", group=self._group,
                topic=place.topic, partition=place.partition, lost=begin - committed,
            )  # fmt: skip
        return max(committed, begin)

    async def ends(self, places: Collection[tuple[str, int]]) -> Mapping[tuple[str, int], int] | None:
        """Return where these partitions end now, as the broker says; None if it does not say so within 5 s."""
        if not places:
            return {}
        try:
            async with asyncio.timeout(ASK_S):
                found = await self._client.end_offsets([partition(*place) for place in places])
        except Exception as err:  # noqa: BLE001 - whatever keeps the broker away, a figure that is unknown ends nobody
            LOG.debug("ends unknown", group=self._group, error=repr(err))
            return None
        return {place: found[partition(*place)] for place in places}

    def read_on(self, number: int, offsets: Mapping[str, int]) -> None:
        """Let the records of a number come, from these offsets on."""
        held = self.held[number]
        held.taken, held.done, held.started = dict(offsets), dict(offsets), True
        for name, offset in offsets.items():
            self._client.seek(partition(name, number), offset)
            self._client.resume(partition(name, number))

    def seek(self, place: Any, offset: int) -> None:  # noqa: ANN401 - aiokafka ships no types
        """Read a partition again from this offset on."""
        self._client.seek(place, offset)

    def pause(self, name: str, number: int) -> None:
        """Fetch nothing more of this partition until `resume`; one that is another's is left alone."""
        if number in self.held:
            self._client.pause(partition(name, number))

    def resume(self, name: str, number: int) -> None:
        """Fetch this partition again."""
        if number in self.held and self.held[number].started:
            self._client.resume(partition(name, number))

    def end(self, name: str, number: int) -> int | None:
        """Return the partition's end as the last fetch saw it, or as it was on assignment."""
        place = partition(name, number)
        highwater: int | None = self._client.highwater(place)
        return self._ends.get(place) if highwater is None else highwater


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    """Turns the client's callbacks into ours. The client logs what a callback raises and goes on: they must not."""

    def __init__(
        self,
        membership: Membership,
        assigned: Callable[[Sequence[int]], None],
        revoked: Callable[[], Awaitable[None]],
    ) -> None:
        self._membership = membership
        self._assigned = assigned
        self._revoked = revoked

    async def on_partitions_revoked(self, revoked: Collection[Any]) -> None:
        self._membership.joined = False
        if revoked or self._membership.held:
            await self._revoked()
            self._membership.held.clear()
        self._membership.seat.claim()

    async def on_partitions_assigned(self, assigned: Collection[Any]) -> None:
        numbers = sorted({place.partition for place in assigned})
        self._membership.seat.take(self._membership._client)  # noqa: SLF001 - the listener is a part of the membership
        self._membership._client.pause(*assigned)  # noqa: SLF001 - as above
        self._membership.held = {number: Held() for number in numbers}
        self._membership.joined = True
        self._assigned(numbers)
