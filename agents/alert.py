"""The alert stage: one worker groups every match into stories and labels it; it suppresses nothing for a desk.

Effects, in order: alerts are acknowledged, then the checkpoint if a UTC day begins, then the `df/` and `article/`
records and the story of each match, in the order of the matches, then the commit. Written the other way round, a
replayed match would pass for its own copy, and a checkpoint would hold the match that it stands before.
"""

import gc
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from zlib import crc32

from agents import log
from agents.kafka import Incoming, Outgoing, outgoing, tombstone
from agents.loops.batch import Decision
from agents.metrics import Metrics
from streams.alerts.alert import Alert, event_type
from streams.alerts.build import heartbeat
from streams.alerts.decide import Decided, Dropped, decide
from streams.alerts.sources import begun
from streams.articles.article import ArticleKind, Head
from streams.errors import PoisonError, UnavailableError
from streams.matching.match import Match
from streams.record import Record
from streams.stories.book import Change, StoryBook
from streams.stories.checkpoint import Checkpoint, Memory, Snapshot, records_of
from streams.stories.story import Story, StoryArticle, TermCounts
from streams.topics import ALERTS, CHECKPOINTS, STORIES

AGAIN = timedelta(minutes=1)  # further than two brokers' clocks are apart
LOG = log.named("alert")


class AlertStage:
    """A Batch over `matches` with the state `stories`; both have one partition, so it has one book."""

    stage = "alert"

    def __init__(self, metrics: Metrics) -> None:
        self._memory = Memory()
        self._metrics = metrics
        self._settled = True

    @property
    def book(self) -> StoryBook:
        """The stories and articles as of the last match."""
        return self._memory.book

    def begin(self, number: int) -> None:
        """Forget every story; the records of `stories` follow."""
        del number
        self._memory = Memory()
        self._settled = False

    def restore(self, record: Incoming) -> None:
        """Take one record of `stories`; one that can't be read is skipped: at worst a story opens anew."""
        if record.value is None:
            self._memory.restore_deletion(record.key)
            return
        try:
            self._memory.restore(_read(record))
        except PoisonError as err:
            LOG.warning("state record skipped", key=record.key, offset=record.offset, error=str(err))

    def resume(self, part: Checkpoint) -> None:
        """Take one part of a checkpoint; after `begin` and all parts in order, the state is that of the checkpoint."""
        for record in records_of(part):
            self._memory.restore(record)

    def drop(self, number: int) -> None:
        """Drop the book: another worker holds it now."""
        self.begin(number)

    def decide(self, record: Incoming, *, stamped_at: datetime) -> Decision:
        """Return the alert of one match, with the story's records; nothing for what was decided before.

        Raises: UnavailableError, which makes a dead letter, for what only looks so: to drop it would lose its alert.
        """
        if not self._settled:
            self._memory.settle()
            self._settled = True
            gc.freeze()  # a look at 100,000 stories that stay took the collector 150 ms, and the loop with it
        match = Match.from_json(record.value, schema=record.schema)
        if match.head.kind is ArticleKind.HEARTBEAT:
            beat = heartbeat(match)
            number = partition_spoken_for(match.head)
            return Decision(outputs=(_alert(beat, record, stamped_at, partition=number),))
        if record.offset <= self.book.offset and record.appended_at - self.book.latest_at > AGAIN:
            raise UnavailableError(
                f"the match at {record.offset} is newer than that at {self.book.offset}, which was decided: the topic "
                "matches was made anew. Delete the topic stories too, then redrive the dead letters"
            )
        found = decide(self.book, match, offset=record.offset, at=record.appended_at)
        if isinstance(found, Dropped):
            LOG.debug("match dropped", reason=found, article_id=match.head.article_id, offset=record.offset)
            return Decision()
        decision = Decision(
            outputs=(_alert(found.alert, record, stamped_at),),
            snapshot=_checkpoint(self._memory.before(found.change), record),
            states=tuple(_states(found.change, record, stage=self.stage)),
        )
        before = self.book.clusterer.stories.get(found.alert.story_id)
        self._memory.apply(found.change, found.frequencies)
        self._measure(found, before, record, stamped_at)
        return decision

    def _measure(self, found: Decided, before: Story | None, record: Incoming, stamped_at: datetime) -> None:
        metrics = self._metrics
        metrics.stories_open.set(len(self.book.clusterer.stories))
        metrics.took("alert", record.ledger.stamped(alerted=stamped_at))
        race = begun(before.sources if before else (), found.alert.sources)
        if race and len(race.leaders) == 1:
            metrics.source_lead.labels(metrics.capped("source", race.order[0].publisher)).observe(race.lead_s)


def _alert(alert: Alert, record: Incoming, stamped_at: datetime, *, partition: int | None = None) -> Outgoing:
    return outgoing(
        ALERTS,
        alert,
        key=alert.story_id,
        by=alert.story_id,
        partition=partition,
        ce_id=alert.event_id,
        ce_type=event_type(alert.head, alert.relation),
        stage=AlertStage.stage,
        at=record.appended_at,
        ledger=record.ledger.stamped(alerted=stamped_at),
        traceparent=record.traceparent,
    )


def _checkpoint(snapshot: Snapshot | None, record: Incoming) -> Iterable[Outgoing]:
    """Yield the parts of a checkpoint; each is encoded when it is asked for, about 5 ms of work.

    A part that no topic takes ends it: readers pass over a checkpoint that is not complete, and one that is, is exact.
    """
    for head, value in snapshot.parts() if snapshot else ():
        bare = outgoing(
            CHECKPOINTS,
            head,
            key=head.key,
            ce_id=f"{head.key}@{head.matches_offset}",
            stage=AlertStage.stage,
            at=head.at,
            traceparent=record.traceparent,
        )
        part = replace(bare, value=value)
        if not part.fits:
            LOG.error("checkpoint given up: a record is too large for its topic", part=part.key, bytes=part.size_bytes)
            return
        yield part


def _states(change: Change, record: Incoming, *, stage: str) -> Iterable[Outgoing]:
    """Yield the records of a change; the story stands last, because its offset says that the match is done."""
    for article_id in change.forgotten:
        yield tombstone(STORIES, key=f"article/{article_id}")
    for story_id in change.closed:
        yield tombstone(STORIES, key=story_id)
    kept: list[tuple[str, Record]] = [(change.article.key, change.article), (change.story.story_id, change.story)]
    if change.counts is not None:
        kept.insert(0, (change.counts.key, change.counts))
    for key, state in kept:
        yield outgoing(
            STORIES,
            state,
            key=key,
            ce_id=f"{key}@{record.offset}",
            stage=stage,
            at=record.appended_at,
            traceparent=record.traceparent,
        )


def _read(record: Incoming) -> Story | StoryArticle | TermCounts:
    if record.key.startswith("article/"):
        return StoryArticle.from_json(record.value, schema=record.schema)
    if record.key.startswith("df/"):
        return TermCounts.from_json(record.value, schema=record.schema)
    return Story.from_json(record.value, schema=record.schema)


def partition_spoken_for(head: Head) -> int:
    """Return the partition number that a heartbeat speaks for, which ends its url; else one by its article id."""
    number = head.url.rpartition("/")[2]
    spoken = number.isascii() and number.isdigit()
    return (int(number) if spoken else crc32(head.article_id.encode())) % ALERTS.partitions
