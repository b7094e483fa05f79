"""One feed's life: wait, ask, read, publish the articles, and only then remember that it was done."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta

from agents import log
from agents.dead_letters import count
from agents.kafka import Outgoing
from agents.net.fetch import Fetched, FetchProblem
from agents.net.secret import SecretMissingError
from agents.poll import gauges, records
from agents.poll.document import dates_of, read, take
from agents.poll.host_gate import HostGate
from agents.poll.outcome import IM_USED, NOT_MODIFIED, TROUBLES, UNREACHED, failure_of, wishes_of
from agents.poll.request import request_for
from agents.poll.surroundings import Surroundings
from streams.articles.article import Article
from streams.articles.intake import Origin
from streams.articles.notes import feed_note
from streams.articles.reading import Reading
from streams.errors import TocsinError
from streams.feeds.after_poll import (
    Answer,
    Outcome,
    Timing,
    after_answer,
    after_failure,
    resumed,
    revived,
    set_back,
    target,
)
from streams.feeds.delta import body_hash
from streams.feeds.feed import Feed, FeedHealth, FeedState
from streams.feeds.health import Condition, condition_of
from streams.feeds.schedule import Wishes, floor_s

COALESCED = timedelta(minutes=5)
SET_BACK = timedelta(seconds=1)  # less is a clock that is steered
LOG = log.named(records.STAGE)


class FeedPoll:
    """Polls one feed until it is cancelled. `feed` may change meanwhile."""

    def __init__(self, feed: Feed, state: FeedState, *, number: int, gate: HostGate, around: Surroundings) -> None:
        self.feed = feed
        self.state = resumed(feed, state, now=around.clock())
        self._number = number
        self._gate = gate
        self._around = around
        self._changed = asyncio.Event()
        self._stopped = False
        self._written_at: datetime | None = None
        self._looked_at: datetime | None = None
        self._body = b""
        self._noted: tuple[date, Condition] | None = None
        self.unwritten = False
        self.asking = False
        around.load.note(feed, state.rate_per_h)

    def spread(self, spread_s: float) -> None:
        """Put off an overdue poll by a share of the time given (seconds), and never by more than its own gap."""
        now = self._around.clock()
        share = (self._around.jitter() + 1) / 2
        first = now + timedelta(seconds=min(spread_s, self._around.bounds(self.feed).min_s) * share)
        if self.state.next_poll_at < first:
            self.state = self.state.model_copy(update={"next_poll_at": first})

    def put_off(self, until: datetime) -> Sequence[Outgoing]:
        """Wait until then at least; return the state to write, if that changed anything."""
        if self.state.next_poll_at >= until:
            return ()
        self.state = self.state.model_copy(update={"next_poll_at": until, "seq": self.state.seq + 1})
        return (self.state_record(),)

    def stop(self) -> None:
        """End after the poll in flight, if there is one."""
        self._stopped = True
        self._changed.set()

    def change(self, feed: Feed) -> None:
        """Go on with a changed record: at once where its address changed or it was parked, else within its bounds."""
        now = self._around.clock()
        self.feed = feed
        parked = self.state.health is FeedHealth.PARKED
        state = revived(self.state, now=now) if parked else resumed(feed, self.state, now=now)
        latest = now + timedelta(seconds=self._around.bounds(feed).max_s)
        if state.failures == 0:
            state = state.model_copy(update={"next_poll_at": min(state.next_poll_at, latest)})
        self.state = state
        self._around.load.note(feed, state.rate_per_h)
        self._changed.set()

    async def run(self) -> None:
        """Poll until stopped; what goes wrong with this feed stays with this feed.

        Raises: RefusedError when the broker takes nothing any more: the process must end.
        """
        while await self._due() and await self._owns():
            await self._guarded_poll()

    async def _due(self) -> bool:
        """Return True when the next poll is due, False when there is none any more."""
        while not self._stopped and (pause_s := self._pause_s()) > 0:
            self._changed.clear()
            before = self._around.clock() - self._ticked()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._changed.wait()
            self._set_back(before - (self._around.clock() - self._ticked()))
        return not self._stopped

    def _ticked(self) -> timedelta:
        return timedelta(seconds=asyncio.get_running_loop().time())

    def _set_back(self, by: timedelta) -> None:
        """Move what is planned along with a clock that was set back, or the feed would wait for it that much longer."""
        if by < SET_BACK:
            return
        self._gate.open()
        self._written_at = None
        self.state = set_back(self.state, by=by, now=self._around.clock())

    def _pause_s(self) -> float:
        if self.state.health is FeedHealth.PARKED:
            return COALESCED.total_seconds()
        now = self._around.clock()
        return max((self.state.next_poll_at - now).total_seconds(), self._gate.pause_s(now=now))

    async def _owns(self) -> bool:
        return await self._around.owner.recheck(self._number)

    async def _guarded_poll(self) -> None:
        asked_at = self._around.clock()
        try:
            await self._poll()
        except TocsinError:
            raise
        except Exception as err:  # noqa: BLE001 - a document that trips a bug costs its own feed only
            letters = [
                records.letter(self.feed, self._body, err, number=self._number, names=self._around.names, at=asked_at)
            ]
            await self._around.log.deliver(letters)
            count(letters, self._around.metrics)
            timing = self._timing(asked_at, self._around.clock())
            await self._fail(Outcome.NOT_A_FEED, Wishes(), timing, target(self.feed, self.state), repr(err))
        finally:
            self._body, self.asking = b"", False

    async def _poll(self) -> None:
        feed, state, now = self.feed, self.state, self._around.clock()
        asked = target(feed, state)
        try:
            request = request_for(feed, state, now=now)
        except SecretMissingError as err:
            return await self._fail(Outcome.HTTP_ERROR, Wishes(), self._timing(now, now), asked, str(err))
        self.asking = True
        answer = await self._around.client.get(request)
        self.asking = False
        timing = self._timing(answer.started_at, answer.answered_at)
        if isinstance(answer, FetchProblem):
            return await self._unanswered(answer, timing, asked)
        self._gate.answered()
        gauges.clock(self._around.metrics, feed.feed_id, answer)
        wishes = wishes_of(answer, ttl_s=state.ttl_s)
        failure = failure_of(answer, conditional=request.conditional)
        if failure is not None:
            return await self._fail(failure, wishes, timing, asked, f"status {answer.status}")
        if answer.status == NOT_MODIFIED:
            return await self._unchanged(Outcome.NOT_MODIFIED, answer, wishes, timing, asked)
        if asked == state.validators_url and state.body_hash == body_hash(answer.body):
            return await self._unchanged(Outcome.SAME_BODY, answer, wishes, timing, asked)
        return await self._read(answer, timing, asked)

    def _timing(self, started: datetime, answered: datetime) -> Timing:
        within = self._around.bounds(self.feed)
        gap_s = self._around.load.gap_s(self.feed, within)
        return Timing(started=started, answered=answered, gap_s=gap_s, within=within, jitter=self._around.jitter())

    async def _unanswered(self, problem: FetchProblem, timing: Timing, asked: str) -> None:
        outcome = TROUBLES[problem.trouble]
        if outcome in UNREACHED:
            self._gate.unreached(now=problem.answered_at)
        await self._fail(outcome, Wishes(), timing, asked, problem.detail)

    async def _fail(self, outcome: Outcome, wishes: Wishes, timing: Timing, asked: str, detail: str) -> None:
        state = after_failure(self.feed, self.state, outcome, asked=asked, wishes=wishes, timing=timing)
        LOG.warning(
            "poll failed", feed=self.feed.feed_id, outcome=outcome.value, failures=state.failures,
            health=state.health.value, detail=detail,
        )  # fmt: skip
        self._count(outcome, timing)
        await self._remember(state, at_once=True)
        if outcome is Outcome.THROTTLED and wishes.retry_after_s:
            others = self._gate.close_for_all(state.next_poll_at)
            if others and await self._owns():
                await self._around.log.deliver(others)

    async def _unchanged(self, outcome: Outcome, answer: Fetched, wishes: Wishes, timing: Timing, asked: str) -> None:
        said = self._said(outcome, answer, asked)
        await self._settle(said, wishes, timing, at_once=False)

    def _said(self, outcome: Outcome, answer: Fetched, asked: str) -> Answer:
        return Answer(
            outcome=outcome,
            asked=asked,
            etag=answer.headers.get("ETag"),
            last_modified=answer.headers.get("Last-Modified"),
            conditional=answer.status == NOT_MODIFIED,
            moved_to=answer.moved_to,
        )

    async def _read(self, answer: Fetched, timing: Timing, asked: str) -> None:
        self._body = answer.body
        known = {seen.item_hash for seen in self.state.items.values()}
        reading = await read(answer, known=known, workers=self._around.workers)
        wishes = wishes_of(answer, ttl_s=reading.ttl_s or self.state.ttl_s)
        if reading.fatal is not None:
            await self._fail(Outcome.NOT_A_FEED, wishes, timing, asked, reading.fatal.detail)
            return
        origin = self._origin(reading, answer)
        intake = await take(reading, self.state.items, origin, thread=self._around.thread)
        if not await self._owns():
            return
        await self._publish(intake.articles)
        if intake.all_new and answer.status != IM_USED and not self.feed.sample:  # the sample wire begins anew
            LOG.warning("every item is new: others may have come and gone unseen", feed=self.feed.feed_id)
        outcome = Outcome.NEW_ITEMS if intake.articles else Outcome.SAME_ITEMS
        said = replace(
            self._said(outcome, answer, asked),
            body_hash=body_hash(answer.body),
            items=intake.items,
            new_items=len(intake.articles),
            dates=dates_of(reading, now=answer.answered_at),
        )
        await self._settle(said, wishes, timing, at_once=bool(intake.articles) or self.state.last_full_get_at is None)

    def _origin(self, reading: Reading, answer: Fetched) -> Origin:
        return Origin(
            feed=self.feed,
            first_poll=self.state.last_full_get_at is None,
            first_seen_at=answer.started_at,
            fetched_at=answer.answered_at,
            absent_at=self.state.last_full_get_at and (self._looked_at or self.state.last_full_get_at),
            language=reading.language,
        )

    async def _publish(self, articles: tuple[Article, ...]) -> None:
        if not articles:
            return
        await self._around.log.deliver([records.article_record(article) for article in articles])
        for article in articles:
            gauges.published(self._around.metrics, article)
            LOG.debug(
                "article published", feed=article.feed_id, article_id=article.article_id, revision=article.revision,
                kind=article.kind.value,
            )  # fmt: skip

    async def _settle(self, said: Answer, wishes: Wishes, timing: Timing, *, at_once: bool) -> None:
        state = after_answer(self.feed, self.state, said, wishes, timing)
        self._looked_at = timing.started
        delayed = floor_s(self.feed, wishes, timing.within) > timing.gap_s
        recovered = self.state.failures > 0
        self._count(said.outcome, timing)
        gauges.answered(self._around.metrics, state, said, timing)
        self._around.load.note(self.feed, state.rate_per_h)
        await self._remember(state, at_once=at_once or delayed or recovered)

    async def _remember(self, state: FeedState, *, at_once: bool) -> None:
        """Keep the state; write it at once, or within five minutes where losing it would cost one poll only."""
        now = self._around.clock()
        self.state = state
        await self._note(now)
        due = self._written_at is None or now - self._written_at >= COALESCED
        self.unwritten = not (at_once or due)
        if not self.unwritten and await self._owns():
            await self._around.log.deliver([self.state_record()])
            self._written_at = now

    async def _note(self, now: datetime) -> None:
        """Publish what a person should know of this feed, once a day."""
        condition = condition_of(self.state, now=now)
        if condition is None or (now.date(), condition) == self._noted or not await self._owns():
            return
        await self._publish((feed_note(self.feed, self.state, condition, now=now),))
        self._noted = (now.date(), condition)

    def state_record(self) -> Outgoing:
        """Return the record of the present state."""
        return records.state_record(self.state, number=self._number, at=self._around.clock())

    def _count(self, outcome: Outcome, timing: Timing) -> None:
        gauges.asked(self._around.metrics, self.feed.feed_id, outcome, timing)
