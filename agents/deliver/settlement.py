"""What follows from an attempt, a spill or an expiry: effects in their order, then the record is done."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agents import log
from agents.dead_letters import dead_letter
from agents.deliver import effects, retry
from agents.deliver.attempt import Attempt
from agents.deliver.digests import Moments
from agents.deliver.effects import Effects
from agents.deliver.job import Job
from agents.deliver.lane import Channel
from agents.deliver.ledger import DeliveryLedger, Threads
from agents.deliver.outcome import UNKNOWN_RECEIVER, Outcome, OutcomeKind, failed, refused
from agents.deliver.surroundings import Surroundings
from agents.kafka import Incoming, Outgoing
from streams.audit import Action
from streams.errors import PoisonError, Reason
from streams.ids import ReceiverId
from streams.routing.digest import MOST_ITEMS
from streams.routing.notification import DeliveryStatus, HandOffReason
from streams.routing.sending import digest_id

LOG = log.named("deliver")
EXPIRED = failed("time_to_live_over")
NO_TIME = timedelta()
TURN_AFTER = 20  # members looked up in routes and silences: then the loop turns, for a flash may wait
LEFT_OVER_S = 1.0  # members that a message which was read back does not name
HandOff = tuple[Job, str, HandOffReason, str | None, datetime | None]  # job, tier, why, outcome, not before
OFF = Outcome(kind=OutcomeKind.GONE, detail="receiver_is_off")  # until the routes change it


@dataclass(slots=True)
class Settlement:
    """Attempts and effects of one partition number; `release` is called for each job whose effects stand."""

    number: int
    around: Surroundings
    release: Callable[[Sequence[Job]], Awaitable[None]]
    ledger: DeliveryLedger = field(default_factory=DeliveryLedger)
    threads: Threads = field(default_factory=Threads)
    moments: Moments = field(default_factory=Moments)
    _off: dict[ReceiverId, Channel] = field(default_factory=dict)

    def turn(self) -> None:
        """Forget what the topics of the state forgot."""
        for kept in (self.ledger, self.threads):
            kept.turn(self.around.now())

    async def is_to_send(self, job: Job) -> bool:
        """Return whether the job is still to be sent: not if it expired, is muted by now, or is another process's."""
        return await self._owned() and await self._has_any_left(job)

    async def attempt(self, job: Job, channel: Channel) -> Outcome:
        """Return what came of sending the job."""
        if self._off.get(job.delivery.receiver) is channel:
            return OFF
        if self.around.receivers.find(job.delivery.receiver) is None:
            return UNKNOWN_RECEIVER  # removed while its lane was full
        try:
            return await channel.send(self._attempt(job))
        except Exception as err:  # noqa: BLE001 - one delivery that can't be rendered never stops the others
            # No traceback: a client's error may hold an address, and addresses are secrets.
            LOG.error("notification failed", delivery=job.delivery.delivery_id, error=type(err).__name__)  # noqa: TRY400
            return refused(type(err).__name__, Reason.RENDER_FAILED)

    def _attempt(self, job: Job) -> Attempt:
        delivery, together = job.delivery, job.together
        found = self.around.receivers.find(delivery.receiver)
        plan = found[0].digest if found else None
        return Attempt(
            delivery=delivery,
            ledger=job.ledger,
            thread=self.threads.root(delivery.receiver, delivery.alert.story_id),
            doubtful=any(each.doubtful for each in together),
            members=tuple(each.delivery for each in together) if delivery.is_digest else (),
            most_items=plan.max_items if plan else MOST_ITEMS,
        )

    async def _has_any_left(self, job: Job) -> bool:
        """End what has expired or is muted by now; return whether anything is left to send."""
        now, why_muted = self.around.now(), self.around.receivers.why_muted
        late = [each for each in job.together if now >= each.delivery.expires_at and not self.why_acknowledged(each)]
        kept = [each for each in job.together if each not in late]
        left: list[Job] = []
        muted: list[tuple[Job, str]] = []
        for count, each in enumerate(kept, start=1):
            if (why := self.why_acknowledged(each) or why_muted(each.delivery)) is None:
                left.append(each)
            else:
                muted.append((each, why))
            if count % TURN_AFTER == 0:
                await asyncio.sleep(0)
        if job.members is not None:
            job.members = left
        await self.expire(late)
        await self.mute(muted)
        return bool(left)

    def why_acknowledged(self, job: Job) -> str | None:
        """Return who has seen to what this delivery would take one step up; None if nobody has."""
        return self.around.receivers.why_acknowledged(job.delivery, job.routed_at)

    async def settle(self, job: Job, outcome: Outcome) -> None:
        """Write what follows from an attempt, then note its record as done."""
        match outcome.kind:
            case OutcomeKind.DELIVERED:
                await self._delivered(job, outcome)
            case OutcomeKind.REFUSED | OutcomeKind.GONE:
                await self._dead(job, outcome)
            case OutcomeKind.THROTTLED:
                await self.put_off([(job, HandOffReason.FROZEN, outcome.retry_after_s)])
            case OutcomeKind.POSTPONED:
                await self.put_off([(job, HandOffReason.SCHEDULED, outcome.retry_after_s)])
            case OutcomeKind.FAILED | OutcomeKind.AMBIGUOUS:
                self.moments.failed(job.delivery.receiver, now=self.around.now())
                await self.retry([job], outcome)

    async def put_off(self, jobs: Sequence[tuple[Job, HandOffReason, float]]) -> None:
        """Hand jobs to tiers, each for its reason and wait, in one write; no attempt is counted."""
        await self._hand_off(
            [
                self._put_off(each, reason, wait_s, apart=_apart(job, None))
                for job, reason, wait_s in jobs
                for each in job.together
            ]
        )

    async def retry(self, jobs: Sequence[Job], outcome: Outcome) -> None:
        """Hand jobs whose attempt failed to their next tier."""
        await self._hand_off(
            [self._retry(each, outcome, apart=_apart(job, outcome)) for job in jobs for each in job.together]
        )

    async def expire(self, jobs: Sequence[Job]) -> None:
        """Write the state `expired`, and what tells the desk in a digest: what came too late is never silent."""
        if not jobs or not await self._owned():
            return
        at, find = self.around.now(), self.around.receivers.find
        await self._perform(
            [(job, effects.expired(job, EXPIRED, at=at, told=find(job.delivery.receiver) is not None)) for job in jobs]
        )

    def _put_off(self, job: Job, reason: HandOffReason, wait_s: float, *, apart: timedelta) -> HandOff:
        if job.delivery.is_digest and reason is not HandOffReason.SCHEDULED:
            return self._to_next_moment(job, reason, None, wait_s, apart)
        return job, _tier(reason, wait_s), reason, None, None

    def _retry(self, job: Job, outcome: Outcome, *, apart: timedelta) -> HandOff:
        if job.delivery.is_digest:
            return self._to_next_moment(job, HandOffReason.RETRY, outcome.text, 0.0, apart)
        return job, retry.tier_after(job.delivery.attempts + 1), HandOffReason.RETRY, outcome.text, None

    def _to_next_moment(
        self, job: Job, reason: HandOffReason, outcome: str | None, wait_s: float, apart: timedelta
    ) -> HandOff:
        now = self.around.now()
        moment = self.moments.next(job.delivery.receiver, now=now, wait_s=wait_s) + apart
        return job, retry.tier_within((moment - now).total_seconds()), reason, outcome, moment

    async def set_aside(self, record: Incoming, err: PoisonError) -> None:
        """Write the dead letter of a record that can't be read; then its delivery is dead, if a header names it."""
        self.around.metrics.dead_letters.labels(effects.STAGE, err.reason.value).inc()
        await self._write([dead_letter(record, stage=effects.STAGE, reason=err.reason, error=str(err))])
        if (found := effects.unread(record, reason=err.reason, at=self.around.now())) is None:
            return
        written, state = found
        known = self.ledger.state(state.delivery_id)
        if known is None or not (known.state.final or known.seq > state.seq):
            await self.around.auditor.note([effects.ended(state, None)], beside=[written])
            self.ledger.record(state)
        elif known.state.final:
            await self.around.auditor.note([effects.ended(known, None)])

    async def note_again(self, jobs: Sequence[Job]) -> None:
        """Note how jobs ended whose record is read again: whoever wrote the state may have died before the audit."""
        states = ((self.ledger.state(job.delivery.delivery_id), job.delivery) for job in jobs)
        await self.around.auditor.note([effects.ended(state, delivery) for state, delivery in states if state])

    async def _delivered(self, job: Job, outcome: Outcome) -> None:
        at, shown = self.around.now(), outcome.members
        taken = [each for each in job.together if shown is None or each.delivery.delivery_id in shown]
        self.moments.sent(job.delivery.receiver)
        if not job.delivery.is_digest and job.delivery.redrive_of is None and job.delivery.unless_acked is None:
            self._measure(job, at)  # a person's wish of today says nothing of how long news takes, nor does a step up
        await self._perform([(each, effects.final(each, DeliveryStatus.DELIVERED, outcome, at=at)) for each in taken])
        left = [each for each in job.together if each not in taken]
        await self.put_off([(each, HandOffReason.SCHEDULED, LEFT_OVER_S) for each in left])

    def _measure(self, job: Job, at: datetime) -> None:
        metrics, ledger = self.around.metrics, job.ledger.stamped(delivered=at)
        if (spent_ms := ledger.spent_ms("deliver")) is not None:
            metrics.delivery_duration.labels(job.delivery.urgency.value).observe(max(0.0, spent_ms / 1000))
        metrics.took("deliver", ledger)
        metrics.took("total", ledger)

    async def _dead(self, job: Job, outcome: Outcome) -> None:
        receivers, name = self.around.receivers, job.delivery.receiver
        if outcome.kind is OutcomeKind.GONE and (off := receivers.find(name)):
            self._off[name] = off[1]
        LOG.error("receiver needs attention", receiver=name, outcome=outcome.text)
        found = receivers.find(name)
        fallback = receivers.find(found[0].fallback) if found and found[0].fallback else None
        told, at = fallback[0] if fallback else None, self.around.now()
        self.around.metrics.dead_letters.labels("deliver", outcome.reason.value).inc(len(job.together))
        done = [(each, effects.dead(each, outcome, told, at=at)) for each in job.together]
        await self._perform(done, also=effects.alarms(job, outcome, at=at))

    async def mute(self, jobs: Sequence[tuple[Job, str]]) -> None:
        """Write the state `muted` of each with its reason: nobody is told, and nobody needs to be."""
        if not jobs or not await self._owned():
            return
        at, muted = self.around.now(), DeliveryStatus.MUTED
        await self._perform([(job, effects.final(job, muted, failed(why), at=at, attempts=0)) for job, why in jobs])

    async def _hand_off(self, jobs: Sequence[HandOff]) -> None:
        if not jobs or not await self._owned():
            return
        at = self.around.now()
        done: list[tuple[Job, Effects]] = []
        for job, asked, reason, outcome, moment in jobs:
            tier = retry.tier_before(asked, (job.delivery.expires_at - at).total_seconds())
            handed = effects.hand_off(job, tier, reason=reason, outcome=outcome, at=at, not_before=moment)
            done.append((job, handed))
        await self._perform(done)

    async def _perform(self, done: Sequence[tuple[Job, Effects]], *, also: Sequence[Action] = ()) -> None:
        """Write what must stand first, then the states, and beside them the audit of what ended.

        Only then does the ledger know, and are the records done.
        """
        if not done:
            return
        await self._write([output for _, each in done for output in each.first])
        ends = [effects.ended(each.state, job.delivery) for job, each in done if each.state.state.final]
        then = [output for _, each in done for output in each.then]
        await (self.around.auditor.note([*ends, *also], beside=then) if ends else self._write(then))
        for job, each in done:
            self.ledger.record(each.state)
            if each.thread:
                self.threads.record(each.thread)
            label = self.around.metrics.capped("receiver", job.delivery.receiver)
            self.around.metrics.deliveries.labels(label, each.state.state.value).inc()
        await self.release([job for job, _ in done])

    async def _write(self, outputs: Sequence[Outgoing]) -> None:
        if outputs:
            await self.around.producer.deliver(outputs)

    async def _owned(self) -> bool:
        return self.around.owner.holds(self.number) or await self.around.owner.recheck(self.number)


def _apart(digest: Job, outcome: Outcome | None) -> timedelta:
    """Return by how much a digest's members come later than the moment of all: nothing, unless they may have arrived.

    Then they meet each other alone, and go again under the id under which they went.
    """
    in_doubt = digest.doubtful or (outcome is not None and outcome.kind is OutcomeKind.AMBIGUOUS)
    if not (digest.delivery.is_digest and in_doubt):
        return NO_TIME
    return timedelta(microseconds=int(digest_id(each.delivery.delivery_id for each in digest.together)[:4], 16))


def _tier(reason: HandOffReason, wait_s: float) -> str:
    return retry.tier_within(wait_s) if reason is HandOffReason.SCHEDULED else retry.tier_for_spill(wait_s)
