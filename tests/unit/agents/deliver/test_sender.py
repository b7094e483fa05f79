from datetime import timedelta

import pytest

from agents.deliver.outcome import failed
from agents.kafka import Outgoing
from streams.errors import NewerSchemaError, Reason
from streams.latency import Hop
from streams.matching.rule import Urgency
from streams.routing.notification import DeliveryStatus
from streams.topics import DELIVERIES, DELIVERY_STATES
from tests.support.delivery_world import NAMES, CrashError, MemoryReceiver, until
from tests.support.sender_world import World, jumping, sent_to

URGENT = DELIVERIES[Urgency.URGENT]


@jumping
async def test_a_delivery_is_sent_and_its_state_says_so_with_the_whole_journey() -> None:
    world = World(hook=MemoryReceiver())
    async with world.running() as process:
        world.publish(0)
        await world.settled(1)
    [state] = world.log.states().values()
    assert (state.state, state.attempts, state.provider_ref) == (DeliveryStatus.DELIVERED, 1, "ref")
    [record] = world.log.of(DELIVERY_STATES)
    assert record.ledger.at(Hop.DELIVERED) is not None
    assert record.ledger.at(Hop.FETCHED) is not None
    assert world.committed(URGENT) == 1
    assert process.metrics.deliveries.labels("hook", "delivered")._value.get() == 1


@jumping
async def test_what_a_delivery_took_is_measured_from_its_ledger() -> None:
    world = World(hook=MemoryReceiver(takes_s=2.0))
    async with world.running() as process:
        world.publish(0)
        await world.settled(1)
    [record] = world.log.of(DELIVERY_STATES)
    for stage in ("deliver", "total"):  # this world fetches and routes at one moment
        took_s = process.metrics.registry.get_sample_value("tocsin_stage_latency_seconds_sum", {"stage": stage})
        assert took_s == pytest.approx((record.ledger.spent_ms(stage) or 0) / 1000)
        assert took_s == pytest.approx(2, abs=0.5)


@jumping
async def test_what_comes_too_late_is_expired_and_never_silent() -> None:
    world = World(hook=MemoryReceiver(always=failed("http_500")))
    async with world.running():
        world.publish(0, expires_at=world.log.now + timedelta(seconds=60))
        world.publish(1, expires_at=world.log.now - timedelta(seconds=1))
        await world.settled(2)
        await world.settled(4)
    states = world.log.states()
    late = [sent_to("hook", number).delivery_id for number in (0, 1)]
    assert [states[name].state for name in late] == ["expired"] * 2
    assert len(states) == 4  # both are told in a digest
    assert sent_to("hook", 1).delivery_id not in world.channels["hook"].received


@jumping
async def test_one_delivery_is_never_in_flight_twice() -> None:
    hook = MemoryReceiver(takes_s=1.0)
    world = World(hook=hook)
    async with world.running():
        world.publish(0, 0, 0, 0, 0)
        await until(lambda: world.committed(URGENT) == 5)
    assert (len(hook.calls), hook.most_busy) == (1, 1)


@jumping
async def test_poison_is_set_aside_and_the_next_record_goes_on() -> None:
    world = World(hook=MemoryReceiver())
    number = URGENT.partition("hook")
    async with world.running():
        world.log.append(Outgoing(topic=URGENT, partition=number, key="hook", value=b"{"))
        world.publish(0)
        await world.settled(1)
    [letter] = world.letters()
    assert (letter.reason, letter.offset) == (Reason.NOT_JSON, 0)
    assert world.log.committed[NAMES.of(URGENT), number] == 2
    assert world.log.outcomes() == ["delivered"]


@jumping
async def test_a_record_of_a_newer_schema_stops_the_sender_uncommitted() -> None:
    world = World(hook=MemoryReceiver())
    process = await world.process().start()
    headers = (("tocsin-schema", b"delivery/9"),)
    world.log.append(Outgoing(topic=URGENT, partition=0, key="k", value=b"{}", headers=headers))
    [record] = world.log.of(URGENT)
    with pytest.raises(NewerSchemaError):
        await process.sender.take([record])
    await process.kill()
    assert world.log.committed == {}


@jumping
async def test_a_broker_that_refuses_ends_the_process_uncommitted() -> None:
    world = World(hook=MemoryReceiver())
    process = await world.process(tear=lambda _: True).start()
    world.publish(0)
    await until(lambda: process.failed)
    assert any(isinstance(task.exception(), CrashError) for task in process._tasks if task.done())
    await process.kill()
    assert world.log.committed == {}
