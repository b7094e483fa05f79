"""The embedded Apache Kafka: one broker in a child process, for one machine only.

Production is a cluster of the user's own (`--bootstrap`); this one makes `tocsin run` and the tests need nothing else.
"""

import asyncio
import base64
import contextlib
import signal
import socket
import uuid
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from random import SystemRandom

import structlog

from agents.broker.folder import BrokerFolder, FolderError, writing
from agents.broker.jars import locked_jars, resolve_jars
from agents.broker.java import has_ended, last_words, start_java
from streams.errors import TocsinError, UnavailableError

# Returns once a record was produced and acknowledged; tries again by itself, and is cancelled at the deadline.
Ready = Callable[[str], Awaitable[None]]

HOST = "127.0.0.1"
# Below Linux's ephemeral ports, where an outgoing connection could take the port between two starts.
PORTS = range(20_000, 32_000)
TERMINATED = 128 + signal.SIGTERM  # Java's exit code after a clean end on SIGTERM
STOP_TIMEOUT_S = 10.0  # measured: 0.5 s
WATCH_EVERY_S = 1.0

# Paths are relative to the folder: a properties file would need escapes, and log.dirs takes a comma for a list.
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={records}
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=1500
broker.heartbeat.interval.ms=300
log.cleaner.dedupe.buffer.size=4194304
log.message.timestamp.type=LogAppendTime
message.max.bytes=1048588
num.io.threads=2
"""
log = structlog.get_logger()


class BrokerError(UnavailableError):
    """The embedded broker is not there: it ended, or never took a record; the message has its own last error."""


class PortTakenError(UnavailableError):
    """Something else listens on a port that the broker was told to use."""

    def __init__(self, port: int) -> None:
        self.port = port
        super().__init__(f"{HOST}:{port}: the port is taken; stop what listens there, or give another port")


class Broker:
    """One Apache Kafka on 127.0.0.1, with its records in `folder`; it may be started again after stop() or kill()."""

    def __init__(
        self,
        folder: Path,
        *,
        cache: Path,
        ready: Ready,
        port: int | None = None,
        controller_port: int | None = None,
        start_timeout_s: float = 60.0,
    ) -> None:
        self.folder = BrokerFolder(folder.absolute())
        self.port = port or free_port()
        self.controller_port = controller_port or free_port(but=self.port)
        self._cache = cache
        self._ready = ready
        self._start_timeout_s = start_timeout_s
        self._process: Process | None = None
        self._watch: asyncio.Task[TocsinError | None] | None = None
        self._stopping = False

    @property
    def bootstrap(self) -> str:
        """Return the address for clients, `host:port`."""
        return f"{HOST}:{self.port}"

    @property
    def pid(self) -> int | None:
        """Return Java's process id while it was started and not stopped."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Return once a record was produced and acknowledged: 2 to 4 s; at once if it runs already.

        Raises: FolderError, FolderInUseError, PortTakenError, JarError, UnavailableError (no network at the very first
        start), BrokerError; nothing runs and nothing is held then.
        """
        if self._process is not None:
            if self._process.returncode is None:
                return
            await self.kill()  # it ended by itself: forget it
        self.folder.claim()
        try:
            await self._launch()
        except BaseException:
            await self.stop()
            raise

    async def _launch(self) -> None:
        self._stopping = False
        for port in (self.port, self.controller_port):
            refuse_taken(port)
        jars = await asyncio.to_thread(resolve_jars, locked_jars(), self._cache)
        with writing(self.folder.path):
            self.folder.turn_log()
            if not self.folder.is_formatted():
                await self._format(jars)
            self._write_properties(self.folder.records)
        self._process = await self._java(jars, "kafka.Kafka", self.folder.properties.name)
        await self._until_ready(self._process)
        self._watch = asyncio.create_task(self._watched(self._process, self.folder.identity()))
        log.info("embedded broker ready", bootstrap=self.bootstrap, folder=str(self.folder.path))

    def _write_properties(self, records: Path) -> None:
        text = PROPERTIES.format(host=HOST, port=self.port, controller_port=self.controller_port, records=records.name)
        self.folder.properties.write_text(text, encoding="ascii")

    async def _format(self, jars: Sequence[Path]) -> None:
        """Make the place for records, beside where it belongs, and rename it when it is whole."""
        self.folder.clear()
        self._write_properties(self.folder.unformatted)
        arguments = ("format", "--cluster-id", cluster_id(), "--config", self.folder.properties.name)
        self._process = await self._java(jars, "kafka.tools.StorageTool", *arguments)
        code = await self._process.wait()
        if code:
            raise self._ended(code)
        self.folder.unformatted.rename(self.folder.records)

    async def _java(self, jars: Sequence[Path], *command: str) -> Process:
        folder = self.folder
        return await start_java(jars, *command, folder=folder.path, output=folder.log, lock=folder.claim())

    async def _until_ready(self, process: Process) -> None:
        """Return when the first record is in; raise when Java ends before, or at the deadline."""
        ended = asyncio.create_task(process.wait())
        answered = asyncio.create_task(self._answered())
        try:
            await asyncio.wait({ended, answered}, timeout=self._start_timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if answered.done():
                return await answered
            if ended.done():
                raise self._ended(await ended)
            raise BrokerError(f"{self.bootstrap}: the embedded broker took no record; {self._last_words()}")
        finally:
            for task in (ended, answered):
                task.cancel()
            await asyncio.gather(ended, answered, return_exceptions=True)

    async def _answered(self) -> None:
        # Spares the clients' complaints about a port that isn't there yet.
        while not await is_open(self.port):  # noqa: ASYNC110 - nothing in this process can tell when Java listens
            await asyncio.sleep(0.05)
        await self._ready(self.bootstrap)

    async def _watched(self, process: Process, identity: tuple[int, int] | None) -> TocsinError | None:
        """Return why the broker ended, None if it was told to; end it when its folder is gone.

        A folder deleted underneath would go on acknowledging for up to 20 s, into nothing.
        """
        while not await has_ended(process, within_s=WATCH_EVERY_S):
            if self.folder.identity() != identity:
                process.kill()
            self.folder.cut_log()
        if self._stopping:
            return None
        if self.folder.identity() != identity:
            return FolderError(self.folder.path, "its records were deleted while the broker ran; start tocsin again")
        return self._ended(await process.wait())

    async def wait(self) -> TocsinError | None:
        """Return why the broker ended by itself (BrokerError, FolderError); None once it was told to."""
        return await asyncio.shield(self._watch) if self._watch else None

    async def stop(self) -> None:
        """End the broker cleanly (0.5 s) and let its folder go; may be called twice."""
        try:
            await self._end(signal.SIGTERM)
        finally:
            self.folder.release()

    async def kill(self) -> None:
        """End the broker as a power cut would (kill -9), keeping the folder for the next start; for fault tests."""
        await self._end(signal.SIGKILL)

    async def _end(self, how: signal.Signals) -> None:
        self._stopping = True
        process, watch = self._process, self._watch
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):  # it ended by itself just now
            process.send_signal(how)
        try:
            await has_ended(process, within_s=STOP_TIMEOUT_S)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        code = await process.wait()
        if how is signal.SIGTERM and code != TERMINATED:
            log.warning("embedded broker did not end cleanly", exit_code=code)
        if watch is not None:
            await watch
        self._process = self._watch = None

    def _ended(self, code: int) -> BrokerError:
        if code < 0:  # its log knows nothing of that
            return BrokerError(f"the embedded broker was killed by signal {-code} (its log: {self.folder.log})")
        return BrokerError(f"the embedded broker ended (exit {code}): {self._last_words()}")

    def _last_words(self) -> str:
        return f"{last_words(self.folder.log_end())} (all of it: {self.folder.log})"


def cluster_id() -> str:
    """Return a new cluster's id: 16 random bytes in base64, as Kafka wants it."""
    octets = uuid.uuid4().bytes
    positive = bytes([octets[0] & 0x7F]) + octets[1:]  # an id that begins with `-` would be taken for an option
    return base64.urlsafe_b64encode(positive).decode().rstrip("=")


def free_port(*, but: int | None = None) -> int:
    """Return a port that nothing listens on just now; not that one."""
    while True:
        port = SystemRandom().choice(PORTS)
        with contextlib.suppress(PortTakenError):
            refuse_taken(port)
            if port != but:
                return port


def refuse_taken(port: int) -> None:
    """Raise PortTakenError if something listens there; Java would say so too, two seconds later in a stack trace."""
    with socket.socket() as probe:
        # Connections of the last run linger for a minute; Java's listener doesn't mind them either.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as err:
            raise PortTakenError(port) from err


async def is_open(port: int) -> bool:
    """Return whether something accepts connections there."""
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True
