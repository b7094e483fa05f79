"""Dead letters: a record that can't be processed is set aside with its bytes and the reason, and the rest goes on."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from agents import log
from agents.kafka import Incoming, Outgoing, outgoing
from agents.metrics import Metrics
from streams.dead_letter import DeadLetter, kept_bytes, kept_headers
from streams.errors import NewerSchemaError, PoisonError, Reason
from streams.ids import content_id
from streams.topics import DEAD_LETTERS

STAGE_HEADER, REASON_HEADER = "tocsin-stage", "tocsin-reason"  # so that nobody decodes 64 kB to count

LOG = log.named("dead_letters")


def dead_letter(record: Incoming, *, stage: str, reason: Reason, error: str) -> Outgoing:
    """Return the record for `dead-letters`, equal at each replay: its times are the record's append time."""
    letter = DeadLetter(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        headers=kept_headers(record.headers),
        first_64k=kept_bytes(record.value),
        size_bytes=len(record.value or b""),
        stage=stage,
        reason=reason,
        error=error,
        first_seen_at=record.appended_at,
        last_seen_at=record.appended_at,
    )
    return written(letter, traceparent=record.traceparent)


def written(letter: DeadLetter, *, traceparent: bytes | None = None) -> Outgoing:
    """Return the record of a dead letter; one that was redriven is another event under the same key."""
    again = (letter.redriven_at.isoformat(),) if letter.redriven_at else ()
    output = outgoing(
        DEAD_LETTERS,
        letter,
        key=letter.origin,
        ce_id=content_id(letter.origin, letter.stage, letter.reason, *again),
        stage=letter.stage,
        at=letter.redriven_at or letter.last_seen_at,
        traceparent=traceparent,
    )
    why = ((STAGE_HEADER, letter.stage.encode()), (REASON_HEADER, letter.reason.encode()))
    return replace(output, headers=(*output.headers, *why))


def guarded(decide: Callable[[Incoming], Sequence[Outgoing]], record: Incoming, *, stage: str) -> list[Outgoing]:
    """Return what `decide` makes of the record; a failure or an output that is too large becomes a dead letter.

    Raises: NewerSchemaError only, before which the stage has to stop.
    """
    try:
        outputs = decide(record)
    except NewerSchemaError:
        raise
    except Exception as err:  # noqa: BLE001 - the stage loop is the one place where anything becomes a dead letter
        return [letter_of(err, record, stage=stage)]
    return fitting(outputs, record, stage=stage)


def letter_of(err: Exception, record: Incoming, *, stage: str) -> Outgoing:
    """Return the dead letter for what a decision raised: poison has its own reason, a bug is `decision_failed`."""
    if isinstance(err, PoisonError):
        return dead_letter(record, stage=stage, reason=err.reason, error=str(err))
    LOG.error("decision failed", topic=record.topic, partition=record.partition, offset=record.offset, exc_info=err)
    return dead_letter(record, stage=stage, reason=Reason.DECISION_FAILED, error=repr(err))


def fitting(outputs: Sequence[Outgoing], record: Incoming, *, stage: str) -> list[Outgoing]:
    """Return the outputs, with a dead letter in place of each that no broker would take."""
    return [output if output.fits else _too_large(record, output, stage=stage) for output in outputs]


def count(outputs: Sequence[Outgoing], metrics: Metrics) -> None:
    """Count the dead letters among these outputs."""
    for output in outputs:
        if output.topic is DEAD_LETTERS:
            headers = dict(output.headers)
            metrics.dead_letters.labels(headers[STAGE_HEADER].decode(), headers[REASON_HEADER].decode()).inc()


def _too_large(record: Incoming, output: Outgoing, *, stage: str) -> Outgoing:
    error = f"an output of {output.size_bytes:,} bytes for {output.topic.name}, key {output.key[:80]}"
    return dead_letter(record, stage=stage, reason=Reason.TOO_LARGE, error=error)
