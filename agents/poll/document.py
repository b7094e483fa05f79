"""Where a document is read: on the loop when that is quick, else in a process that can be killed."""

import asyncio
from collections.abc import Collection, Mapping
from concurrent.futures import Executor
from datetime import datetime

from agents.net.fetch import Fetched
from agents.poll.parse_worker import ParseWorkers
from streams.articles.build import date_of
from streams.articles.intake import Intake, Origin, take_in
from streams.articles.reading import Reading, read_document
from streams.feeds.feed import SeenItem

QUICK_BYTES = 32 * 2**10  # new items of 32 KiB take about 8 ms; a first document often goes to a process
QUICK_ITEMS = 8  # an article takes 50 us, but 500 us where its language must be detected
SPLIT_BYTES = 2**20  # finding the new items of 1 MiB takes about 10 ms


async def read(answer: Fetched, *, known: Collection[str], workers: ParseWorkers) -> Reading:
    """Return what the answer's document says; items with a known hash are not parsed again."""
    if len(answer.body) <= SPLIT_BYTES:
        reading = read_document(
            answer.body, known=known, content_type=answer.content_type, url=answer.url, quick_bytes=QUICK_BYTES
        )
        if not reading.undone:
            return reading
    return await workers.read(answer.body, known=known, content_type=answer.content_type, url=answer.url)


async def take(reading: Reading, known: Mapping[str, SeenItem], origin: Origin, *, thread: Executor) -> Intake:
    """Return the articles of what is new; many of them are made in the thread, which hands the loop over every 5 ms.

    The thread is the poller's own: those of the loop may all wait for name servers.
    """
    if sum(item.entry is not None for item in reading.items) <= QUICK_ITEMS:
        return take_in(reading.items, known, origin)
    return await asyncio.get_running_loop().run_in_executor(thread, take_in, reading.items, known, origin)


def dates_of(reading: Reading, *, now: datetime) -> tuple[datetime, ...]:
    """Return the credible dates of a document's new items."""
    found = (date_of(item.entry, now=now)[0] for item in reading.items if item.entry)
    return tuple(date for date in found if date is not None)
