"""What follows from an attempt, a spill or an expiry: effects in their order, then the record is done."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from agents import log
from agents.dead_letters import dead_letter
from agents.deliver import effects, retry
from agents.deliver.attempt import Attempt
from agents.deliver.effects import Effects
from agents.deliver.job import Job
from agents.deliver.lane import Channel
from agents.deliver.ledger import DeliveryLedger, Threads
from agents.deliver.outcome import Outcome, OutcomeKind, failed, refused
from agents.deliver.surroundings import Surroundings
from agents.kafka import Incoming, Outgoing
from streams.errors import PoisonError, Reason
from streams.ids import ReceiverId
from streams.routing.notification import DeliveryStatus, HandOffReason

LOG = log.named("deliver")
EXPIRED = failed("time_to_live_over")
OFF = Outcome(kind=OutcomeKind.GONE, detail="receiver_is_off")  # until the routes change it


@dataclass(slots=True)
class Settlement:
    """Attempts and effects of one partition number; `release` is called for each job whose effects stand."""

    number: int
    around: Surroundings
    release: Callable[[Sequence[Job]], Awaitable[None]]
    ledger: DeliveryLedger = field(default_factory=DeliveryLedger)
    threads: Threads = field(default_factory=Threads)
    _off: dict[ReceiverId, Channel] = field(default_factory=dict)

    def turn(self) -> None:
        """Forget what the topics of the state forgot."""
        for kept in (self.ledger, self.threads):
            kept.turn(self.around.now())

    async def attempt(self, job: Job, channel: Channel) -> Outcome | None:
        """Return what came of sending the job; None if it expired, is muted by now, or is another process's."""
        if not await self._owned():
            return None
        if self.around.now() >= job.delivery.expires_at:
            await self.expire([job])
            return None
        if (why := self.around.receivers.why_muted(job.delivery)) is not None:
            await self._finish([job], DeliveryStatus.MUTED, failed(why))
            return None
        if self._off.get(job.delivery.receiver) is channel:
            return OFF
        thread = self.threads.root(job.delivery.receiver, job.delivery.alert.story_id)
        attempt = Attempt(delivery=job.delivery, ledger=job.ledger, thread=thread, doubtful=job.doubtful)
        try:
            return await channel.send(attempt)
        except Exception as err:  # noqa: BLE001 - one delivery that can't be rendered never stops the others
            # No traceback: a client's error may hold an address, and addresses are secrets.
            LOG.error("notification failed", delivery=job.delivery.delivery_id, error=type(err).__name__)  # noqa: TRY400
            return refused(type(err).__name__, Reason.RENDER_FAILED)

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
                await self.retry([job], outcome)

    async def put_off(self, jobs: Sequence[tuple[Job, HandOffReason, float]]) -> None:
        """Hand jobs to tiers, each for its reason and wait, in one write; no attempt is counted."""
        await self._hand_off([(job, _tier(reason, wait_s), reason, None) for job, reason, wait_s in jobs])

    async def retry(self, jobs: Sequence[Job], outcome: Outcome) -> None:
        """Hand jobs whose attempt failed to their next tier."""
        tiers = [(job, retry.tier_after(job.delivery.attempts + 1)) for job in jobs]
        await self._hand_off([(job, tier, HandOffReason.RETRY, outcome.text) for job, tier in tiers])

    async def expire(self, jobs: Sequence[Job]) -> None:
        """Write the state `expired`: what came too late is told, never silent."""
        await self._finish(jobs, DeliveryStatus.EXPIRED, EXPIRED)

    async def set_aside(self, record: Incoming, err: PoisonError) -> None:
        """Write the dead letter of a record that can't be read; then its delivery is dead, if a header names it."""
        self.around.metrics.dead_letters.labels(effects.STAGE, err.reason.value).inc()
        await self._write([dead_letter(record, stage=effects.STAGE, reason=err.reason, error=str(err))])
        if (found := effects.unread(record, reason=err.reason, at=self.around.now())) is None:
            return
        written, state = found
        known = self.ledger.state(state.delivery_id)
        if known is None or not (known.state.final or known.seq > state.seq):
            await self._write([written])
            self.ledger.record(state)

    async def _delivered(self, job: Job, outcome: Outcome) -> None:
        at = self.around.now()
        done = effects.final(job, DeliveryStatus.DELIVERED, outcome, at=at)
        metrics, ledger = self.around.metrics, job.ledger.stamped(delivered=at)
        if (spent_ms := ledger.spent_ms("deliver")) is not None:
            metrics.delivery_duration.labels(job.delivery.urgency.value).observe(max(0.0, spent_ms / 1000))
        metrics.took("deliver", ledger)
        metrics.took("total", ledger)
        await self._perform([(job, done)])

    async def _dead(self, job: Job, outcome: Outcome) -> None:
        receivers, name = self.around.receivers, job.delivery.receiver
        if outcome.kind is OutcomeKind.GONE and (off := receivers.find(name)):
            self._off[name] = off[1]
        LOG.error("receiver needs attention", receiver=name, outcome=outcome.text)
        found = receivers.find(name)
        fallback = receivers.find(found[0].fallback) if found and found[0].fallback else None
        done = effects.dead(job, outcome, fallback[0] if fallback else None, at=self.around.now())
        self.around.metrics.dead_letters.labels("deliver", outcome.reason.value).inc()
        await self._perform([(job, done)])

    async def _finish(self, jobs: Sequence[Job], status: DeliveryStatus, outcome: Outcome) -> None:
        if not jobs or not await self._owned():
            return
        at = self.around.now()
        await self._perform([(job, effects.final(job, status, outcome, at=at, attempts=0)) for job in jobs])

    async def _hand_off(self, jobs: Sequence[tuple[Job, str, HandOffReason, str | None]]) -> None:
        if not jobs or not await self._owned():
            return
        at = self.around.now()
        done: list[tuple[Job, Effects]] = []
        for job, asked, reason, outcome in jobs:
            tier = retry.tier_before(asked, (job.delivery.expires_at - at).total_seconds())
            done.append((job, effects.hand_off(job, tier, reason=reason, outcome=outcome, at=at)))
        await self._perform(done)

    async def _perform(self, done: Sequence[tuple[Job, Effects]]) -> None:
        """Write what must stand first, then the states; only then does the ledger know, and are the records done."""
        if not done:
            return
        await self._write([output for _, each in done for output in each.first])
        await self._write([output for _, each in done for output in each.then])
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


def _tier(reason: HandOffReason, wait_s: float) -> str:
    return retry.tier_within(wait_s) if reason is HandOffReason.SCHEDULED else retry.tier_for_spill(wait_s)
