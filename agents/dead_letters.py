"""Dead letters: a record that can't be processed is set aside with its bytes and the reason, and the rest goes on."""

from collections.abc import Callable, Sequence

from agents.kafka import SCHEMA_HEADER, Incoming, Outgoing, outgoing
from streams.dead_letter import DeadLetter, kept_bytes, kept_headers
from streams.errors import NewerSchemaError, PoisonError, Reason
from streams.ids import content_id
from streams.topics import DEAD_LETTERS

REASON_HEADER = "tocsin-reason"
_ = SCHEMA_HEADER


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
    return outgoing(
        DEAD_LETTERS,
        letter,
        key=letter.origin,
        ce_id=content_id(letter.origin, stage, reason),
        stage=stage,
        at=record.appended_at,
        traceparent=record.traceparent,
    )


def guarded(decide: Callable[[Incoming], Sequence[Outgoing]], record: Incoming, *, stage: str) -> list[Outgoing]:
    """Return what `decide` makes of the record; a failure or an output that is too large becomes a dead letter."""
    try:
        outputs = decide(record)
    except NewerSchemaError:
        raise
    except PoisonError as err:
        return [dead_letter(record, stage=stage, reason=err.reason, error=str(err))]
    except Exception as err:  # noqa: BLE001 - the stage loop is the one place where anything becomes a dead letter
        return [dead_letter(record, stage=stage, reason=Reason.DECISION_FAILED, error=repr(err))]
    return [output if output.fits else too_large(record, output, stage=stage) for output in outputs]


def too_large(record: Incoming, output: Outgoing, *, stage: str) -> Outgoing:
    """Return the dead letter that stands in for an output which no broker would take."""
    error = f"an output of {output.size_bytes:,} bytes for {output.topic.name}, key {output.key[:80]}"
    return dead_letter(record, stage=stage, reason=Reason.TOO_LARGE, error=error)
