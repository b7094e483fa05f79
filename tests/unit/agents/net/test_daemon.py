import asyncio
import subprocess
import sys
import threading

import pytest

from agents.net.daemon import in_daemon
from streams.errors import UnavailableError

STUCK = """
import asyncio, socket, time
from agents.net.fetch import Fetcher, FetchRequest

socket.getaddrinfo = lambda *_, **__: time.sleep(3_600)

async def main():
    async with Fetcher(total_s=0.2) as fetcher:
        print((await fetcher.get(FetchRequest(url="http://wire.test/"))).trouble)

asyncio.run(main())
"""


async def test_what_the_work_returns_or_raises_comes_back() -> None:
    assert await in_daemon(lambda: 1, name="t") == 1

    def fail() -> None:
        raise UnavailableError("no network")

    with pytest.raises(UnavailableError, match="no network"):
        await in_daemon(fail, name="t")


async def test_a_place_is_free_again_when_the_work_ends_and_not_before() -> None:
    go_on, free = threading.Event(), asyncio.Event()
    waiting = asyncio.create_task(in_daemon(go_on.wait, name="t", then=free.set))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert [thread.daemon for thread in threading.enumerate() if thread.name == "t"] == [True]
    assert not free.is_set()
    go_on.set()
    await asyncio.wait_for(free.wait(), 10)


def test_a_name_server_that_does_not_answer_holds_up_no_end() -> None:
    done = subprocess.run([sys.executable, "-c", STUCK], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "timeout\n"
