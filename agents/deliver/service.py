"""The deliver process put together: owner, sender, receivers from the routes, one HTTP session."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

import aiohttp

from agents import log
from agents.audit import Auditor, new_writer
from agents.collector import look_seldom
from agents.deliver.receivers import Receivers
from agents.deliver.sender import SOURCES, STATES, Sender
from agents.deliver.unaccounted import Unaccounted
from agents.kafka import LEAVE_S, Producer
from agents.loops.ending import by_request, run_until_one_ends
from agents.loops.follower import Follower
from agents.loops.owner import Owner
from agents.metrics import Metrics
from agents.net.address_guard import connector
from agents.topic_admin import check_catalogue
from config.settings import Settings
from streams.errors import RefusedError
from streams.matching.rule import Urgency
from streams.topics import AUDIT, CONTROLS, RETRIES, ROUTES, Names

GROUP: Final = "deliver"
BACKLOG_EVERY_S: Final = 1.0
USER_AGENT: Final = "tocsin"
LOG = log.named("deliver")


class Deliver:
    """The deliver process. `run` works until it is cancelled; `ready` is what /readyz asks."""

    def __init__(self, settings: Settings, metrics: Metrics, *, now: Callable[[], datetime] | None = None) -> None:
        self._settings, self._metrics = settings, metrics
        self._now = now or (lambda: datetime.now(UTC))
        self.owner = Owner(settings, group=GROUP, sources=SOURCES, states=STATES, waiting=tuple(RETRIES.values()))
        self._follower: Follower | None = None

    @property
    def ready(self) -> bool:
        """Return whether the routes are known and every partition that we own is restored."""
        return self.owner.ready

    def done(self) -> Mapping[tuple[str, int], int]:
        """Return, for the watchdog, the next offset that is not done: of deliveries, and of routes and controls."""
        routes = self._follower.done() if self._follower else {}
        return {**self.owner.done(), **routes}

    async def run(self) -> None:
        """Run until cancelled: routes first, then deliveries. On the way out what is being sent may end.

        Raises: what the work raises, uncommitted (RefusedError after the broker's refusals, NewerSchemaError, ...).
        """
        look_seldom()
        producer = Producer(self._settings)
        async with _session(self._settings) as session:
            receivers = Receivers(session, self._now, self._settings.allow_addresses)
            self._follower = follower = Follower(self._settings, [ROUTES, CONTROLS], receivers.apply, needs=[ROUTES])
            await producer.start()
            try:
                await check_catalogue(self._settings, [AUDIT])
                await follower.start()
                await self._work(producer, receivers, follower)
            finally:
                await follower.stop()
                await producer.stop()

    async def _work(self, producer: Producer, receivers: Receivers, follower: Follower) -> None:
        """Run the parts; the owner leaves first, so that lanes and commits are there until it has left."""
        auditor = Auditor(producer, new_writer(GROUP, self._settings.instance), self._now)
        sender = Sender(
            names=Names(self._settings.topic_prefix),
            owner=self.owner,
            producer=producer,
            auditor=auditor,
            receivers=receivers,
            metrics=self._metrics,
            now=self._now,
        )
        unaccounted = Unaccounted(self._settings, owner=self.owner, sender=sender, metrics=self._metrics, now=self._now)
        parts = [sender.run(), follower.run(), self._watch_backlog(sender), unaccounted.run()]
        try:
            await run_until_one_ends([self.owner.run(sender)], parts)
        except asyncio.CancelledError as cancelled:
            if by_request(cancelled):
                await _closed(auditor)
            raise

    async def _watch_backlog(self, sender: Sender) -> None:
        while True:
            show_ages(self._metrics, sender.oldest(), now=self._now())
            if (waiting := await self.owner.waiting()) is not None:
                show_tiers(self._metrics, waiting, names=Names(self._settings.topic_prefix))
            await asyncio.sleep(BACKLOG_EVERY_S)


async def _closed(auditor: Auditor) -> None:
    """Close the chain, if the broker answers; else it looks as that of a process that was killed."""
    try:
        async with asyncio.timeout(LEAVE_S):
            await auditor.stop()
    except (RefusedError, TimeoutError):
        LOG.warning("the audit's chain stays open: the broker does not answer")


def show_ages(metrics: Metrics, oldest: Mapping[Urgency, datetime], *, now: datetime) -> None:
    """Set how long ago the oldest delivery of each urgency was routed; 0 where none is in hand."""
    for urgency in Urgency:
        age_s = (now - oldest.get(urgency, now)).total_seconds()
        metrics.oldest_undelivered.labels(urgency.value).set(max(age_s, 0.0))


def show_tiers(metrics: Metrics, waiting: Mapping[tuple[str, int], int], *, names: Names) -> None:
    """Set how many records wait in each tier, over the partitions that this process holds."""
    for delay, topic in RETRIES.items():
        count = sum(records for (name, _), records in waiting.items() if name == names.of(topic))
        metrics.retry_backlog.labels(delay).set(count)


def _session(settings: Settings) -> aiohttp.ClientSession:
    # A lane bounds its own connections. The feeds' limit of two a host would make every channel at Slack, and every
    # receiver behind one gateway, wait for the slowest.
    return aiohttp.ClientSession(
        connector=connector(settings.allow_addresses, a_host=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"user-agent": USER_AGENT},
        trust_env=False,
    )
