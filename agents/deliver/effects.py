"""What is written when a delivery is handed to a tier or ends, and in which order."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from pydantic import JsonValue

from agents.dead_letters import dead_letter
from agents.deliver.job import AMBIGUOUS, Job
from agents.deliver.outcome import NOT_TRIED, Outcome
from agents.kafka import Incoming, Outgoing, outgoing
from streams.audit import Action
from streams.errors import Reason
from streams.ids import DeliveryId, ReceiverId, delivery_id
from streams.latency import Ledger
from streams.record import Record
from streams.routing.notification import DIGEST, Delivery, DeliveryState, DeliveryStatus, HandOffReason, Thread
from streams.routing.route import Receiver
from streams.routing.schedule import scheduled
from streams.routing.sending import digest_member, next_digest_at, time_to_live_s
from streams.topics import DELIVERIES, DELIVERY_STATES, RETRIES, THREADS, Topic

STAGE: Final = "deliver"
BAD_CERTIFICATE: Final = "bad_certificate"
REFUSED_ADDRESS: Final = "refused_address"
DETAIL_CHARS: Final = 200
FALLBACK: Final = "fallback"
DIGEST_FALLBACK: Final = f"{DIGEST}/{FALLBACK}"
IN_CE_ID: Final = re.compile("([0-9a-f]{26})(?:/([0-9]{1,9}))?")  # with its `seq` on the tiers


class Log(Protocol):
    """Where records are written."""

    async def deliver(self, outputs: Sequence[Outgoing]) -> None:
        """Return when the broker has acknowledged every output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What one job leaves behind: `first` must be acknowledged before `then` is written.

    A pair that is torn in between is handed off twice, and the fence drops the second copy; the other way round it
    would be lost.
    """

    first: tuple[Outgoing, ...] = ()
    then: tuple[Outgoing, ...]
    state: DeliveryState
    thread: Thread | None = None


def hand_off(
    job: Job,
    tier: str,
    *,
    reason: HandOffReason,
    outcome: str | None,
    at: datetime,
    not_before: datetime | None = None,
) -> Effects:
    """Return the tier's record with `seq` + 1 and the state that fences off every older copy.

    `outcome` None keeps the last one. `not_before` None keeps its own.
    """
    delivery = job.delivery
    later = delivery.model_copy(
        update={
            "seq": delivery.seq + 1,
            "attempts": delivery.attempts + (reason is HandOffReason.RETRY),
            "reason": reason,
            "not_before": not_before or delivery.not_before,
            "last_outcome": _last_outcome(job, outcome),
        }
    )
    says = f"{reason} {tier}" + (f", {outcome}" if outcome else "")
    state = _state(later, DeliveryStatus.HANDED_OFF, says, at, attempts=later.attempts)
    ce_id = f"{later.delivery_id}/{later.seq}"
    return Effects(
        first=(_record(RETRIES[tier], later, job, key=later.receiver, ce_id=ce_id, at=at),),
        then=(_state_record(state, job, job.ledger, at),),
        state=state,
    )


def final(job: Job, status: DeliveryStatus, outcome: Outcome, *, at: datetime, attempts: int = 1) -> Effects:
    """Return the final state, with the root message to remember if there is one."""
    tries = job.delivery.attempts + attempts
    state = _state(job.delivery, status, outcome.detail, at, attempts=tries, ref=outcome.provider_ref)
    ledger = job.ledger.stamped(delivered=at) if status is DeliveryStatus.DELIVERED else job.ledger
    threads = () if outcome.thread is None else (_thread_record(outcome.thread, job, at),)
    return Effects(first=threads, then=(_state_record(state, job, ledger, at),), state=state, thread=outcome.thread)


def expired(job: Job, outcome: Outcome, *, at: datetime, told: bool) -> Effects:
    """Return the final state and, if somebody can be `told`, before it a member of the digest of what expired.

    The state first would lose it at a crash in between; this way round it may be written twice under one id, and the
    second is dropped.
    """
    ended = final(job, DeliveryStatus.EXPIRED, outcome, at=at, attempts=0)
    member = digest_member(job.delivery, at=at) if told else None
    if member is None:
        return ended
    # What an acknowledgement stops was routed when it was first: whoever saw it then need not be told that it expired.
    ledger = job.ledger if member.unless_acked else job.ledger.stamped(routed=at)
    first = _record(
        DELIVERIES[member.urgency], member, job, key=member.receiver, ce_id=member.delivery_id, at=at, ledger=ledger
    )
    return Effects(first=(first,), then=ended.then, state=ended.state)


def dead(job: Job, outcome: Outcome, fallback: Receiver | None, *, at: datetime) -> Effects:
    """Return the dead letter, the fallback receiver's delivery if there is one to tell, and the final state."""
    ended = final(job, DeliveryStatus.DEAD, outcome, at=at)
    error = f"receiver {job.delivery.receiver}: {outcome.detail}"
    letter = dead_letter(job.record, stage=STAGE, reason=outcome.reason, error=error)
    is_one = job.delivery.purpose.endswith(FALLBACK)
    told = () if fallback is None or is_one else (_fallback(job, fallback, at),)
    return Effects(first=(letter, *told), then=ended.then, state=ended.state)


def ended(state: DeliveryState, delivery: Delivery | None) -> Action:
    """Return what the audit says of a delivery that ended; None for one that can't be read, known by its id alone."""
    after: dict[str, JsonValue] = {
        "receiver": state.receiver,
        "desk": delivery.desk if delivery else None,
        "event_id": delivery.alert.event_id if delivery else None,
        "purpose": delivery.purpose if delivery else None,
        "attempts": state.attempts,
        "outcome": state.outcome,
        "provider_ref": state.provider_ref,
    }
    return Action(at=state.changed_at, action=state.state.value, subject=state.delivery_id, after=after)


def alarms(job: Job, outcome: Outcome, *, at: datetime) -> tuple[Action, ...]:
    """Return what the audit says of an attempt that went to an address or a certificate which is not trusted."""
    if outcome.reason is not Reason.ADDRESS_REFUSED:
        return ()
    action = outcome.detail if outcome.detail == BAD_CERTIFICATE else REFUSED_ADDRESS
    after: dict[str, JsonValue] = {"delivery_id": job.delivery.delivery_id, "outcome": outcome.detail}
    return (Action(at=at, action=action, subject=job.delivery.receiver, after=after),)


def unread(record: Incoming, *, reason: Reason, at: datetime) -> tuple[Outgoing, DeliveryState] | None:
    """Return the state `dead` of the delivery whose record can't be read; None if its headers don't name it."""
    if (named := named_in(record)) is None:
        return None
    name, seq = named
    state = DeliveryState(
        delivery_id=name,
        receiver=ReceiverId(record.key),
        seq=seq,
        state=DeliveryStatus.DEAD,
        attempts=0,
        outcome=reason.value,
        changed_at=at,
    )
    written = outgoing(
        DELIVERY_STATES, state, key=name, partition=record.partition, ce_id=f"{name}/{state.seq}/{state.state}",
        stage=STAGE, at=at, ledger=record.ledger, traceparent=record.traceparent,
    )  # fmt: skip
    return written, state


def named_in(record: Incoming) -> tuple[DeliveryId, int] | None:
    """Return id and `seq` of a delivery's record by its header `ce_id`, its value unread; None if it has another."""
    found = IN_CE_ID.fullmatch((record.header("ce_id") or b"").decode("ascii", "replace"))
    return (DeliveryId(found[1]), int(found[2] or 0)) if found else None


def _last_outcome(job: Job, outcome: str | None) -> str | None:
    """Return what the next attempt is told of those before it: whoever was in doubt stays so until somebody asked.

    An attempt asks first, if its receiver can be asked; no attempt was made while it is put off or unknown. A digest
    stays in doubt anyhow: its members are to go again under the id under which they may have arrived.
    """
    said = outcome or job.delivery.last_outcome
    asked = outcome is not None and outcome not in NOT_TRIED and not job.delivery.is_digest
    if asked or not job.doubtful or (said or "").startswith(AMBIGUOUS):
        return said
    return f"{AMBIGUOUS}: {said or 'restart'}"


def _fallback(job: Job, receiver: Receiver, at: datetime) -> Outgoing:
    """Return the same alert for the fallback receiver, which tells nobody further if it fails.

    It is a digest's member if the refused one was, or if that receiver is told in digests.
    """
    delivery, name = job.delivery, receiver.receiver_id
    purpose = DIGEST_FALLBACK if delivery.is_digest else FALLBACK
    if delivery.unless_acked:  # else who was told of the alert itself would take it for known
        purpose = f"{delivery.purpose}/{FALLBACK}"
    told = Delivery(
        delivery_id=delivery_id(name, delivery.desk, delivery.alert.event_id, purpose),
        receiver=name,
        desk=delivery.desk,
        purpose=purpose,
        urgency=delivery.urgency,
        alert=delivery.alert,
        manner=delivery.manner,
        not_before=next_digest_at(at) if delivery.is_digest else delivery.not_before,  # since when it is owed
        expires_at=job.record.appended_at + timedelta(seconds=time_to_live_s(receiver, delivery.urgency)),
        unless_acked=delivery.unless_acked,
    )
    told = scheduled(told, receiver, at=at)
    return _record(DELIVERIES[delivery.urgency], told, job, key=name, ce_id=told.delivery_id, at=at, by=name)


def _state(
    delivery: Delivery, status: DeliveryStatus, outcome: str, at: datetime, *, attempts: int, ref: str | None = None
) -> DeliveryState:
    return DeliveryState(
        delivery_id=delivery.delivery_id,
        receiver=delivery.receiver,
        seq=delivery.seq,
        state=status,
        attempts=attempts,
        outcome=outcome[:DETAIL_CHARS],
        provider_ref=ref,
        changed_at=at,
        redrive_of=delivery.redrive_of,
    )


def _state_record(state: DeliveryState, job: Job, ledger: Ledger, at: datetime) -> Outgoing:
    ce_id = f"{state.delivery_id}/{state.seq}/{state.state}"
    return _record(DELIVERY_STATES, state, job, key=state.delivery_id, ce_id=ce_id, at=at, ledger=ledger)


def _thread_record(thread: Thread, job: Job, at: datetime) -> Outgoing:
    return _record(THREADS, thread, job, key=thread.key, ce_id=f"{thread.key}/{thread.sources}", at=at)


def _record(
    topic: Topic,
    record: Record,
    job: Job,
    *,
    key: str,
    ce_id: str,
    at: datetime,
    by: ReceiverId | None = None,
    ledger: Ledger | None = None,
) -> Outgoing:
    return outgoing(
        topic,
        record,
        key=key,
        by=by or job.delivery.receiver,
        ce_id=ce_id,
        stage=STAGE,
        at=at,
        ledger=ledger or job.ledger,
        traceparent=job.record.traceparent,
    )
