"""A process that reads large and malformed documents, so that a slow parse can be killed."""

import asyncio
import struct
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Collection
from dataclasses import dataclass
from typing import BinaryIO

from pydantic import TypeAdapter

from agents import log
from streams.articles.reading import Reading, read_document, unread
from streams.feeds.entry import Trouble

PARSE_S = 2.0
START_S = 30.0  # an interpreter on a busy machine; not the document's fault
WORKERS = 2
_LENGTH = struct.Struct(">I")
LOG = log.named("poll")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """What goes to the process, before the body itself."""

    known: tuple[str, ...]
    content_type: str
    url: str


# JSON and not pickle on the way back: the process has read what a stranger wrote.
_TASK = TypeAdapter(_Task)
_READING = TypeAdapter(Reading)


class ParseWorkers:
    """Two processes that parse, started when first needed, killed when a document takes over 2 s."""

    def __init__(self, *, parse_s: float = PARSE_S) -> None:
        self._parse_s = parse_s
        self._idle: list[Process] = []
        self._places = asyncio.Semaphore(WORKERS)

    async def read(self, body: bytes, *, known: Collection[str], content_type: str, url: str) -> Reading:
        """Return what `read_document` returns; a document that is too slow, or that kills its process, is a problem."""
        async with self._places:
            process = self._idle.pop() if self._idle else await self._start()
            task = _TASK.dump_json(_Task(known=tuple(known), content_type=content_type, url=url))
            try:
                async with asyncio.timeout(self._parse_s):
                    reading = await _ask(process, task, body)
            except TimeoutError:
                await _kill(process)
                return unread(Trouble.TOO_SLOW, f"not parsed within {self._parse_s} s")
            except (OSError, EOFError):
                await _kill(process)
                return unread(Trouble.PARSER_FAILED, "the parser's process died")
            except BaseException:
                await _kill(process)
                raise
            self._idle.append(process)
            return reading

    async def _start(self) -> Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "agents.poll.parse_worker", stdin=PIPE, stdout=PIPE, stderr=DEVNULL
        )
        try:
            async with asyncio.timeout(START_S):
                await _answer(process)
        except BaseException:
            await _kill(process)
            raise
        LOG.debug("parse worker started", pid=process.pid)
        return process

    async def close(self) -> None:
        """End the processes; may be called twice."""
        while self._idle:
            await _kill(self._idle.pop())


async def _ask(process: Process, task: bytes, body: bytes) -> Reading:
    if process.stdin is None:
        raise EOFError
    process.stdin.write(_framed(task) + _framed(body))
    await process.stdin.drain()
    return _READING.validate_json(await _answer(process))


async def _answer(process: Process) -> bytes:
    if process.stdout is None:
        raise EOFError
    (size,) = _LENGTH.unpack(await process.stdout.readexactly(_LENGTH.size))
    return await process.stdout.readexactly(size)


async def _kill(process: Process) -> None:
    if process.returncode is None:
        process.kill()
    if process.stdin is not None:
        process.stdin.close()
    await process.wait()


def _framed(part: bytes) -> bytes:
    return _LENGTH.pack(len(part)) + part


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Read documents from one stream and answer on the other, until it ends: what the process does."""
    _put(answers, b"ready")
    while (task := _get(requests)) is not None:
        given = _TASK.validate_json(task)
        reading = read_document(
            _get(requests) or b"", known=given.known, content_type=given.content_type, url=given.url
        )
        _put(answers, _READING.dump_json(reading))


def _get(stream: BinaryIO) -> bytes | None:
    head = stream.read(_LENGTH.size)
    return stream.read(_LENGTH.unpack(head)[0]) if len(head) == _LENGTH.size else None


def _put(stream: BinaryIO, part: bytes) -> None:
    stream.write(_framed(part))
    stream.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
