"""The streaming stage on Faust, for work without state, with Faust's ways of losing records shut off.

Only one pattern is used: raw topics, `noack_take`, our own producer's acknowledgements, then `ack`. Faust's own loop
acknowledges a record whose handler raised, and commits nine of ten outputs that were never written (measured).
"""

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import faust
from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as driver

from agents import log
from agents.dead_letters import count
from agents.kafka import Outgoing, Producer, connection, disconnect
from agents.loops.ending import by_request
from agents.loops.event import Decide, decided
from agents.loops.seat import Seat
from agents.metrics import Metrics
from agents.topic_admin import check_catalogue
from config.settings import Settings
from streams.errors import NewerSchemaError, TocsinError, UnavailableError
from streams.topics import DEAD_LETTERS, Names, Topic

MOST_RECORDS = 500
WITHIN_S = 0.005  # how long a batch waits for company: most of a hop's p50 of 7 ms
REFUSED_EXIT = 70
LOOK_EVERY_S = 0.5
GRACE_S = 8.0  # batches in flight are finished within about a second, if there is a broker

LOG = log.named("stage")
QUIET = logging.getLogger("faust.stage")  # else Faust logs each step of its own under this module's name


class SeatListener(driver.ConsumerRebalanceListener):  # type: ignore[misc]  # faust ships no types
    """Faust's listener, which also keeps the books of our seat; aiokafka calls it in the consumer's thread."""

    def on_partitions_revoked(self, revoked: Any) -> Awaitable[None]:  # noqa: ANN401 - faust ships no types
        """Begin at once, as Faust's own does, and end with the claim."""
        return self._claim(super().on_partitions_revoked(revoked))

    async def _claim(self, revoking: Awaitable[None]) -> None:
        await revoking
        self._thread.app.seat.claim()

    async def on_partitions_assigned(self, assigned: Any) -> None:  # noqa: ANN401 - faust ships no types
        """Note who we are, then do what Faust's own does."""
        self._thread.app.seat.take(self._thread._consumer)  # noqa: SLF001 - faust has no other word for it
        await super().on_partitions_assigned(assigned)


class LeavingThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]  # faust ships no types
    """The consumer's thread; it stops once everything is committed."""

    async def on_thread_stop(self) -> None:
        """Leave the group if the end was asked for."""
        if self.app.leaves:
            await self.app.seat.leave()
        # Its broker gone, the client lets out the cancellation of its own fetch; mode would wait for us in vain.
        with suppress(asyncio.CancelledError):
            await super().on_thread_stop()

    async def _fetch_records(self, *given: Any, **named: Any) -> Any:  # noqa: ANN401 - faust ships no types
        """Fetch nothing more once another process has our name: Faust would crash over it, and the stage says it."""
        try:
            return await super()._fetch_records(*given, **named)
        except KafkaError as err:
            if self.app.seat.stolen(err) is None:
                raise
            return {}


class HardenedConsumer(driver.Consumer):  # type: ignore[misc]  # faust ships no types
    """Never commits past a message that is still in flight."""

    logger = QUIET
    RebalanceListener = SeatListener

    def _new_consumer_thread(self) -> Any:  # noqa: ANN401 - faust ships no types
        return LeavingThread(self, loop=self.loop, beacon=self.beacon)

    def _new_offset(self, tp: Any) -> int | None:  # noqa: ANN401 - faust ships no types
        in_flight = [found.offset for found in self._unacked_messages if found.tp == tp and not found.acked]
        if not in_flight:
            return super()._new_offset(tp)  # type: ignore[no-any-return]
        lowest, acked = min(in_flight), self._acked[tp]
        beyond = [offset for offset in acked if offset >= lowest]
        acked[:] = [offset for offset in acked if offset < lowest]
        try:
            return super()._new_offset(tp) if acked else None
        finally:
            acked.extend(beyond)

    async def _wait_for_ack(self, timeout: float) -> None:  # noqa: ASYNC109 - faust's own signature
        """Wait for an acknowledgement, or a while. Faust's own swallows the cancellation, and so can't be stopped."""
        acknowledged: Any = asyncio.get_running_loop().create_future()
        self._waiting_for_ack = acknowledged
        try:
            await asyncio.wait({acknowledged}, timeout=timeout)
        finally:
            self._waiting_for_ack = None


class HardenedTransport(driver.Transport):  # type: ignore[misc]  # faust ships no types
    """Faust's transport with the consumer above."""

    logger = QUIET
    Consumer = HardenedConsumer


class StageApp(faust.App):  # type: ignore[misc]  # faust ships no types
    """One stage's Faust app: it leaves no folder behind, and reads nothing before `before` has returned."""

    logger = QUIET
    before: Callable[[], Awaitable[None]]
    seat: Seat
    leaves = False

    async def on_first_start(self) -> None:
        """Load what the decisions need, the rules for one, before the first record."""
        await self.before()
        await super().on_first_start()

    def _create_directories(self) -> None:
        return

    def _new_transport(self) -> Any:  # noqa: ANN401 - faust ships no types
        return HardenedTransport(self.conf.broker_consumer, self)


class Stage:
    """A stage on Faust inside our own loop: `run` until cancelled. Anything that it can't handle ends the process."""

    def __init__(
        self,
        settings: Settings,
        *,
        group: str,
        source: Topic,
        pick: Callable[[], Decide],
        producer: Producer,
        metrics: Metrics,
        before: Callable[[], Awaitable[None]],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        leave: Callable[[int], object] = os._exit,
    ) -> None:
        self._settings = settings
        self._group = group
        self._source = source
        self._pick = pick
        self._producer = producer
        self._metrics = metrics
        self._before = before
        self._clock = clock
        self._leave = leave
        self._app: Any = None
        self._done: Mapping[tuple[str, int], int] = {}

    async def run(self) -> None:
        """Run until cancelled; batches in flight are finished and committed (SIGTERM ends in about a second).

        Raises: ConfigurationError when a topic is missing or another process has this one's name; UnavailableError
        when Faust or its client gives up. A refusal by the broker exits the process with 70, a newer schema with 75,
        both uncommitted.
        """
        await check_catalogue(self._settings, [self._source, DEAD_LETTERS])
        self._app = app = self._build()
        try:
            await app.start()
            await self._until_it_gives_up(app)
        except asyncio.CancelledError as cancelled:
            app.leaves = by_request(cancelled)
            raise
        finally:
            await disconnect(app, within_s=GRACE_S)

    async def _until_it_gives_up(self, app: StageApp) -> None:
        # Faust never asks its client what went wrong with the group: it would wait for partitions for ever.
        trouble: BaseException | None = None
        while not app.should_stop and (trouble := app.seat.trouble()) is None:
            await app.sleep(LOOK_EVERY_S)
        why = trouble or app.crash_reason
        raise app.seat.stolen(why) or UnavailableError(f"faust gave up: {why!r}") from why

    @property
    def ready(self) -> bool:
        """Return whether the app has started, rules and all, and the group has assigned."""
        app = self._app
        if app is None or not app.started or app.rebalancing:
            return False
        return app._assignment is not None  # noqa: SLF001 - faust has no other word for it

    def done(self) -> Mapping[tuple[str, int], int]:
        """Return, for the watchdog, what is committed of each partition held; 0 where nothing is yet.

        In a rebalance it is what it was before: one that never ends is a standstill too.
        """
        if self.ready:
            committed = self._app.consumer._committed_offset  # noqa: SLF001 - faust has no other word for it
            places = self._app.consumer.assignment()
            self._done = {(place.topic, place.partition): committed[place] or 0 for place in places}
        return self._done

    def lag(self) -> Mapping[tuple[str, int], int]:
        """Return the records that wait in each partition, as the last fetch saw its end."""
        done = self.done()
        places = {(place.topic, place.partition): place for place in self._app.consumer.assignment()} if done else {}
        return {
            key: max(0, (self._app.consumer.highwater(places[key]) or 0) - offset)
            for key, offset in done.items()
            if key in places
        }

    def _build(self) -> StageApp:
        app = StageApp(self._settings.topic_prefix + self._group, **faust_settings(self._settings, self._group))
        app.before = self._before
        app.seat = Seat(self._settings.instance, self._settings.topic_prefix + self._group)
        topic = app.topic(
            Names(self._settings.topic_prefix).of(self._source),
            key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw",
        )  # fmt: skip
        app.agent(topic, name=self._group)(self._work)
        return app

    async def _work(self, stream: Any) -> None:  # noqa: ANN401 - faust ships no types
        """Take batches for ever. An exception that left this body would make Faust acknowledge the batch, or hang."""
        try:
            async for events in stream.noack_take(MOST_RECORDS, within=WITHIN_S):
                await self._take(events)
        except (asyncio.CancelledError, GeneratorExit):
            raise
        except BaseException as err:
            LOG.critical("the stage ends its process", group=self._group, error=repr(err), exc_info=err)
            sys.stderr.flush()
            self._leave(err.exit_code if isinstance(err, TocsinError) else REFUSED_EXIT)

    async def _take(self, events: Sequence[Any]) -> None:
        outputs, decided, stop = await self._decide(events)
        count(outputs, self._metrics)
        await self._producer.deliver(outputs)
        for event in events[:decided]:
            event.ack()
        if stop is not None:
            await self._app.consumer.commit()
            raise stop

    async def _decide(self, events: Sequence[Any]) -> tuple[list[Outgoing], int, NewerSchemaError | None]:
        return await decided(self._pick(), events, stage=self._group, clock=self._clock)


def faust_settings(settings: Settings, group: str) -> dict[str, Any]:
    """Return Faust's settings: at least once, no tables, no leader, no web, nothing declared."""
    given = connection(settings)
    return {
        "broker": ";".join(f"kafka://{host}" for host in given["bootstrap_servers"].split(",")),
        "broker_client_id": given["client_id"],
        "broker_credentials": _credentials(given),
        "consumer_group_instance_id": f"{settings.instance}-{group}" if settings.instance else None,
        "processing_guarantee": "at_least_once",
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "table_standby_replicas": 0,
        "broker_session_timeout": settings.session_timeout_s,
        "broker_heartbeat_interval": min(1.0, settings.session_timeout_s / 3),
        "broker_request_timeout": 30,
        "broker_max_poll_interval": 120,
        "broker_commit_interval": 1,
        "broker_commit_every": 1000,
        "broker_max_poll_records": MOST_RECORDS,
        "stream_buffer_maxsize": 4096,
        "stream_wait_empty": True,
        "stream_processing_timeout": 60,
        "producer_acks": -1,
        "producer_linger": 0,
        "producer_request_timeout": 30,
        "consumer_auto_offset_reset": "earliest",
        "consumer_metadata_max_age_ms": given["metadata_max_age_ms"],
        "producer_metadata_max_age_ms": given["metadata_max_age_ms"],
        "web_enabled": False,
        "worker_redirect_stdouts": False,
    }


def _credentials(given: Mapping[str, Any]) -> Any:  # noqa: ANN401 - faust ships no types
    if given["security_protocol"].startswith("SASL"):
        return faust.SASLCredentials(
            username=given["sasl_plain_username"],
            password=given["sasl_plain_password"],
            ssl_context=given.get("ssl_context"),
            mechanism=given["sasl_mechanism"],
        )
    return faust.SSLCredentials(context=given["ssl_context"]) if "ssl_context" in given else None
