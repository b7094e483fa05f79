"""What the stages of `tocsin run` stand on: a broker, its topics, what the files say, and the sample wire."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from agents.apply import Applied, apply_feeds, apply_routes, apply_rules, apply_topics
from agents.broker.folder import FolderInUseError, delete_data
from agents.broker.jars import locked_jars, resolve_jars
from agents.broker.server import Broker
from agents.kafka import Producer
from agents.net.daemon import in_daemon
from agents.net.secret import lacking
from agents.run.children import STEADY_AFTER_S, pause_s
from agents.run.report import RunReport
from agents.run.running import announce, withdraw
from config.entities import Entry
from config.feeds import FeedFile, load_feeds
from config.poll_settings import with_file
from config.routes import load_routes
from config.rules import load_rules
from config.settings import Settings
from streams.errors import ConfigurationError, TocsinError, UnavailableError
from streams.routing.route import Routes

if TYPE_CHECKING:
    from agents.poll.sample_wire import SampleWire

SAMPLE_OWNER = "sample"  # the sample wire's feeds belong to it, so that --no-sample takes them away again
LEFTOVER_ENDS_WITHIN_S = 10.0  # Java of a run that was killed ends by itself; measured: 1 s
WORTH_SAYING_S = 0.5
TRY_AGAIN_S = 0.1
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Files:
    """What the folder of --config-dir says, or the shipped files."""

    feeds: FeedFile
    entries: Sequence[Entry]
    routes: Routes


def load_files(settings: Settings) -> Files:
    """Return all files, read. Raises: ConfigurationError with the problems of every one of them."""
    problems: list[str] = []

    def tried(load: Callable[[], T]) -> T | None:
        try:
            return load()
        except ConfigurationError as err:
            problems.extend(err.problems)
            return None

    folder = settings.config_dir
    feeds = tried(lambda: load_feeds(folder, managed_by=settings.managed_by, contact=settings.contact))
    routes = tried(lambda: load_routes(folder))
    entries = tried(lambda: load_rules(folder, desks=routes.desks if routes else None))
    if feeds is None or entries is None or routes is None:
        raise ConfigurationError(*problems)
    return Files(feeds, entries, routes)


def jar_cache() -> Path:
    """Return where the embedded broker's jars are kept, once for a user."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tocsin" / "broker"


def sample_wire() -> "SampleWire":
    """Return a sample wire that is not started yet."""
    from agents.poll.sample_wire import SampleWire  # noqa: PLC0415 - a web server, for those who want a sample

    return SampleWire()


class RunGround:
    """The ground of `tocsin run`: `open()`, `prepare()`, `watch()`, `close()`, in this order."""

    def __init__(self, settings: Settings, *, fresh: bool, sample: bool, report: RunReport) -> None:
        self._settings = settings
        self._fresh = fresh
        self._wire = sample_wire() if sample else None
        self._report = report
        self._broker: Broker | None = None
        self._files: Files | None = None
        self._allowed: tuple[str, ...] = ()

    async def open(self) -> None:
        """Take the broker's address, begin the sample wire, read the files.

        Raises: ConfigurationError with every problem of every file; FolderError, FolderInUseError.
        """
        folder = self._folder / "broker"
        if self._settings.bootstrap is None:
            if self._fresh and delete_data(folder):
                self._report.notice("everything that an earlier run kept was deleted (--fresh)")
            self._broker = Broker(folder, cache=jar_cache(), ready=self._apply_topics)
            self._settings = self._settings.model_copy(update={"bootstrap": self._broker.bootstrap})
        elif self._fresh:
            raise ConfigurationError("--fresh deletes the embedded broker's data, and --bootstrap names another broker")
        if self._wire is not None:
            await self._wire.start()
        self._files = await asyncio.to_thread(load_files, self._settings)
        for line in lacking(self._files.routes.receivers.values()):
            self._report.problem("routes", f"{line}: nothing goes out there until it is set")
        allowed = with_file(self._settings, self._files.feeds).allow_addresses
        self._allowed = (*allowed, *([self._wire.address] if self._wire else []))

    @property
    def _folder(self) -> Path:
        return self._settings.data_dir.expanduser()

    @property
    def environment(self) -> Mapping[str, str]:
        """Return what the children are told: where the broker is, and which addresses may be polled."""
        return {
            "TOCSIN_BOOTSTRAP": self._settings.bootstrap or "",
            "TOCSIN_ALLOW_ADDRESSES": ",".join(self._allowed),
        }

    async def prepare(self) -> None:
        """Return once the broker takes records, and topics, routes, rules and feeds are as the files say."""
        if self._broker is not None:
            await self._start_broker(self._broker)
        else:
            await self._timed("topics", self._apply_topics(""))
        producer = Producer(self._settings)
        try:
            await producer.start()
            await self._apply(producer)
        finally:
            await producer.stop()

    async def _start_broker(self, broker: Broker) -> None:
        started, jars, cache = time.monotonic(), locked_jars(), jar_cache()
        if not all((cache / jar.name).exists() for jar in jars):
            self._report.notice("fetching the broker (42 MB, for the first start only)")
        await in_daemon(lambda: resolve_jars(jars, cache), name="jars")
        jars_s = time.monotonic() - started
        await _once_leftover_is_gone(broker.start)
        note = f", of it {jars_s:.1f} s for its jars" if jars_s > WORTH_SAYING_S else ""
        self._report.step("broker", time.monotonic() - started, f"{broker.bootstrap}, with its topics{note}")
        announce(self._folder, bootstrap=broker.bootstrap, topic_prefix=self._settings.topic_prefix)

    async def _apply_topics(self, _bootstrap: str) -> None:
        """Return once the topics are there; a broker that just started is asked again and again."""
        assert self._files is not None  # noqa: S101 - open() came before
        while True:
            try:
                await apply_topics(self._settings, self._files.routes)
            except UnavailableError:
                if self._broker is None:
                    raise
                await asyncio.sleep(TRY_AGAIN_S)
            else:
                return

    async def _apply(self, producer: Producer) -> None:
        assert self._files is not None  # noqa: S101 - open() came before
        settings, files = self._settings, self._files
        await self._timed("routes", apply_routes(settings, producer, files.routes))
        await self._timed("rules", apply_rules(settings, producer, files.entries))
        await self._timed("feeds", apply_feeds(settings, producer, files.feeds.feeds))
        of_sample = settings.model_copy(update={"managed_by": SAMPLE_OWNER})
        feeds = self._wire.feeds() if self._wire else []
        applied = apply_feeds(of_sample, producer, feeds)
        if self._wire is None:
            await applied
        else:
            await self._timed("SAMPLE", applied, f"a sample wire on {self._wire.address}; --no-sample turns it off")

    async def _timed(self, what: str, work: Awaitable[object], note: str = "") -> None:
        started = time.monotonic()
        done = await work
        if isinstance(done, Applied):
            counts = f"{len(done.published)} published, {done.unchanged} as before"
            note = f"{counts}; {note}" if note else counts
            if done.lost:
                raise ConfigurationError(*(f"{name}: another writer was faster; start again" for name in done.lost))
        self._report.step(what, time.monotonic() - started, note)

    async def watch(self) -> None:
        """Start the embedded broker again whenever it ends; a broker of the user's own is left to its owner.

        Raises: what no new start cures, such as a folder that was deleted.
        """
        failures, began = 0, time.monotonic()
        while self._broker is not None and (why := await self._broker.wait()) is not None:
            failures = 0 if time.monotonic() - began > STEADY_AFTER_S else failures
            failures = await self._restart(self._broker, why, failures)
            began = time.monotonic()
        await asyncio.Event().wait()

    async def _restart(self, broker: Broker, why: TocsinError, failures: int) -> int:
        """Start the broker again, however often that takes; return how many short lives and starts failed in a row."""
        while True:
            if not why.retry_helps:
                raise why
            failures += 1
            self._report.restarted("broker", str(why), pause_s(failures))
            await asyncio.sleep(pause_s(failures))
            started = time.monotonic()
            try:
                await broker.start()
            except UnavailableError as err:
                why = err
            else:
                self._report.step("broker", time.monotonic() - started, "back")
                return failures

    async def close(self) -> None:
        """End the sample wire, and the broker last; may be called twice."""
        if self._wire is not None:
            await self._wire.stop()
        if self._broker is not None:
            withdraw(self._folder)
            await self._broker.stop()


async def _once_leftover_is_gone(start: Callable[[], Awaitable[None]]) -> None:
    """Start the broker; one that a killed run left in the folder has a moment to end. Raises: as `start`."""
    deadline = time.monotonic() + LEFTOVER_ENDS_WITHIN_S
    while True:
        try:
            return await start()
        except FolderInUseError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(TRY_AGAIN_S)
