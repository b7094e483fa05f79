"""A lane: one receiver's own queue, concurrency, rate, order and breaker, so that it can't slow another."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol

from agents.deliver import retry
from agents.deliver.attempt import Attempt
from agents.deliver.bucket import Breaker, Bucket
from agents.deliver.hearing import Hearing
from agents.deliver.job import Job
from agents.deliver.outcome import Outcome, OutcomeKind
from agents.deliver.pace import STILL_S, Pace
from agents.deliver.queues import WATCHED, Queues
from agents.metrics import Metrics
from streams.errors import Reason
from streams.routing.notification import HandOffReason
from streams.routing.receiver import slots
from streams.routing.route import Receiver

HOLD_S: Final = 30.0  # a freeze or pause that is waited out in memory; half the watchdog's patience with a partition
# The same for what comes from a tier: the watchdog knows that records wait there. Put off at each freeze, all that a
# receiver that asks for a minute's patience now and then has queued would come back in vain: 4 tier records of 7.
RETURNED_HOLD_S: Final = 120.0
BACKLOG_S: Final = 120.0  # what may be queued by rate. Of 500 at 1/s the last goes out after 805 s (1,430 s with 30)
# What may be queued by memory: a delivery of 1.5 kB takes 10 kB there. Of what comes from a tier it is twice as much,
# for all of a wave that finds no room goes back.
MOST_QUEUED, MOST_RETURNED = 300, 600
LOOK_AGAIN_S: Final = 300.0  # at a pause: of 10,000 that wait, 33 records a second
SOON_S: Final = 3.0  # within which a full lane is empty: to wait for it costs less than a tier's three writes
WAITS_ON_ITS_TOPIC: Final = timedelta(seconds=10)
SPILLED = frozenset({HandOffReason.SPILL, HandOffReason.FROZEN})
TURNED_DOWN = frozenset({OutcomeKind.REFUSED, OutcomeKind.GONE})
COUNTED = frozenset({OutcomeKind.FAILED, OutcomeKind.AMBIGUOUS})


class Channel(Protocol):
    """The way to one receiver."""

    async def send(self, attempt: Attempt) -> Outcome:
        """Return what came of one attempt; raises nothing that a receiver can cause."""


class Work(Protocol):
    """What a lane's owner does with its jobs."""

    async def is_to_send(self, job: Job) -> bool:
        """Return whether the job is still to be sent; if not, it is settled or lost."""

    async def attempt(self, job: Job, channel: Channel) -> Outcome:
        """Return what came of sending the job."""

    async def settle(self, job: Job, outcome: Outcome) -> None:
        """Write what follows from the outcome."""

    async def put_off(self, jobs: Sequence[tuple[Job, HandOffReason, float]]) -> None:
        """Hand jobs to tiers, each for its reason and for so many seconds."""


class Lane:
    """One receiver's lane. `offer` never waits; `run` sends until it is cancelled."""

    def __init__(
        self,
        receiver: Receiver,
        channel: Channel,
        work: Work,
        *,
        spawn: Callable[[Coroutine[None, None, None]], asyncio.Task[None]],
        now: Callable[[], datetime],
        clock: Callable[[], float],
        metrics: Metrics,
        paused_s: Callable[[], float],
        hearing: Hearing,
    ) -> None:
        self.receiver, self.channel = receiver, channel
        self._work, self._spawn, self._clock, self._metrics = work, spawn, clock, metrics
        self._paused_s, self._hearing = paused_s, hearing
        self._label = metrics.capped("receiver", receiver.receiver_id)
        # Looked up once: each delivery sets them three times, and a look-up costs more than the rest of it.
        self._depth, self._frozen = metrics.lane_depth.labels(self._label), metrics.lane_frozen.labels(self._label)
        self._given_up = metrics.breaker_open.labels(self._label)
        self._bucket = Bucket(receiver.rate.per_second, receiver.rate.burst)
        self._breaker = Breaker()
        self._frozen_until = 0.0
        self._now, self._queues = now, Queues(now, clock)
        self._sending: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._asking = 0  # attempts that the receiver has not answered yet
        self._pace = Pace(clock, hearing)
        self._spilled = 0  # jobs that are in tiers because this lane could not take them

    def adopt(self, receiver: Receiver, channel: Channel) -> None:
        """Go on with other options from the next attempt on; freeze and queue stay, the breaker gets a new chance."""
        self.receiver, self.channel = receiver, channel
        self._bucket.retune(receiver.rate.per_second, receiver.rate.burst)
        self._breaker = Breaker()
        self._note()

    def offer(self, job: Job) -> tuple[HandOffReason, float] | None:
        """Take the job and return None, or return why it belongs into a tier and for how long.

        A lane with room takes whatever comes: it never idles for the sake of those that it spilled before.
        """
        if job.delivery.reason in SPILLED and self._spilled and not job.delivery.is_digest:
            self._spilled -= 1
        ahead = self._queues.ahead_of(job.delivery.urgency)
        reason, wait_s = self._wait()
        if reason is HandOffReason.SCHEDULED:
            return reason, wait_s
        if _is_too_long(wait_s, job) or self._is_full_for(job) or ahead / self._bucket.per_second > BACKLOG_S:
            return reason, self._spill(job, wait_s)
        self._queues.append(job)
        self._note()
        return None

    def has_room_soon(self, job: Job) -> bool:
        """Return whether the lane is full, but of what its receiver takes within moments.

        Then a record had better wait on its topic. To hand a burst off costs as much as to send it: of 2,000 that came
        at once to a receiver of 300 a second, nothing was sent for ten seconds, and then half of it five minutes late.
        It waits for ten seconds at most, for who shares its topic waits with it.
        """
        if not self._is_full_for(job) or self._breaker.open or self._pace.stands_still:
            return False
        if self._now() - max(job.record.appended_at, job.due_at) > WAITS_ON_ITS_TOPIC:
            return False
        empty_s = self._queues.ahead_of(job.delivery.urgency) / self._pace.so_far(self._bucket.per_second)
        return self._wait()[1] <= STILL_S and empty_s <= SOON_S

    def _is_full_for(self, job: Job) -> bool:
        """Return whether there is no room for the job; what came back from tiers takes none from what is new."""
        urgency, is_new = job.delivery.urgency, job.topic in WATCHED
        most = MOST_QUEUED if is_new else MOST_RETURNED
        if self._queues.ahead_of(urgency) < most:  # almost always, and without a look at each job
            return False
        return self._queues.ahead_of(urgency, new_alone=is_new) >= most

    async def run(self) -> None:
        """Send what is queued, flash first, as concurrency, rate, freeze and breaker allow."""
        while True:
            while not self.queued or len(self._sending) >= slots(self.receiver):
                self._changed.clear()
                await self._changed.wait()
            reason, wait_s = self._wait()
            if reason is HandOffReason.SCHEDULED:
                await self._work.put_off([(job, reason, wait_s) for job in self._queues.empty()])
            elif impatient := self._queues.take_out(partial(_is_too_long, wait_s)):
                await self._give_back(impatient, reason, wait_s)
            elif wait_s > 0:
                await self._pause(wait_s)
            elif overtaken := self._queues.overtaken(HOLD_S):
                await self._give_back(overtaken, HandOffReason.SPILL, HOLD_S)
            else:
                self._start(self._queues.next())

    def wake(self) -> None:
        """Look again at what stands in the way: a pause began or ended."""
        self._changed.set()

    @property
    def queued(self) -> int:
        """Return how many jobs wait in the lane."""
        return len(self._queues)

    async def close(self, within_s: float) -> None:
        """Forget what is queued, let what is being sent end for so long, then cut it off."""
        self._queues.empty()
        if self._sending:
            await asyncio.wait(self._sending, timeout=within_s)
        for task in list(self._sending):
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)
        self._metrics.receiver_needs_attention.labels(self._label).set(0)  # from now on it is another owner's to say
        self._note()

    def _start(self, job: Job) -> None:
        self._bucket.take(self._clock())
        self._breaker.try_one()
        task = self._spawn(self._send(job))
        self._sending.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._note()

    async def _send(self, job: Job) -> None:
        """Send, learn, settle, in this order: a freeze holds before the next attempt of a parallel lane starts."""
        if not await self._work.is_to_send(job):
            self._breaker.undecided()
            return
        with self._hearing.listening():
            self._asks(1)
            try:
                outcome = await self._work.attempt(job, self.channel)
            finally:
                self._asks(-1)
        self._learn(outcome)
        if outcome.kind is OutcomeKind.THROTTLED and not _is_too_long(job.waited_s + outcome.retry_after_s, job):
            job.waited_s += outcome.retry_after_s
            self._queues.put_back(job)
            return
        await self._work.settle(job, outcome)

    def _asks(self, more: int) -> None:
        self._asking += more
        self._turn()

    def _learn(self, outcome: Outcome) -> None:
        if slots(self.receiver) == 1:
            self._bucket.answered(self._clock(), too_soon=outcome.kind is OutcomeKind.THROTTLED)
        if outcome.kind in COUNTED:
            self._breaker.failed(self._clock())
        elif outcome.kind is OutcomeKind.THROTTLED:
            self._breaker.undecided()
            self._frozen_until = max(self._frozen_until, self._clock() + outcome.retry_after_s)
        else:
            self._breaker.succeeded()
            self._pace.arrived()
            self._attend(outcome)
        self._note()

    def _attend(self, outcome: Outcome) -> None:
        """Show whether somebody has to look at the receiver: it refused since it last took something."""
        if outcome.kind in TURNED_DOWN and outcome.reason is not Reason.RENDER_FAILED:
            self._metrics.receiver_needs_attention.labels(self._label).set(1)
        elif outcome.kind is OutcomeKind.DELIVERED:
            self._metrics.receiver_needs_attention.labels(self._label).set(0)

    def _wait(self) -> tuple[HandOffReason, float]:
        """Return what stands in the way longest, and for how long. A pause stands in the way of everything.

        What is paused comes back each five minutes, so that it goes out soon after an end that nobody could foresee.
        """
        if (paused_s := self._paused_s()) > 0:
            return HandOffReason.SCHEDULED, min(paused_s, LOOK_AGAIN_S)
        now = self._clock()
        frozen = self._frozen_until - now
        blocked = max(self._breaker.wait_s(now), self._bucket.wait_s(now), 0.0)
        return (HandOffReason.FROZEN, frozen) if frozen > blocked else (HandOffReason.SPILL, blocked)

    def _spill(self, job: Job, wait_s: float) -> float:
        """Return for how long one more job is put off: until its place in the backlog is near enough to be held.

        While the receiver is given up, at least as long as the tier above its last one: a receiver that is dead for
        a day costs each of its deliveries two dozen records, not hundreds. Digests have moments of their own.
        """
        if job.delivery.is_digest:
            return wait_s
        self._spilled += 1
        backlog_s = (self.queued + self._spilled) / self._pace.per_second(self._bucket.per_second) - BACKLOG_S
        climbed_s = retry.delay_s(retry.tier_after(job.delivery.seq)) if self._breaker.open else 0
        return max(wait_s, backlog_s, climbed_s)

    async def _give_back(self, jobs: Sequence[Job], reason: HandOffReason, wait_s: float) -> None:
        await self._work.put_off([(job, reason, self._spill(job, wait_s)) for job in jobs])

    async def _pause(self, wait_s: float) -> None:
        """Wait, but look again at once when a job comes or an attempt ends: it may have changed the wait."""
        self._changed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._changed.wait()

    def _turn(self) -> None:
        self._pace.turn(asked_share=self._asking / slots(self.receiver), frozen_until=self._frozen_until)

    def _note(self) -> None:
        self._turn()
        self._changed.set()
        self._depth.set(self.queued + len(self._sending))
        self._frozen.set(self._frozen_until > self._clock())
        self._given_up.set(self._breaker.open)


def _is_too_long(wait_s: float, job: Job) -> bool:
    """Return whether a job is not to wait for its receiver in memory for so long."""
    return wait_s > (HOLD_S if job.topic in WATCHED else RETURNED_HOLD_S)
