import asyncio
import io
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from agents.poll import parse_worker
from agents.poll.parse_worker import ParseWorkers, serve
from streams.articles.reading import Reading, read_document
from streams.feeds.entry import Trouble
from tests.fakes import FeedItem, rss

BODY = rss([FeedItem("1", "Tariffs", "Text"), FeedItem("2", "Rare earths", "Text")])
GIVEN = {"content_type": "application/rss+xml", "url": "http://fake.test/feed"}


@asynccontextmanager
async def working(**given: float) -> AsyncIterator[ParseWorkers]:
    workers = ParseWorkers(**given)
    try:
        yield workers
    finally:
        await workers.close()
        await workers.close()


async def read(workers: ParseWorkers, body: bytes = BODY) -> Reading:
    return await workers.read(body, known=(), **GIVEN)


async def test_the_process_says_what_the_reader_says() -> None:
    async with working() as workers:
        expected = read_document(BODY, known=(), **GIVEN)
        assert await read(workers) == expected
        known = {expected.items[0].item_hash}
        assert await workers.read(BODY, known=known, **GIVEN) == read_document(BODY, known=known, **GIVEN)


async def test_many_documents_at_once_are_all_read() -> None:
    async with working() as workers:
        readings = await asyncio.gather(*[read(workers) for _ in range(6)])
        assert [len(reading.items) for reading in readings] == [2] * 6


async def test_a_document_that_takes_too_long_is_given_up_and_the_next_one_is_read() -> None:
    async with working(parse_s=0.2) as workers:
        slow = await read(workers, b"<rss><channel>" + b"<item><title>x</title></item>" * 30_000)
        assert slow.fatal is not None
        assert slow.fatal.trouble is Trouble.TOO_SLOW
        assert (await read(workers)).fatal is None


async def test_a_process_that_dies_costs_its_document_only() -> None:
    async with working() as workers:
        await read(workers)
        os.kill(workers._idle[0].pid, signal.SIGKILL)
        died = await read(workers)
        assert died.fatal is not None
        assert died.fatal.trouble is Trouble.PARSER_FAILED
        assert (await read(workers)).fatal is None


async def test_a_read_that_is_cancelled_leaves_no_process_behind() -> None:
    async with working() as workers:
        await read(workers)
        process = workers._idle[0]
        task = asyncio.create_task(read(workers))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert process.returncode is not None
        assert workers._idle == []


async def test_a_process_that_never_gets_ready_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse_worker, "START_S", 0.0)
    async with working() as workers:
        with pytest.raises(TimeoutError):
            await read(workers)


def test_the_process_answers_until_its_input_ends() -> None:
    task = parse_worker._TASK.dump_json(parse_worker._Task(known=(), **GIVEN))
    requests = io.BytesIO(parse_worker._framed(task) + parse_worker._framed(BODY))
    answers = io.BytesIO()
    serve(requests, answers)
    answers.seek(0)
    assert parse_worker._get(answers) == b"ready"
    assert parse_worker._READING.validate_json(parse_worker._get(answers) or b"") == read_document(
        BODY, known=(), **GIVEN
    )
    assert parse_worker._get(answers) is None
