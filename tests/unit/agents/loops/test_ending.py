import asyncio

import pytest

from agents.loops.ending import by_request, run_until_one_ends


class Log:
    def __init__(self) -> None:
        self.said: list[str] = []

    async def works(self, name: str, *, ends_after: float | None = None, fails: bool = False) -> None:
        try:
            await asyncio.sleep(3600 if ends_after is None else ends_after)
            if fails:
                raise RuntimeError(name)
        finally:
            await asyncio.sleep(0)
            self.said.append(f"{name} ended")


async def test_the_support_of_a_loop_ends_after_it() -> None:
    log = Log()
    running = asyncio.create_task(run_until_one_ends([log.works("loop")], [log.works("support")]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert log.said == ["loop ended", "support ended"]


@pytest.mark.parametrize("place", ["loop", "support"])
async def test_one_failure_ends_everything_and_is_the_error_that_is_seen(place: str) -> None:
    log = Log()
    failing = log.works("failing", ends_after=0, fails=True)
    loops, support = ([failing], [log.works("other")]) if place == "loop" else ([log.works("other")], [failing])
    with pytest.raises(RuntimeError, match="failing"):
        await run_until_one_ends(loops, support)
    assert set(log.said) == {"failing ended", "other ended"}


async def seen(ends: list[bool]) -> None:
    try:
        await asyncio.sleep(3600)
    except asyncio.CancelledError as cancelled:
        ends.append(by_request(cancelled))
        raise


async def fails() -> None:
    await asyncio.sleep(0)
    raise RuntimeError("a bug")


async def test_a_loop_is_told_apart_a_request_to_end_and_another_ones_failure() -> None:
    ends: list[bool] = []
    with pytest.raises(RuntimeError, match="a bug"):
        await run_until_one_ends([run_until_one_ends([seen(ends)], [])], [fails()])
    assert ends == [False], "also where loops stand in loops"
    running = asyncio.create_task(run_until_one_ends([run_until_one_ends([seen(ends)], [])], []))
    await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.wait({running})
    assert running.cancelled()
    assert ends == [False, True]
