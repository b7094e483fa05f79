"""Checkpoints: what the alert stage remembers before the first match of a UTC day, in parts that fit on the topic.

A checkpoint is the topic `stories` as it would be if nothing on it were old: each record once, in the order of the
matches. A book that is restored from them decides as the book did that they were taken from.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from heapq import merge
from typing import ClassVar

from streams.record import Record, Utc
from streams.stories.book import Change, StoryBook
from streams.stories.frequencies import Frequencies
from streams.stories.story import Story, StoryArticle, TermCounts

PART_BYTES = 900_000


class CheckpointHead(Record):
    """Which part of which checkpoint: the state before the match at `matches_offset`, whose event time is `at`.

    `parts` is the number of parts, and 0 in all but the last: the first are sent before the others are encoded.
    """

    schema_name: ClassVar[str] = "checkpoint"

    at: Utc
    matches_offset: int
    part: int
    parts: int = 0

    @property
    def key(self) -> str:
        """Return the key on `checkpoints`."""
        return f"{self.at:%Y-%m-%d}/{self.part}"


class Checkpoint(CheckpointHead):
    """One part of a checkpoint, with the document frequencies in the first one. A reader needs all parts."""

    counts: TermCounts | None = None
    articles: tuple[StoryArticle, ...] = ()
    stories: tuple[Story, ...] = ()


@dataclass(slots=True)
class _Group:
    """The encoded records of the part that is being made."""

    counts: bytes = b"null"
    articles: list[bytes] = field(default_factory=list)
    stories: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, record: Story | StoryArticle, value: bytes) -> None:
        (self.stories if isinstance(record, Story) else self.articles).append(value)
        self.size += len(value) + 1

    def to_json(self, head: CheckpointHead) -> bytes:
        """Return what Checkpoint.to_json gives, which would have to encode everything again."""
        contents = (
            b',"counts":', self.counts, b',"articles":[', b",".join(self.articles), b'],"stories":[',
            b",".join(self.stories), b"]}",
        )  # fmt: skip
        return b"".join((head.to_json()[:-1], *contents))


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The records of a book at one moment, not yet encoded; they never change, so taking it costs two tuples."""

    at: datetime
    matches_offset: int
    counts: TermCounts | None
    articles: Sequence[StoryArticle]
    stories: Sequence[Story]

    def parts(self, *, limit: int = PART_BYTES) -> Iterator[tuple[CheckpointHead, bytes]]:
        """Yield each part with its JSON, under `limit` bytes but for a record that is larger alone.

        A part is encoded when it is asked for. Equal snapshots give equal bytes.
        """
        number, group = 0, _Group()
        if self.counts is not None:
            group.counts = self.counts.to_json()
            group.size = len(group.counts)
        for record in in_order(self.articles, self.stories):
            value = record.to_json()
            if group.size and group.size + len(value) > limit:
                yield self._part(group, number)
                number, group = number + 1, _Group()
            group.add(record, value)
        yield self._part(group, number, number + 1)

    def _part(self, group: _Group, number: int, parts: int = 0) -> tuple[CheckpointHead, bytes]:
        head = CheckpointHead(at=self.at, matches_offset=self.matches_offset, part=number, parts=parts)
        return head, group.to_json(head)


class Memory:
    """A book with the record of the frequencies in force: everything that the alert stage remembers.

    On `stories`, deletions and frequencies stand before the story of their match. Without it the match was not done
    and is decided again, so they count only once a story follows; else the second decision could differ.
    """

    def __init__(self, book: StoryBook | None = None) -> None:
        self.book = book or StoryBook()
        self.counts: TermCounts | None = None
        self._held: list[TermCounts | str] = []

    def restore(self, record: TermCounts | StoryArticle | Story) -> None:
        """Take one record of `stories`, or of a checkpoint, in log order."""
        if isinstance(record, TermCounts):
            self._held.append(record)
            return
        if isinstance(record, Story):
            self._release(record.matches_offset)
        self.book.restore(record)

    def restore_deletion(self, key: str) -> None:
        """Take one tombstone of `stories`, in log order."""
        self._held.append(key)

    def settle(self) -> None:
        """Finish the restoration."""
        self._held.clear()
        self.book.settle()

    def apply(self, change: Change, frequencies: Frequencies) -> None:
        """Take in what one match does."""
        self.book.apply(change, frequencies)
        self.counts = change.counts or self.counts

    def before(self, change: Change) -> Snapshot | None:
        """Return the state before this change if it is the first of a UTC day (by event time), else None."""
        at = change.article.seen_at
        if at.date() <= self.book.latest_at.date():
            return None
        return Snapshot(
            at=at,
            matches_offset=change.article.matches_offset,
            counts=self.counts,
            articles=tuple(self.book.articles.values()),
            stories=tuple(self.book.clusterer.stories.values()),
        )

    def _release(self, offset: int) -> None:
        held, self._held = self._held, []
        for one in held:
            if isinstance(one, str):
                self.book.restore_deletion(one)
            elif one.matches_offset > offset:
                self._held.append(one)
            elif self.counts is None or self.counts.matches_offset <= one.matches_offset:
                self.book.restore(one)  # an older one was written late, by a process that was frozen
                self.counts = one


def in_order(articles: Iterable[StoryArticle], stories: Iterable[Story]) -> Iterator[StoryArticle | Story]:
    """Yield both in the order of their matches, an article before the story of the same match: as on `stories`."""
    return merge(articles, stories, key=_offset)


def records_of(part: Checkpoint) -> Iterator[TermCounts | StoryArticle | Story]:
    """Yield what a part holds, in the order in which a book is to be given it."""
    if part.counts is not None:
        yield part.counts
    yield from in_order(part.articles, part.stories)


def _offset(record: StoryArticle | Story) -> int:
    return record.matches_offset
