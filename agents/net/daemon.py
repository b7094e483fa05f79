"""Work in a thread that nobody waits for at the end: a name server, or a download, can keep one for minutes."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


async def in_daemon(work: Callable[[], T], *, name: str, then: Callable[[], None] = lambda: None) -> T:
    """Return what `work` returns, from a thread that neither Ctrl-C nor the end of the process waits for.

    `then` is called on the loop when the work ended, also when nobody awaits it any more. Raises: what `work` raises.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(how: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_told, done, how, then)

    def run() -> None:
        try:
            result = work()
        except Exception as err:  # noqa: BLE001 - it is raised where it is awaited
            error = err
            tell(lambda: done.set_exception(error))
        else:
            tell(lambda: done.set_result(result))

    Thread(target=run, name=name, daemon=True).start()
    return await done


def _told(done: "asyncio.Future[T]", how: Callable[[], None], then: Callable[[], None]) -> None:
    then()
    if not done.done():
        how()
