"""How loops end: by request, and then they leave their groups, or because something failed, and then they keep them."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

FAILED = "another part of this process failed"


def by_request(cancelled: asyncio.CancelledError) -> bool:
    """Return whether somebody asked for the end, as a signal does; a process that failed comes back to its place."""
    return FAILED not in cancelled.args


async def run_until_one_ends(
    loops: Sequence[Coroutine[Any, Any, None]], support: Sequence[Coroutine[Any, Any, None]]
) -> None:
    """Run all until cancelled or until one ends; then end the loops, and only then their support."""
    tasks = [[asyncio.ensure_future(work) for work in group] for group in (loops, support)]
    why: tuple[Any, ...] = (FAILED,)
    try:
        done, _ = await asyncio.wait([task for group in tasks for task in group], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    except asyncio.CancelledError as cancelled:
        why = cancelled.args[:1]
        raise
    finally:
        for group in tasks:
            for task in group:
                task.cancel(*why)
            await asyncio.gather(*group, return_exceptions=True)
