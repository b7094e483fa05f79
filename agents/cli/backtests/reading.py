"""The articles of a backtest: those of the topic between two times, or those of a file, with progress on a terminal."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO, Literal

import typer

from agents.cli.rulebook.article import read_article
from agents.kafka import Incoming, partition
from agents.loops.follower import Reader
from agents.topic_admin import check_catalogue
from config.durations import duration_s
from config.settings import Settings
from streams.articles.article import Article
from streams.errors import ConfigurationError, PoisonError
from streams.topics import ARTICLES, Names

TOLD_EVERY_S = 0.2
BAR = 20
Take = Callable[[Article, datetime], None]


class EnoughError(Exception):
    """Nothing more is to be read: every partition is beyond the time, or somebody pressed Ctrl-C."""


@dataclass(slots=True)
class Progress:
    """How far the reading is; told on stderr, if that is a terminal, and wiped away at the end."""

    share: float = 0.0
    read: int = 0
    unreadable: list[str] = field(default_factory=list)
    stopped: bool = False
    _began_s: float = field(default_factory=time.monotonic)
    _told_s: float = 0.0

    def step(self, share: float) -> None:
        """Count an article; `share` of all is read. Raises: EnoughError after Ctrl-C."""
        self.read, self.share = self.read + 1, share
        if self.stopped:
            raise EnoughError
        if sys.stderr.isatty() and time.monotonic() - self._told_s > TOLD_EVERY_S:
            self._told_s = time.monotonic()
            bar = ("=" * int(share * BAR)).ljust(BAR)
            spent_s = self._told_s - self._began_s
            print(f"\r[{bar}] {self.read:,} articles, {spent_s:.0f} s", end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Wipe the line away."""
        if sys.stderr.isatty() and self._told_s:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


@contextmanager
def stoppable(progress: Progress) -> Iterator[None]:
    """Let the first Ctrl-C end the reading between two articles, so that all counts agree; a second one is as ever."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        progress.stopped = True
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, stop)
    try:
        with suppress(EnoughError):
            yield
    finally:
        signal.signal(signal.SIGINT, before)
        progress.close()


async def from_topic(settings: Settings, begin: datetime, end: datetime, take: Take, progress: Progress) -> None:
    """Give every article that was appended from `begin` to `end` (UTC; the end is excluded), each partition in order.

    Raises: ConfigurationError when the topic is missing; UnavailableError when the broker gives nothing.
    """
    await check_catalogue(settings, [ARTICLES])
    name = Names(settings.topic_prefix).of(ARTICLES)
    places = [partition(name, number) for number in range(ARTICLES.partitions)]
    async with Reader(settings, places) as reader:
        ends = await reader.seek_to(begin)
        await reader.read_to(ends, _Partitions(ends, end, take, progress))


class _Partitions:
    """Takes the records of all partitions, and ends when each is beyond the time."""

    def __init__(self, ends: Any, end: datetime, take: Take, progress: Progress) -> None:  # noqa: ANN401 - aiokafka ships no types
        self._last: dict[int, int] = {place.partition: offset for place, offset in ends.items()}
        self._first: dict[int, int] = {}
        self._done: dict[int, int] = {}
        self._beyond: set[int] = set()
        self._end, self._take, self._progress = end, take, progress

    def __call__(self, record: Incoming) -> None:
        if record.appended_at >= self._end:
            self._beyond.add(record.partition)
            if len(self._beyond) == len(self._last):
                raise EnoughError
            return
        self._first.setdefault(record.partition, record.offset)
        self._done[record.partition] = record.offset + 1
        try:
            article = Article.from_json(record.value, schema=record.schema)
        except PoisonError as err:
            self._progress.unreadable.append(f"{record.topic} {record.partition}/{record.offset}: {err}")
            return
        self._take(article, record.appended_at)
        self._progress.step(self._share())

    def _share(self) -> float:
        whole = sum(self._last[number] - first for number, first in self._first.items())
        done = sum(self._done[number] - first for number, first in self._first.items())
        return done / whole * len(self._first) / len(self._last)


def from_file(path: Path, begin: datetime | None, end: datetime | None, take: Take, progress: Progress) -> None:
    """Give every article of a file, one in JSON a line: as the topic holds them, or no more than a title.

    Their time is `fetched_at`. A line that is no article is passed over, and noted.
    Raises: ConfigurationError when nothing of the period is in it, or it can't be read.
    """
    done = 0
    with _opened(path) as lines:
        size = max(1, path.stat().st_size)
        for number, line in enumerate(lines, 1):
            done += len(line)
            try:
                article = read_article(line) if line.strip() else None
            except (PoisonError, ValueError) as err:
                progress.unreadable.append(f"{path.name}:{number}: {err}")
                continue
            if article is not None and (begin or article.fetched_at) <= article.fetched_at < (end or FAR):
                take(article, article.fetched_at)
                progress.step(done / size)
    if not progress.read:
        raise ConfigurationError(f"{path.name}: holds no article{' of that time' if begin or end else ''}")


def _opened(path: Path, mode: Literal["rb", "wb"] = "rb") -> BinaryIO:
    try:
        return path.open(mode)
    except OSError as err:
        raise ConfigurationError(f"{path}: {err.strerror}") from err


FAR = datetime.max.replace(tzinfo=UTC)


def moment(text: str, *, now: datetime) -> datetime:
    """Return a time as it is given: 2026-03-02, 2026-03-02T14:00Z (UTC if it doesn't say), or 7d for so long ago.

    Raises: typer.BadParameter for anything else.
    """
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        try:
            return now - timedelta(seconds=duration_s(text))
        except (ValueError, OverflowError):
            cure = "write 2026-03-02, 2026-03-02T14:00Z, or 7d for so long ago"
            raise typer.BadParameter(f'"{text}" is no time: {cure}') from None
    return given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)


@contextmanager
def saving(path: Path | None, take: Take) -> Iterator[Take]:
    """Let what is taken be written to a file too, an article in JSON a line; it takes its place when the reading ends.

    Raises: ConfigurationError when it can't be written.
    """
    if path is None:
        yield take
        return
    half = path.with_name(f"{path.name}.part")
    with _opened(half, "wb") as out:

        def both(article: Article, at: datetime) -> None:
            out.write(article.to_json() + b"\n")
            take(article, at)

        try:
            yield both
        except BaseException:
            half.unlink()
            raise
    half.replace(path)
