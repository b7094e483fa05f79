"""The deliver process as a child that can be killed, and what a test needs around it on a real broker.

`python -m tests.support.deliver_process --bootstrap ... --prefix ... --allow 127.0.0.1:8099`
"""

import argparse
import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CollectorRegistry

from agents import log
from agents.deliver.sender import SOURCES
from agents.deliver.service import GROUP, Deliver
from agents.kafka import Incoming, Outgoing, Producer, new_consumer, outgoing, partition
from agents.loops.follower import read_all
from agents.metrics import Metrics
from agents.topic_admin import apply
from config.settings import Settings
from streams.ids import UserId
from streams.routing.notification import Delivery, DeliveryState
from streams.routing.route import Receiver, RoutesVersion
from streams.topics import CATALOGUE, DELIVERIES, DELIVERY_STATES, RETRIES, ROUTES, Names, Topic
from tests.support.notices import ledger, routes_to

READY_EVERY_S = 0.05


@dataclass(frozen=True)
class Field:
    """The topics of one test on a real broker."""

    settings: Settings

    @classmethod
    async def laid(cls, bootstrap: str, prefix: str, **given: Any) -> "Field":  # noqa: ANN401 - settings as given
        """Return the field with all topics created."""
        settings = Settings(bootstrap=bootstrap, topic_prefix=prefix, **given)
        await apply(settings, CATALOGUE)
        return cls(settings)

    async def write(self, outputs: Sequence[Outgoing]) -> None:
        """Return once everything is acknowledged."""
        producer = Producer(self.settings)
        await producer.start()
        try:
            await producer.deliver(outputs)
        finally:
            await producer.stop()

    async def publish(self, deliveries: Iterable[Delivery]) -> None:
        """Write deliveries as fan out does."""
        now = datetime.now(UTC)
        journey = ledger().stamped(fetched=now, routed=now)
        await self.write(
            [
                outgoing(
                    DELIVERIES[each.urgency], each, key=each.receiver, by=each.receiver, ce_id=each.delivery_id,
                    stage="fan_out", at=now, ledger=journey,
                )
                for each in deliveries
            ]
        )  # fmt: skip

    async def route(self, *receivers: Receiver, version: str = "r1") -> None:
        """Publish a version of the routes."""
        body = routes_to(*receivers)
        now = datetime.now(UTC)
        record = RoutesVersion(version=version, body=body, author=UserId("t"), made_at=now)
        await self.write([outgoing(ROUTES, record, key=version, ce_id=version, stage="routes", at=now)])

    async def records(self, topic: Topic) -> list[Incoming]:
        """Return all records of a topic."""
        found: list[Incoming] = []
        await read_all(self.settings, topic, found.append)
        return found

    async def states(self) -> dict[str, DeliveryState]:
        """Return the state that counts of each delivery: a final one, else that with the highest seq."""
        kept: dict[str, DeliveryState] = {}
        for record in await self.records(DELIVERY_STATES):
            state = DeliveryState.from_json(record.value)
            before = kept.get(state.delivery_id)
            if before is None or (state.state.final, state.seq) >= (before.state.final, before.seq):
                kept[state.delivery_id] = state
        return kept

    async def tier_records(self, count: int) -> None:
        """Return once the retry tiers took so many records."""
        while sum([len(await self.records(topic)) for topic in RETRIES.values()]) < count:  # noqa: ASYNC110 - a broker tells
            await asyncio.sleep(0.1)

    async def in_hand(self) -> set[str]:
        """Return the ids of all deliveries that stand on a topic past what the sender has committed."""
        names = Names(self.settings.topic_prefix)
        client = new_consumer(self.settings, group_id=names.prefix + GROUP)
        places = [(names.of(topic), number) for topic in SOURCES for number in range(topic.partitions)]
        await client.start()
        try:
            done = {place: await client.committed(partition(*place)) or 0 for place in places}
        finally:
            await client.stop()
        found: set[str] = set()

        def note(record: Incoming) -> None:
            if record.offset >= done[record.topic, record.partition]:
                found.add(Delivery.from_json(record.value).delivery_id)

        for topic in SOURCES:
            await read_all(self.settings, topic, note)
        return found

    async def finals(self, count: int, *, within_s: float = 60) -> dict[str, DeliveryState]:
        """Return the states once so many deliveries have a final one."""
        async with asyncio.timeout(within_s):
            while True:
                states = await self.states()
                if sum(state.state.final for state in states.values()) >= count:
                    return states
                await asyncio.sleep(0.2)


@contextlib.asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Metrics]:
    """Run the deliver process within this one, until the block ends."""
    metrics = Metrics(CollectorRegistry())
    deliver = Deliver(settings, metrics)
    task = asyncio.create_task(deliver.run())
    try:
        async with asyncio.timeout(30):
            while not deliver.ready and not task.done():  # noqa: ASYNC110 - it has no event of its own
                await asyncio.sleep(READY_EVERY_S)
        yield metrics
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def main() -> None:
    """Run until SIGTERM; say once that it is ready."""
    options = argparse.ArgumentParser()
    for name in ("--bootstrap", "--prefix", "--allow", "--instance"):
        options.add_argument(name)
    given = options.parse_args()
    log.configure(form="json", level="WARNING")
    settings = Settings(
        bootstrap=given.bootstrap,
        topic_prefix=given.prefix,
        allow_addresses=tuple(given.allow.split(",")),
        instance=given.instance,
    )
    deliver = Deliver(settings, Metrics(CollectorRegistry()))
    task = asyncio.create_task(deliver.run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    while not deliver.ready and not task.done():  # noqa: ASYNC110 - it has no event of its own
        await asyncio.sleep(READY_EVERY_S)
    print(json.dumps({"ready": True}), flush=True)
    with contextlib.suppress(asyncio.CancelledError):
        await task


if __name__ == "__main__":
    asyncio.run(main())
