"""What came of one attempt, as a value that says why; `detail` is a short code that holds no secret."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Final

from streams.errors import Reason
from streams.ids import DeliveryId
from streams.routing.notification import Thread

PATIENCE_S: Final = 30.0  # a 429 without Retry-After
MOST_PATIENCE_S: Final = 3_600.0
LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY})
CREDENTIALS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class OutcomeKind(StrEnum):
    """What the lane does next depends on this alone."""

    DELIVERED = "delivered"
    THROTTLED = "throttled"  # the lane freezes; no attempt, nothing toward the breaker
    POSTPONED = "postponed"  # this delivery alone waits; no attempt
    FAILED = "failed"  # an attempt; next tier; breaker + 1
    AMBIGUOUS = "ambiguous"  # as FAILED, but it may have arrived
    REFUSED = "refused"  # dead letter at once
    GONE = "gone"  # the receiver is off, dead letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of an attempt. `thread` is the root message to remember, if the attempt made or changed one.

    `members`: which of a digest's members it holds for; None for all.
    """

    kind: OutcomeKind
    detail: str
    retry_after_s: float = 0.0
    provider_ref: str | None = None
    thread: Thread | None = None
    reason: Reason = Reason.REFUSED_BY_RECEIVER
    members: frozenset[DeliveryId] | None = None

    @property
    def text(self) -> str:
        """Return what a delivery carries on as its last outcome, such as `ambiguous: timeout`."""
        return f"{self.kind}: {self.detail}"


def delivered(
    provider_ref: str | None = None,
    *,
    thread: Thread | None = None,
    detail: str = "ok",
    members: frozenset[DeliveryId] | None = None,
) -> Outcome:
    """Return the outcome of an attempt that the receiver took."""
    kind = OutcomeKind.DELIVERED
    return Outcome(kind=kind, detail=detail, provider_ref=provider_ref, thread=thread, members=members)


def failed(detail: str) -> Outcome:
    """Return the outcome of an attempt that did not arrive and may be tried again."""
    return Outcome(kind=OutcomeKind.FAILED, detail=detail)


def ambiguous(detail: str) -> Outcome:
    """Return the outcome of an attempt that may have arrived."""
    return Outcome(kind=OutcomeKind.AMBIGUOUS, detail=detail)


UNKNOWN_RECEIVER: Final = failed("unknown_receiver")
ROUTES_BEHIND: Final = failed("routes_behind")
NOT_TRIED: Final = frozenset({UNKNOWN_RECEIVER.text, ROUTES_BEHIND.text})


def refused(detail: str, reason: Reason = Reason.REFUSED_BY_RECEIVER) -> Outcome:
    """Return the outcome of an attempt that would be refused again."""
    return Outcome(kind=OutcomeKind.REFUSED, detail=detail, reason=reason)


def throttled(detail: str, retry_after_s: float | None) -> Outcome:
    """Return the outcome of an attempt at a receiver that asks for patience."""
    wait_s = PATIENCE_S if retry_after_s is None else min(max(retry_after_s, 0.0), MOST_PATIENCE_S)
    return Outcome(kind=OutcomeKind.THROTTLED, detail=detail, retry_after_s=wait_s)


def of_status(status: int, *, retry_after: str | None, now: datetime) -> Outcome:
    """Return what an HTTP status means for a delivery (the table in docs: 2xx, 429, 5xx, 4xx, 410, 3xx)."""
    detail = f"http_{status}"
    wait_s = retry_after_s(retry_after, now=now)
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return delivered(detail=detail)
    if status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.SERVICE_UNAVAILABLE and wait_s is not None):
        return throttled(detail, wait_s)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in LATER or status < HTTPStatus.BAD_REQUEST:
        return failed(detail)
    if status == HTTPStatus.GONE:
        return Outcome(kind=OutcomeKind.GONE, detail=detail)
    return refused(detail, Reason.CREDENTIALS_REFUSED if status in CREDENTIALS else Reason.REFUSED_BY_RECEIVER)


def retry_after_s(header: str | None, *, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for (delay or date), or None if it says nothing usable.

    Source: RFC 9110 section 10.2.3.
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), MOST_PATIENCE_S)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max((aware - now).total_seconds(), 0.0)
