"""The watchdog: work waits in a partition, none of it gets done for a minute, so the process dumps its tasks and ends.

Seen in practice: one partition stood still for 100 s in a process that looked healthy. The end offsets come through a
client of the watchdog's own, since a stuck client says that all is quiet.
"""

import asyncio
import faulthandler
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from agents import log
from agents.kafka import connect, disconnect, new_consumer, partition
from agents.metrics import Metrics
from config.settings import Settings

EXIT_CODE = 71
LOOKS = 12  # looks within the patience, so that a standstill is seen about 1/12 later than it could be

LOG = log.named("watchdog")
Place = tuple[str, int]  # a topic by its whole name, and a partition number


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a partition ends, and the next offset of it that is not done."""

    end: int
    done: int

    @property
    def lag(self) -> int:
        """Return how many records wait."""
        return max(0, self.end - self.done)


class Watched(Protocol):
    """A loop that can be watched."""

    def done(self) -> Mapping[Place, int]:
        """Return, for each partition that it works on, the next offset that is not done (committed, as a rule)."""


@dataclass(slots=True)
class Standstill:
    """Since when each partition has work and does none; a partition without work has no time."""

    _since: dict[Place, tuple[int, float]] = field(default_factory=dict)

    def look(self, progress: Mapping[Place, Progress], *, now_s: float, patience_s: float) -> list[Place]:
        """Return the partitions where work waits and nothing was done for `patience_s`."""
        waiting = {place: found.done for place, found in progress.items() if found.lag}
        self._since = {
            place: known if (known := self._since.get(place)) and known[0] == done else (done, now_s)
            for place, done in waiting.items()
        }
        return [place for place, (_, since) in self._since.items() if now_s - since >= patience_s]


class Watchdog:
    """Watches the loops of one process, and sets the gauge `consumer_lag` on its way."""

    def __init__(
        self, settings: Settings, metrics: Metrics, *watched: Watched, leave: Callable[[int], object] = os._exit
    ) -> None:
        self._settings = settings
        self._metrics = metrics
        self._watched = watched
        self._leave = leave
        self._standstill = Standstill()
        self._labelled: set[Place] = set()

    async def run(self) -> None:
        """Look again and again until cancelled. A standstill ends the process with 71, after a dump of its tasks."""
        client = new_consumer(self._settings)
        try:
            await connect(client)
            while True:
                await asyncio.sleep(self._settings.watchdog_s / LOOKS)
                await self._look(client)
        finally:
            await disconnect(client)

    async def _look(self, client: Any) -> None:  # noqa: ANN401 - aiokafka ships no types
        done = {place: offset for loop in self._watched for place, offset in loop.done().items()}
        try:
            async with asyncio.timeout(self._settings.watchdog_s / 2):
                progress = await _progress(client, done)
        except Exception as err:  # noqa: BLE001 - no broker, no judgement: whatever keeps it away, the clock starts anew
            LOG.warning("the watchdog can't see the ends", error=repr(err))
            self._standstill = Standstill()
            return
        self._show(progress)
        now_s = asyncio.get_running_loop().time()
        if stuck := self._standstill.look(progress, now_s=now_s, patience_s=self._settings.watchdog_s):
            self._end({place: progress[place] for place in stuck})

    def _show(self, progress: Mapping[Place, Progress]) -> None:
        for topic, number in self._labelled - set(progress):
            self._metrics.consumer_lag.remove(topic, str(number))
        for (topic, number), found in progress.items():
            self._metrics.consumer_lag.labels(topic, str(number)).set(found.lag)
        self._labelled = set(progress)

    def _end(self, stuck: Mapping[Place, Progress]) -> None:
        for (topic, number), found in stuck.items():
            LOG.error("work waits and none is done", topic=topic, partition=number, end=found.end, done=found.done)
        dump_tasks()
        self._leave(EXIT_CODE)


async def _progress(client: Any, done: Mapping[Place, int]) -> dict[Place, Progress]:  # noqa: ANN401 - aiokafka ships no types
    """Return the progress of each partition; what was deleted before it was read is no work that waits."""
    if not done:
        return {}
    places = [partition(*place) for place in done]
    begins, ends = await client.beginning_offsets(places), await client.end_offsets(places)
    return {
        place: Progress(ends[partition(*place)], max(offset, begins[partition(*place)]))
        for place, offset in done.items()
    }


def dump_tasks() -> None:
    """Write where every task of this loop and every thread of this process stands to stderr."""
    for task in asyncio.all_tasks():
        task.print_stack(file=sys.stderr)
    faulthandler.dump_traceback(file=sys.__stderr__ or 2, all_threads=True)
    sys.stderr.flush()
