"""The owner of partitions, for work with state: it restores, hands records over, commits, and lets go in time.

The topics are co-partitioned and the assignor is Range, so whoever owns number 3 of one owns number 3 of all.
"""

import asyncio
from collections.abc import Collection, Coroutine, Mapping, Sequence
from typing import Any, Protocol

from agents import log
from agents.kafka import Incoming, incoming, partition
from agents.loops.ending import by_request
from agents.loops.follower import Reader
from agents.loops.membership import Held, Membership
from agents.topic_admin import check_catalogue
from config.settings import Settings
from streams.topics import Names, Topic

GRACE_S = 5.0  # what a batch, and the end of the work, may take when the process is told to stop

LOG = log.named("owner")


class Work(Protocol):
    """What poll and deliver are, and what BatchWork makes of a Batch. `number` is a partition number of every topic."""

    def begin(self, number: int) -> None:
        """Forget what is known of this number; its records follow."""

    def restore(self, record: Incoming) -> None:
        """Take one record of a state topic, in log order; after all of them, up to `look_back` records of a source."""

    async def start(self, number: int) -> None:
        """Start effects: the state is complete."""

    async def take(self, records: Sequence[Incoming]) -> None:
        """Take new records of the sources, one poll's worth; never wait for a receiver in here."""

    async def end(self, number: int) -> None:
        """Finish what is in flight (a few seconds at most) and drop the state; `start` may not have come."""


class Owner:
    """Holds partition numbers for one consumer group and runs the work on them.

    A topic that stands in both `sources` and `states` is followed: up to its end it is restored, later records are
    taken, and nothing is committed. Records of a `waiting` topic may wait on purpose: no watchdog over them.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        group: str,
        sources: Sequence[Topic],
        states: Sequence[Topic] = (),
        look_back: int = 0,
        waiting: Sequence[Topic] = (),
    ) -> None:
        self._settings = settings
        self._topics = (*sources, *states)
        self._names = Names(settings.topic_prefix)
        self._states = [self._names.of(topic) for topic in states]
        self._unwatched = {self._names.of(topic) for topic in waiting}
        self._look_back = look_back
        self._membership = Membership(settings, group=group, topics=[self._names.of(topic) for topic in sources])
        self._busy = asyncio.Lock()  # one at a time: a batch in flight, a number that starts, a number that ends
        self._restoring: asyncio.Task[None] | None = None
        self._failed: asyncio.Future[None]
        self._work: Work

    async def run(self, work: Work) -> None:
        """Run until cancelled; then finish the batch in flight, end the work and leave the group.

        After a failure the group is not left: a process that has a name comes back to what it held.
        Raises: whatever the work raises, uncommitted; ConfigurationError when a topic is missing or the name is taken.
        """
        await check_catalogue(self._settings, self._topics)
        self._work = work
        self._failed = asyncio.get_running_loop().create_future()
        leaves = False
        try:
            await self._membership.start(assigned=self._assigned, revoked=self._revoked)
            await first_of(self._take_forever(), self._failed)
        except asyncio.CancelledError as cancelled:
            leaves = by_request(cancelled)
            raise
        finally:
            await self._end(leaves=leaves)

    @property
    def ready(self) -> bool:
        """Return whether the group was joined and everything that it gave is restored."""
        return self._membership.joined and all(held.started for held in self._membership.held.values())

    def holds(self, number: int) -> bool:
        """Return whether this process still owns the number, by its own clock.

        False after a freeze longer than the session, until `recheck` has asked.
        """
        return self._membership.holds(number)

    async def recheck(self, number: int) -> bool:
        """Return whether this process owns the number; after a freeze, as the coordinator says (one round trip).

        When it does not, no further record is taken before the group has assigned anew.
        """
        return await self._membership.recheck(number)

    async def commit(self, topic: Topic, number: int, offset: int) -> None:
        """Commit the next offset to read. A commit lost to a rebalance is a replay, not an error."""
        await self._membership.commit(number, {self._names.of(topic): offset})

    async def commit_all(self, offsets: Mapping[tuple[str, int], int]) -> None:
        """Commit the next offset to read of several partitions (topics by their whole names)."""
        for number in {number for _, number in offsets}:
            mine = {name: offset for (name, of), offset in offsets.items() if of == number}
            await self._membership.commit(number, mine)

    def pause(self, topic: Topic, number: int) -> None:
        """Fetch nothing more of this partition until `resume`; one that is another's is left alone."""
        self._membership.pause(self._names.of(topic), number)

    def resume(self, topic: Topic, number: int) -> None:
        """Fetch this partition again."""
        self._membership.resume(self._names.of(topic), number)

    def done(self) -> Mapping[tuple[str, int], int]:
        """Return, for the watchdog, the next offset that is not done of each partition that is started."""
        return self._not_done([name for name in self._membership.topics if name not in self._unwatched])

    def progress(self) -> Mapping[tuple[str, int], int]:
        """Return the next offset that is not done of each started partition of every source, `waiting` ones too."""
        return self._not_done(self._membership.topics)

    def lag(self) -> Mapping[tuple[str, int], int]:
        """Return the records that wait in each partition, as the last fetch saw its end."""
        done = self.done()
        return {place: max(0, (self._membership.end(*place) or offset) - offset) for place, offset in done.items()}

    async def waiting(self) -> Mapping[tuple[str, int], int] | None:
        """Return the records that are not done in each partition of a `waiting` topic, or None if the broker is silent.

        The broker is asked: a partition whose records wait is paused, and the end of one that is not fetched gets old.
        """
        done = self._not_done(self._unwatched)
        ends = await self._membership.ends(done.keys())
        return None if ends is None else {place: max(0, ends[place] - offset) for place, offset in done.items()}

    def _not_done(self, names: Collection[str]) -> dict[tuple[str, int], int]:
        return {
            (name, number): (held.taken if name in self._states else held.done)[name]
            for number, held in self._membership.held.items()
            if held.started
            for name in names
        }

    async def _take_forever(self) -> None:
        while True:
            started = {number: held for number, held in self._membership.held.items() if held.started}
            batches = await self._membership.fetch()
            if batches:
                await self._hand_over(batches, started)

    async def _hand_over(self, batches: Mapping[Any, Sequence[Any]], started: Mapping[int, Held]) -> None:
        async with self._busy:
            fresh = [
                incoming(record)
                for place, records in batches.items()
                for record in self._fresh(place, records, started.get(place.partition))
            ]
            if fresh:
                await to_its_end(self._work.take(fresh))

    def _fresh(self, place: Any, records: Sequence[Any], then: Held | None) -> Sequence[Any]:  # noqa: ANN401 - aiokafka ships no types
        """Return the records to take: none that was fetched before a rebalance, nor one that was taken already."""
        held = self._membership.held.get(place.partition)
        if held is None or not held.started:
            return []
        if held is not then:
            self._membership.seek(place, held.taken[place.topic])
            return []
        fresh = [record for record in records if record.offset >= held.taken[place.topic]]
        held.taken[place.topic] = records[-1].offset + 1
        return fresh

    def _assigned(self, numbers: Sequence[int]) -> None:
        self._restoring = asyncio.create_task(self._restore(numbers))
        self._restoring.add_done_callback(self._fail)

    async def _revoked(self) -> None:
        await self._stop_restoring()
        try:
            await self._end_work()
        except Exception as err:  # noqa: BLE001 - the client would log it and go on: it has to end the process
            if not self._failed.done():
                self._failed.set_exception(err)

    async def _end_work(self) -> None:
        async with self._busy:
            for number in list(self._membership.held):
                await self._work.end(number)
                self._membership.held.pop(number, None)

    async def _restore(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            self._work.begin(number)
        ends = await self._read_states([partition(name, number) for name in self._states for number in numbers])
        starts = dict(await self._membership.starts(numbers))
        starts |= {place: end for place, end in ends.items() if place in starts}
        if self._look_back:
            await self._read_back(starts)
        for number in numbers:
            await self._start(number, {place.topic: at for place, at in starts.items() if place.partition == number})

    async def _read_states(self, places: Sequence[Any]) -> Mapping[Any, int]:
        """Return where each state partition was read to: the end that it had, uncommitted transactions and all."""
        if not places:
            return {}
        async with Reader(self._settings, places) as reader:
            ends = await reader.ends()
            await reader.read_to(ends, self._work.restore)
        return ends

    async def _read_back(self, starts: Mapping[Any, int]) -> None:
        if not starts:
            return
        async with Reader(self._settings, list(starts)) as reader:
            for place, begin in (await reader.begins()).items():
                reader.seek(place, max(begin, starts[place] - self._look_back))
            await reader.read_to(starts, self._work.restore)

    async def _start(self, number: int, offsets: Mapping[str, int]) -> None:
        async with self._busy:
            self._membership.read_on(number, offsets)
            await self._work.start(number)

    async def _stop_restoring(self) -> None:
        if self._restoring is not None:
            self._restoring.cancel()
            await asyncio.wait({self._restoring})

    def _fail(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (err := task.exception()) and not self._failed.done():
            self._failed.set_exception(err)

    async def _end(self, *, leaves: bool) -> None:
        await self._stop_restoring()
        try:
            async with asyncio.timeout(GRACE_S):
                await self._end_work()
        except TimeoutError:
            LOG.warning("the work did not end in time")
        finally:
            await self._membership.stop(by_request=leaves)


async def first_of(work: Coroutine[Any, Any, None], failure: "asyncio.Future[None]") -> None:
    """Return when the work ends, or raise what `failure` says, whichever is first; the work never outlives the call."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task, failure}, return_when=asyncio.FIRST_COMPLETED)
        (failure if failure.done() else task).result()
    finally:
        task.cancel()
        await asyncio.wait({task})


async def to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Await the work; a cancellation meanwhile gives it a few seconds to end by itself, and is raised then."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=GRACE_S)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
