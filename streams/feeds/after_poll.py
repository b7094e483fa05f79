"""What the poller remembers after an answer: the next state, as a value, from the state before it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from streams.feeds.feed import Feed, FeedHealth, FeedState, Redirect, SeenItem
from streams.feeds.health import is_silent
from streams.feeds.schedule import (
    DENIED_GAP_S,
    KEPT_REDIRECT_FOR,
    KEPT_REDIRECT_POLLS,
    MOST_RETRY_AFTER_S,
    Bounds,
    Wishes,
    backoff_s,
    first_rate,
    floor_s,
    gap_after_answer_s,
    is_gone,
    next_poll,
    rate_after,
)

GIVE_UP_REDIRECT_FAILURES = 3
UNBROKEN = {"failures": 0, "failing_since": None}


class Outcome(StrEnum):
    """How a poll ended: the metric label, the log field, and what the state remembers."""

    NEW_ITEMS = "new_items"
    SAME_ITEMS = "same_items"
    SAME_BODY = "same_body"
    NOT_MODIFIED = "not_modified"
    HTTP_ERROR = "http_error"
    THROTTLED = "throttled"
    TIMEOUT = "timeout"
    CONNECT_ERROR = "connect_error"
    REFUSED_ADDRESS = "refused_address"
    TOO_LARGE = "too_large"
    NOT_A_FEED = "not_a_feed"
    GONE = "gone"
    DENIED = "denied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """One poll in time: start and end of the request, the shared gap (seconds), bounds, jitter from -1 to 1."""

    started: datetime
    answered: datetime
    gap_s: float
    within: Bounds
    jitter: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A good answer, as far as the state is concerned. `items` is None when the document had nothing to read."""

    outcome: Outcome
    asked: str
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    items: Mapping[str, SeenItem] | None = None
    new_items: int = 0
    dates: tuple[datetime, ...] = ()
    conditional: bool = False
    moved_to: str | None = None


def fresh_state(feed: Feed, *, next_poll_at: datetime, gap_s: float) -> FeedState:
    """Return the state of a feed that was never polled."""
    return FeedState(feed_id=feed.feed_id, next_poll_at=next_poll_at, gap_s=gap_s, rate_per_h=1.0)


def target(feed: Feed, state: FeedState) -> str:
    """Return the URL to ask: the feed's own, or where its permanent redirect leads once that is kept.

    Where the new address fails three times, the feed's own is asked again.
    """
    moved = state.redirect
    kept = moved is not None and moved.source == feed.fetch_url and moved.polls >= KEPT_REDIRECT_POLLS
    return moved.url if moved is not None and kept and state.failures < GIVE_UP_REDIRECT_FAILURES else feed.fetch_url


def after_answer(feed: Feed, state: FeedState, answer: Answer, wishes: Wishes, timing: Timing) -> FeedState:
    """Return the state after an answer that was read, or that said that nothing changed."""
    now = timing.answered
    newest = now if answer.new_items and state.last_full_get_at is not None else state.last_item_at
    moved = _moved(feed, state, answer, now)
    known = state.model_copy(update={"last_item_at": newest})
    gap = gap_after_answer_s(known, timing.gap_s, timing.within, now=now)
    gap = max(gap, timing.within.min_s)
    first = state.last_full_get_at is None
    return state.model_copy(
        update={
            "validators_url": answer.asked,
            "etag": answer.etag or (state.etag if answer.conditional else None),
            "last_modified": answer.last_modified or (state.last_modified if answer.conditional else None),
            "body_hash": answer.body_hash or state.body_hash,
            "items": state.items if answer.items is None else answer.items,
            "rate_per_h": first_rate(list(answer.dates)) if first else rate_after(state, answer.new_items, now=now),
            "last_rate_at": now,
            "ttl_s": wishes.ttl_s,
            "next_poll_at": next_poll(
                started=timing.started,
                answered=timing.answered,
                gap_s=gap,
                least_s=floor_s(feed, wishes, timing.within),
                jitter=timing.jitter,
            ),
            "gap_s": gap,
            **UNBROKEN,
            "last_outcome": answer.outcome.value,
            "redirect": moved,
            "last_item_at": newest,
            "last_full_get_at": state.last_full_get_at if answer.conditional else timing.started,
            "health": FeedHealth.SILENT if is_silent(known, now=now) else FeedHealth.ON_TIME,
            "seq": state.seq + 1,
        }
    )


def _moved(feed: Feed, state: FeedState, answer: Answer, now: datetime) -> Redirect | None:
    """Return the permanent redirect as seen so far; a third sight within the hour counts as the second."""
    seen = state.redirect if state.redirect is not None and state.redirect.source == feed.fetch_url else None
    if answer.moved_to is None:
        return seen if seen is not None and answer.asked == seen.url else None
    if seen is None or seen.url != answer.moved_to:
        return Redirect(source=feed.fetch_url, url=answer.moved_to, polls=1, since=now)
    ripe = now - seen.since >= KEPT_REDIRECT_FOR
    return seen.model_copy(update={"polls": seen.polls + 1 if ripe else min(seen.polls + 1, KEPT_REDIRECT_POLLS - 1)})


def resumed(feed: Feed, state: FeedState, *, now: datetime) -> FeedState:
    """Return the state as a poller takes it up: at its stored time, or now when the feed has another address.

    A stored time that is further ahead than anyone may wish was written by a clock that was ahead.
    """
    ahead = state.next_poll_at - now
    if ahead > timedelta(seconds=MOST_RETRY_AFTER_S):
        state = set_back(state, by=ahead, now=now)
    known = {"", feed.fetch_url, *([state.redirect.url] if state.redirect else [])}
    return state if state.validators_url in known else revived(state, now=now)


def set_back(state: FeedState, *, by: timedelta, now: datetime) -> FeedState:
    """Return the state after the clock was set back: the next poll is as far off as it was, and nothing is ahead."""
    seen = {name: getattr(state, name) for name in ("last_item_at", "last_full_get_at", "last_rate_at")}
    seen = {name: at and min(at, now) for name, at in seen.items()}
    return state.model_copy(update={**seen, "next_poll_at": state.next_poll_at - by})


def revived(state: FeedState, *, now: datetime) -> FeedState:
    """Return the state of a feed that is tried again at once, whatever went wrong before."""
    return state.model_copy(update={**UNBROKEN, "health": FeedHealth.ON_TIME, "next_poll_at": now})


def asked_elsewhere(state: FeedState, asked: str) -> FeedState:
    """Return the state without its validators when they came from another URL than the one that is asked."""
    if state.validators_url == asked:
        return state
    afresh = {"validators_url": asked, "etag": None, "last_modified": None, "body_hash": ""}
    return state.model_copy(update=afresh)


def after_failure(
    feed: Feed, state: FeedState, outcome: Outcome, *, asked: str, wishes: Wishes, timing: Timing
) -> FeedState:
    """Return the state after a poll that failed: what was known stays known, and the pause grows."""
    now = timing.answered
    if outcome is Outcome.GONE and state.last_outcome != Outcome.GONE:
        state = state.model_copy(update=UNBROKEN)  # only answers of 410 count towards the end
    failed = asked_elsewhere(state, asked).model_copy(
        update={"failures": state.failures + 1, "failing_since": state.failing_since or now, "seq": state.seq + 1}
    )
    parked = outcome is Outcome.GONE and is_gone(failed, now=now)
    pause_s = max(_pause_s(failed, outcome, wishes, timing), floor_s(feed, wishes, timing.within))
    return failed.model_copy(
        update={
            "next_poll_at": now + timedelta(seconds=pause_s),
            "gap_s": pause_s,
            "last_outcome": outcome.value,
            "health": FeedHealth.PARKED if parked else FeedHealth.FAILING,
        }
    )


def _pause_s(failed: FeedState, outcome: Outcome, wishes: Wishes, timing: Timing) -> float:
    """Return the pause (seconds) that we choose ourselves: a server that says when to come back needs no guess."""
    if outcome is Outcome.THROTTLED and wishes.retry_after_s is not None:
        return timing.within.min_s
    pause_s = backoff_s(failed.failures, timing.within, jitter=timing.jitter)
    return max(pause_s, DENIED_GAP_S) if outcome is Outcome.DENIED else pause_s
