"""The feeds of one partition number: restored, started, changed, ended; each runs for itself."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from agents.dead_letters import count, letter_of
from agents.kafka import Incoming
from agents.poll import records
from agents.poll.feed_poll import FeedPoll
from agents.poll.host_gate import HostGate
from agents.poll.surroundings import Surroundings
from streams.articles.notes import heartbeat
from streams.errors import PoisonError
from streams.feeds.after_poll import fresh_state
from streams.feeds.feed import Feed, FeedState, FeedStatus

BEAT_S = 60.0
FINISH_S = 3.0  # for publishing what was read; what a poll has not remembered is polled again by the next owner
Failed = Callable[["asyncio.Task[None]"], None]


class Partition:
    """One number that this process owns."""

    def __init__(self, number: int, around: Surroundings, failed: Failed) -> None:
        self.number = number
        self.started = False
        self._around = around
        self._failed = failed
        self._feeds: dict[str, Incoming] = {}
        self._states: dict[str, Incoming] = {}
        self._polls: dict[str, tuple[FeedPoll, asyncio.Task[None]]] = {}
        self._left: dict[str, FeedState] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._gates: dict[str, HostGate] = {}
        self._beat: asyncio.Task[None] | None = None

    def restore(self, record: Incoming, *, is_state: bool) -> None:
        """Keep the bytes of a feed, or of its state with the highest sequence number; they are decoded at the start."""
        kept = self._states if is_state else self._feeds
        if record.value is None:
            kept.pop(record.key, None)
            return
        before = kept.get(record.key)
        if not is_state or before is None or records.sequence_of(record) >= records.sequence_of(before):
            kept[record.key] = record

    async def start(self) -> None:
        """Start polling, overdue feeds spread over what the request budget allows; nothing is asked twice."""
        self.started = True
        self._beat = self._task(self._beats())
        feeds = [feed for feed in map(self._feed, self._feeds.values()) if feed is not None]
        spread_s = len(feeds) / self._around.load.budget_per_s
        for feed in feeds:
            self._add(feed, spread_s=spread_s)

    def take(self, record: Incoming) -> None:
        """Take up a changed feed, a new one, or the end of one."""
        feed = self._feed(record) if record.value is not None else None
        if feed is None or feed.status is FeedStatus.DISABLED:
            self._remove(record.key)
        elif record.key in self._polls:
            self._polls[record.key][0].change(feed)
        else:
            self._add(feed, spread_s=0.0)

    def _feed(self, record: Incoming) -> Feed | None:
        """Return the feed, or None for a record that is none."""
        try:
            return Feed.from_json(record.value, schema=record.schema)
        except PoisonError as err:
            self._set_aside(record, err)
            return None

    def _set_aside(self, record: Incoming, err: PoisonError) -> None:
        """Send a record that can't be read to the dead letters; the others go on."""
        letters = [letter_of(err, record, stage=records.STAGE)]
        count(letters, self._around.metrics)
        self._ends_itself(self._task(self._around.log.deliver(letters)))

    def _ends_itself(self, task: "asyncio.Task[None]") -> None:
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def _add(self, feed: Feed, *, spread_s: float) -> None:
        if feed.status is FeedStatus.DISABLED:
            return
        around = self._around
        gate = self._gates.setdefault(feed.host, HostGate())
        poll = FeedPoll(feed, self._state(feed), number=self.number, gate=gate, around=around)
        poll.spread(spread_s)
        gate.members[feed.feed_id] = poll
        self._polls[feed.feed_id] = poll, self._task(poll.run())

    def _state(self, feed: Feed) -> FeedState:
        """Return the stored state, or a fresh one where there is none that can be read."""
        if feed.feed_id in self._left:
            return self._left.pop(feed.feed_id)
        record = self._states.pop(feed.feed_id, None)
        now = self._around.clock()
        fresh = fresh_state(feed, next_poll_at=now, gap_s=self._around.bounds(feed).min_s)
        if record is None:
            return fresh
        try:
            return FeedState.from_json(record.value, schema=record.schema)
        except PoisonError as err:
            self._set_aside(record, err)
            return fresh.model_copy(update={"seq": max(0, records.sequence_of(record))})  # else the next start reads it

    def _remove(self, feed_id: str) -> None:
        if feed_id in self._polls:
            poll, task = self._polls.pop(feed_id)
            self._left[feed_id] = poll.state
            self._gates[poll.feed.host].members.pop(feed_id, None)
            self._around.load.forget(poll.feed.feed_id)
            task.cancel()
            self._ends_itself(task)

    def _task(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work)
        task.add_done_callback(self._failed)
        return task

    async def _beats(self) -> None:
        """Write a heartbeat a minute, from the first moment on."""
        while await self._around.owner.recheck(self.number):
            beat = heartbeat(self.number, now=self._around.clock())
            await self._around.log.deliver([records.article_record(beat, partition=self.number)])
            self._around.metrics.articles.labels(beat.kind.value).inc()
            await asyncio.sleep(BEAT_S)

    async def end(self) -> None:
        """Let polls that have their answer finish; then write the states that were kept back."""
        self.started = False
        polls = [poll for poll, _ in self._polls.values()]
        tasks = {task for _, task in self._polls.values()} | self._ending | ({self._beat} if self._beat else set())
        for poll, task in self._polls.values():
            poll.stop()
            if poll.asking:
                task.cancel()
        if self._beat is not None:
            self._beat.cancel()
        _, late = await asyncio.wait(tasks, timeout=FINISH_S) if tasks else (set(), set())
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for poll in polls:
            self._around.load.forget(poll.feed.feed_id)  # not before: a poll that finishes takes its rate into account
        await self._write([poll for poll in polls if poll.unwritten])

    async def _write(self, polls: list[FeedPoll]) -> None:
        if polls and await self._around.owner.recheck(self.number):
            await self._around.log.deliver([poll.state_record() for poll in polls])
