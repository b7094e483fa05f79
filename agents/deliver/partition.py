"""One partition number of all delivery topics: what is taken, what waits to be due, and its receivers' lanes."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain

from agents import log
from agents.deliver import digests, retry
from agents.deliver.digests import Gathering
from agents.deliver.doubt import Doubt
from agents.deliver.job import Job
from agents.deliver.lane import Lane
from agents.deliver.ledger import Verdict
from agents.deliver.outcome import ROUTES_BEHIND, UNKNOWN_RECEIVER
from agents.deliver.settlement import Settlement
from agents.deliver.source import Source
from agents.deliver.surroundings import Surroundings
from agents.kafka import Incoming
from streams.errors import PoisonError
from streams.ids import DeliveryId, ReceiverId
from streams.matching.rule import Urgency
from streams.routing.notification import Delivery, HandOffReason
from streams.routing.receiver import slots
from streams.routing.storm import Storms
from streams.topics import RETRIES, Topic

TURN_AFTER = 10  # records that are decoded, some ms: then the loop turns, for others are being sent
CLOCK_IS_SET_S = 60.0  # whoever waits looks at the clock so often: it may be set, or have stood still
ROOM_AGAIN = timedelta(milliseconds=50)  # how soon what waits for a full lane is offered again
TIERS, SOONEST_AGAIN = frozenset(RETRIES.values()), timedelta(seconds=1)
NO_TIME, NO_JITTER = timedelta(), DeliveryId("")
LOG = log.named("deliver")


class Partition:
    """The work of one partition number, from its assignment to its revocation."""

    def __init__(self, number: int, around: Surroundings) -> None:
        self.number = number
        self.settlement = Settlement(number, around, self._release)
        self._around = around
        self._sources: dict[Topic, Source] = {}
        self._lanes: dict[ReceiverId, tuple[Lane, asyncio.Task[None]]] = {}
        self._in_flight: dict[DeliveryId, list[Job]] = {}  # the copy that is sent, then its twins
        self._known: list[Job] = []  # their record was read again, and the ledger knows how they ended
        self._gathering = Gathering()
        self._storms = Storms()
        self._doubt = Doubt(around.now(), self._slots)
        self._woken = asyncio.Event()
        self._alarm: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin: the state is restored, effects may happen from here on."""
        self._doubt = Doubt(self._around.now(), self._slots)
        self._alarm = self._around.spawn(self._place_when_due())

    async def take(self, topic: Topic, records: Sequence[Incoming]) -> None:
        """Take new records of one topic: each ends in a lane or a tier, is known, or waits to be due."""
        source = self._sources.setdefault(topic, Source())
        self.settlement.turn()
        new = [record for record in records if source.offsets.take(record.offset)]
        for count, record in enumerate(new, start=1):
            if job := await self._read(topic, record):
                source.wait(job)
            if count % TURN_AFTER == 0:
                await asyncio.sleep(0)
        await self._place_due(topic, source)

    async def end(self, within_s: float) -> None:
        """Let what is being sent end, for so long at most, and stop everything."""
        tasks = [task for _, task in self._lanes.values()] + ([self._alarm] if self._alarm else [])
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(lane.close(within_s) for lane, _ in self._lanes.values()))
        self._lanes.clear()

    def adopt(self) -> None:
        """Let the lanes go on with what the newest routes and pauses say of their receivers."""
        for name, (lane, _) in self._lanes.items():
            found = self._around.receivers.find(name)
            if found and found != (lane.receiver, lane.channel):
                lane.adopt(*found)
            else:
                lane.wake()

    async def commit(self) -> None:
        """Commit, for each topic, up to where everything is done."""
        for topic, source in list(self._sources.items()):  # while we wait, a topic's first record may come
            if (offset := source.offsets.committable()) is not None:
                await self._around.owner.commit(topic, self.number, offset)

    def oldest(self) -> Mapping[Urgency, datetime]:
        """Return, by urgency, since when the oldest delivery in hand is owed of those that have no final state.

        A copy may stand in a tier after its delivery ended, until it is due and dropped: it counts for nothing, nor
        does a step up or a digest's member before its time. Cost: a sort of what is in hand.
        """
        now = self._around.now()
        found: dict[Urgency, datetime] = {}
        groups = chain((source.waiting for source in self._sources.values()), self._in_flight.values())
        for job in sorted(chain.from_iterable(groups), key=lambda job: job.owed_since):
            urgency = job.delivery.urgency
            owed = job.owed_since <= now and urgency not in found
            if owed and self.settlement.ledger.judge(job.delivery) is not Verdict.FINAL:
                found[urgency] = job.owed_since
        return found

    async def _read(self, topic: Topic, record: Incoming) -> Job | None:
        """Return the record's job; poison becomes a dead letter, its delivery is dead, and the record is done."""
        try:
            delivery = Delivery.from_json(record.value, schema=record.schema)
        except PoisonError as err:
            await self.settlement.set_aside(record, err)
            self._finish(topic, record)
            return None
        # Members of digests that are put off together come back together.
        due_at = retry.due_at(record, topic, NO_JITTER if delivery.is_digest else delivery.delivery_id)
        if topic in TIERS and delivery.not_before and delivery.not_before > (now := self._around.now()):
            # With a clock ahead of the broker's it is due at once by ours, and would go round and round.
            due_at = max(due_at, min(now + SOONEST_AGAIN, delivery.not_before))
        return Job(topic=topic, record=record, delivery=delivery, ledger=record.ledger, due_at=due_at)

    async def _place_due(self, topic: Topic, source: Source) -> None:
        """Place what is due."""
        due = source.take_due(self._around.now())
        if source.waiting:
            self._woken.set()
        self._pause_or_resume(topic, source)
        await self._place(due)

    def _pause_or_resume(self, topic: Topic, source: Source) -> None:
        waits = bool(source.waiting or source.held)
        if source.paused is not waits:
            source.paused = waits
            turn = self._around.owner.pause if waits else self._around.owner.resume
            turn(topic, self.number)

    async def _place_when_due(self) -> None:
        while True:
            self._woken.clear()
            heads = [due_at for source in self._sources.values() if (due_at := source.due_at)]
            heads += [moment] if (moment := self._gathering.due_at) else []
            heads += [self._around.now() + ROOM_AGAIN] if any(source.held for source in self._sources.values()) else []
            wait_s = (min(heads) - self._around.now()).total_seconds() if heads else None
            if wait_s is None or wait_s > 0:
                await _either(self._woken, None if wait_s is None else min(wait_s, CLOCK_IS_SET_S))
            for topic, source in list(self._sources.items()):
                if source.waiting:
                    await self._place_due(topic, source)
            await self._offer(self._gathering.due(now=self._around.now()))

    async def _place(self, jobs: Sequence[Job]) -> None:
        """Put jobs into their lanes; what is not to be sent yet goes to a tier, or waits for its digest."""
        expired: list[Job] = []
        acknowledged: list[tuple[Job, str]] = []
        early: list[tuple[Job, HandOffReason, float]] = []
        due: list[Job] = []
        now = self._around.now()
        for job in jobs:
            if not self._is_to_send(job):
                continue
            self._join_storm(job, now)
            wait = (job.delivery.not_before or now) - now
            if (why := self.settlement.why_acknowledged(job)) is not None:
                acknowledged.append((job, why))
            elif now >= job.delivery.expires_at:
                expired.append(job)
            elif job.delivery.is_digest and not job.unwritten and wait <= digests.HOLD:
                if not self._gathering.hold(job, now=now):
                    early.append((job, HandOffReason.SPILL, 0.0))
                self._woken.set()
            elif wait > NO_TIME:
                early.append((job, HandOffReason.SCHEDULED, wait.total_seconds()))
            else:
                due.append(job)
        _say_storms(early)
        await self.settlement.mute(acknowledged)
        await self.settlement.expire(expired)
        await self.settlement.put_off(early)
        await self._offer(due)
        await self._pass_known()

    async def _offer(self, jobs: Sequence[Job]) -> None:
        """Offer jobs to their lanes, first what waits for one; what none takes goes to a tier, in one write a reason.

        What finds a lane full that will be empty within moments waits, and its topic with it.
        """
        unknown: list[Job] = []
        behind: list[Job] = []
        refused: list[tuple[Job, HandOffReason, float]] = []
        held = [job for source in self._sources.values() for job in source.take_held()]
        for job in (*held, *jobs):
            if (lane := self._lane(job.delivery.receiver)) is None:
                unknown.append(job)
            elif any(self._around.receivers.is_behind(each.delivery) for each in job.together):
                behind.append(job)
            elif lane.has_room_soon(job):
                self._sources[job.topic].held.append(job)
            elif (answer := lane.offer(job)) is not None:
                refused.append((job, *answer))
        for topic, source in self._sources.items():
            self._pause_or_resume(topic, source)
            if source.held:
                self._woken.set()
        await self.settlement.retry(unknown, UNKNOWN_RECEIVER)
        await self.settlement.retry(behind, ROUTES_BEHIND)
        await self.settlement.put_off(refused)

    def _is_to_send(self, job: Job) -> bool:
        """Return whether this copy is the one to send; a known or stale one is done, a twin of one in flight waits."""
        name = job.delivery.delivery_id
        if name in self._in_flight:
            self._in_flight[name].append(job)
            return False
        verdict = self.settlement.ledger.judge(job.delivery)
        if verdict is Verdict.FINAL:
            self._known.append(job)
        elif verdict is Verdict.STALE:
            self._finish(job.topic, job.record)
        if verdict is not Verdict.SEND:
            return False
        self._in_flight[name] = [job]
        job.doubtful = job.doubtful or self._doubt.may_have_been_sent(job)
        return True

    def _join_storm(self, job: Job, now: datetime) -> None:
        """In a storm, make a delivery a member of its digest, unless an earlier process may have sent it alone."""
        found = self._around.receivers.find(job.delivery.receiver)
        told = self._storms.told(job.delivery, found[0].storm if found else None, at=now)
        if not job.doubtful:
            job.unwritten, job.delivery = told is not job.delivery, told

    async def _pass_known(self) -> None:
        known, self._known = self._known, []
        await self.settlement.note_again(known)
        for job in known:
            self._finish(job.topic, job.record)

    def _slots(self, name: ReceiverId) -> int:
        found = self._around.receivers.find(name)
        return slots(found[0]) if found else 1

    async def _release(self, jobs: Sequence[Job]) -> None:
        """Note jobs as done, and look again at twins that waited for them: ledger or fence will know them now."""
        twins: list[Job] = []
        for job in jobs:
            self._finish(job.topic, job.record)
            twins += self._in_flight.pop(job.delivery.delivery_id, [])[1:]
        if twins:
            await self._place(twins)

    def _finish(self, topic: Topic, record: Incoming) -> None:
        self._sources[topic].offsets.finish(record.offset)
        self._around.finished.set()

    def _lane(self, name: ReceiverId) -> Lane | None:
        if name in self._lanes:
            return self._lanes[name][0] if self._around.receivers.find(name) else None
        found = self._around.receivers.find(name)
        if found is None:
            return None
        around = self._around
        lane = Lane(
            *found, self.settlement, spawn=around.spawn, now=around.now, clock=around.clock, metrics=around.metrics,
            paused_s=lambda: around.receivers.paused_s(name), hearing=around.hearing,
        )  # fmt: skip
        around.metrics.delivery_outcomes(name)
        self._lanes[name] = (lane, around.spawn(lane.run()))
        return lane


def _say_storms(early: Iterable[tuple[Job, HandOffReason, float]]) -> None:
    for name, count in Counter(job.delivery.receiver for job, *_ in early if job.unwritten).items():
        LOG.warning("storm: stories are told in a digest", receiver=name, count=count)


async def _either(event: asyncio.Event, timeout_s: float | None) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return
