"""Child processes of a test: started, listened to, stopped, and never left behind."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parents[2]
STEP_S = 0.02


class Child:
    """A Python process of ours; each line that it says on stdout is one JSON object."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.said: list[dict[str, Any]] = []
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, module: str, *arguments: str) -> Self:
        """Return the running process `python -m module arguments...`."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, *arguments, stdout=asyncio.subprocess.PIPE, cwd=ROOT
        )
        return cls(process)

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            with contextlib.suppress(ValueError):
                self.said.append(json.loads(line))

    @property
    def held(self) -> list[int] | None:
        """Return the partition numbers that the child last said it holds."""
        return next((line["held"] for line in reversed(self.said) if "held" in line), None)

    @property
    def pid(self) -> int:
        """Return the process's number."""
        return self._process.pid

    def send(self, number: signal.Signals) -> None:
        """Send a signal to this process."""
        self._process.send_signal(number)

    async def ended(self, *, within_s: float = 30) -> int:
        """Return the exit code (negative: the signal that killed it)."""
        async with asyncio.timeout(within_s):
            await asyncio.shield(self._listening)  # a limit that passes must not keep `sweep` from its work
            return await self._process.wait()

    async def stop(self) -> int:
        """Ask the process to end as a supervisor does, and return its exit code."""
        self.send(signal.SIGTERM)
        return await self.ended()

    async def sweep(self) -> None:
        """Leave nothing behind."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
        await self.ended()


@contextlib.asynccontextmanager
async def children() -> AsyncIterator[list[Child]]:
    """Return a list; whatever was put into it is gone afterwards."""
    started: list[Child] = []
    try:
        yield started
    finally:
        for child in started:
            await child.sweep()


async def until(true: Callable[[], object], *, within_s: float = 30) -> None:
    """Return once it is true."""
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 - it comes true in another process
            await asyncio.sleep(STEP_S)
