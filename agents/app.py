"""The processes, to be read top to bottom: each stage wired to its topics. There is no global app."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import Any

from agents import log
from agents.alert import AlertStage
from agents.collector import look_seldom
from agents.deliver.sender import SOURCES
from agents.deliver.service import Deliver
from agents.fan_out import GROUP, FanOut, InStep
from agents.health import Health
from agents.kafka import Producer
from agents.loops.batch import BatchWork
from agents.loops.coverage import Coverage
from agents.loops.ending import run_until_one_ends
from agents.loops.follower import Follower
from agents.loops.owner import Owner
from agents.loops.stage import Stage
from agents.loops.watchdog import Watchdog, Watched
from agents.match import picker
from agents.metrics import new_metrics
from agents.poll.poller import Poller
from agents.rules_feed import RulesFeed
from config.settings import Settings
from streams import topics

Task = Coroutine[Any, Any, None]


class Process:
    """What every process has: settings, metrics, health, a watchdog, and the loops that it runs."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.metrics = new_metrics()
        self.health = Health(self.metrics.registry, host=settings.metrics_host, port=settings.metrics_port)
        self.opened = AsyncExitStack()
        self._loops: list[Task] = []
        self._support: list[Task] = []
        self._watched: list[Watched] = []

    def runs(self, name: str, loop: Task, *, watched: Watched, ready: Callable[[], bool]) -> None:
        """Have this loop run until the process ends; the watchdog looks at it, and readiness waits for it."""
        self._loops.append(loop)
        self._watched.append(watched)
        self.health.part(name, ready, waiting="waits for its partitions or their state")

    def covers(self, group: str, *sources: topics.Topic) -> None:
        """Have somebody see to it that the group's members hold every partition of their sources between them."""
        self.supports(Coverage(self.settings, group=group, topics=sources).run())

    def supports(self, work: Task, *, watched: Watched | None = None) -> None:
        """Have this run beside the loops, and end after them: a loop's last batch may still need it."""
        self._support.append(work)
        self._watched += [watched] if watched else []

    async def producer(self) -> Producer:
        """Return a started producer, which is closed when the process ends."""
        producer = Producer(self.settings)
        await self.first("broker", producer.start(), waiting="does not answer")
        self.opened.push_async_callback(producer.stop)
        return producer

    async def first(self, name: str, work: Awaitable[None], *, waiting: str = "waits for its first record") -> None:
        """Wait for what everything else needs, and show meanwhile that it is waited for."""
        done = asyncio.Event()
        self.health.part(name, done.is_set, waiting=waiting)
        await work
        done.set()

    async def run(self, wire: Callable[["Process"], Awaitable[None]]) -> None:
        """Wire the loops and run them until cancelled, or until one of them fails."""
        look_seldom()
        async with self.opened:
            await self.health.start()
            self.opened.push_async_callback(self.health.stop)
            await wire(self)
            watchdog = Watchdog(self.settings, self.metrics, *self._watched)
            await run_until_one_ends(self._loops, [*self._support, watchdog.run()])


async def run_poll(settings: Settings) -> None:
    """Run `poll`: feeds to articles."""
    await until_told(settings, wire_poll)


async def run_agents(settings: Settings, *, only: str | None = None) -> None:
    """Run `agents`: articles to matches to alerts to desks, routings and deliveries; or one of the stages alone."""
    await until_told(settings, partial(wire_agents, only=only))


async def run_deliver(settings: Settings) -> None:
    """Run `deliver`: deliveries to receivers."""
    await until_told(settings, wire_deliver)


async def wire_poll(process: Process) -> None:
    """Own partitions of `feeds`: poll what is on them, publish articles, then the state."""
    owner = Owner(process.settings, group="poll", sources=[topics.FEEDS], states=[topics.FEEDS, topics.FEED_STATES])
    poller = Poller(process.settings, owner=owner, producer=await process.producer(), metrics=process.metrics)
    process.supports(poller.run())
    process.covers("poll", topics.FEEDS)
    process.runs("poll", owner.run(poller), watched=owner, ready=lambda: owner.ready)


async def wire_agents(process: Process, *, only: str | None = None) -> None:
    """Wire the three stages, or one; each is a consumer group of its own, so that one's rebalance stops no other."""
    wires = {"match": wire_match, "alert": wire_alert, "fan_out": wire_fan_out}
    producer = await process.producer()
    for stage in [only] if only else wires:
        await wires[stage](process, producer)


async def wire_match(process: Process, producer: Producer) -> None:
    """Match each article against the rules; on Faust, for it has no state and takes the processor time."""
    rules = RulesFeed(process.settings, process.metrics)
    await process.first(topics.RULES.name, rules.start())
    stage = Stage(
        process.settings, group="match", source=topics.ARTICLES, pick=picker(lambda: rules.matcher, process.metrics),
        producer=producer, metrics=process.metrics, before=rules.catch_up,
    )  # fmt: skip
    process.supports(rules.run(), watched=rules)
    process.covers("match", topics.ARTICLES)
    process.runs("match", stage.run(), watched=stage, ready=lambda: stage.ready)


async def wire_alert(process: Process, producer: Producer) -> None:
    """Group matches into stories and say what is new; one worker sees every match."""
    owner = Owner(process.settings, group="alert", sources=[topics.MATCHES], states=[topics.STORIES])
    work = BatchWork(owner, AlertStage(process.metrics), producer, process.metrics)
    process.covers("alert", topics.MATCHES)
    process.runs("alert", owner.run(work), watched=owner, ready=lambda: owner.ready)


async def wire_fan_out(process: Process, producer: Producer) -> None:
    """Decide for each desk: told, as what, through which receivers, or why not."""
    fan_out = FanOut(process.metrics)
    follower = Follower(process.settings, [topics.ROUTES, topics.CONTROLS], fan_out.apply, needs=[topics.ROUTES])
    await process.first(topics.ROUTES.name, follower.start())
    owner = Owner(process.settings, group=GROUP, sources=[topics.ALERTS], states=[topics.DESK_STORIES], look_back=1_000)
    work = InStep(BatchWork(owner, fan_out, producer, process.metrics), follower)
    process.supports(follower.run(), watched=follower)
    process.covers(GROUP, topics.ALERTS)
    process.runs("fan_out", owner.run(work), watched=owner, ready=lambda: owner.ready)


async def wire_deliver(process: Process) -> None:
    """Send deliveries, each in its receiver's own lane."""
    deliver = Deliver(process.settings, process.metrics)
    process.covers("deliver", *SOURCES)
    process.runs("deliver", deliver.run(), watched=deliver, ready=lambda: deliver.ready)


async def until_told(settings: Settings, wire: Callable[[Process], Awaitable[None]]) -> None:
    """Run a process until SIGTERM or Ctrl-C; then let every loop finish its batch and leave its group."""
    log.configure(form=settings.log_format, level=settings.log_level)
    work = asyncio.ensure_future(Process(settings).run(wire))
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, work.cancel)
    with suppress(asyncio.CancelledError):
        await work
