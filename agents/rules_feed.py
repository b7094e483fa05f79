"""The rules as they live: follows the topic `rules`, and swaps in a new matcher when they change."""

import asyncio
import gc
from collections.abc import Mapping

from agents import log
from agents.kafka import Incoming
from agents.loops.follower import Follower
from agents.metrics import Metrics
from config.settings import Settings
from streams.matching.matcher import Matcher
from streams.matching.rule import RuleChange
from streams.topics import RULES

LOG = log.named("rules_feed")


class RulesFeed:
    """Holds the matcher. Changes are compiled in a thread and swapped in by one assignment: no batch waits for it."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self.matcher = Matcher.empty()
        self._metrics = metrics
        self._pending: list[tuple[int, RuleChange]] = []
        self._follower = Follower(settings, [RULES], self._take, needs=[RULES], then=self._fold)

    async def start(self) -> None:
        """Return once every rule up to the present end is compiled; waits while the topic has no record."""
        await self._follower.start()
        gc.collect()
        gc.freeze()  # the rules live as long as the process: the collector need not walk them again

    async def run(self) -> None:
        """Follow until cancelled. `start` must have returned. Raises: NewerSchemaError for a change from the future."""
        await self._follower.run()

    async def stop(self) -> None:
        """Disconnect; may be called twice."""
        await self._follower.stop()

    async def catch_up(self) -> None:
        """Return when every change that was appended before the call is live; `run` must be running."""
        await self._follower.catch_up()

    def done(self) -> Mapping[tuple[str, int], int]:
        """Return, for the watchdog, how far the rules are live."""
        return self._follower.done()

    def _take(self, record: Incoming) -> None:
        change = RuleChange.from_json(record.value, schema=record.schema)
        self._pending.append((record.offset, change))

    async def _fold(self) -> None:
        changes, self._pending = self._pending, []
        if changes:
            before = self.matcher
            self.matcher = await asyncio.to_thread(before.apply, changes)
            self._tell(before)

    def _tell(self, before: Matcher) -> None:
        matcher = self.matcher
        self._metrics.rules_loaded.set(matcher.rules_loaded)
        self._metrics.rules_rejected.set(len(matcher.rejected))
        self._metrics.ruleset_version.set(matcher.version)
        for change, why in matcher.rejected.items():
            if change not in before.rejected:
                LOG.warning("rule rejected", change=change, why=why)
        LOG.info("rules live", rules=matcher.rules_loaded, ruleset_version=matcher.version)
