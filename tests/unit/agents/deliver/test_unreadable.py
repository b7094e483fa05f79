"""Records of deliveries that can't be read: what becomes of the delivery, if a header says which it is."""

import pytest

from agents.kafka import Outgoing
from streams.ids import ReceiverId
from streams.matching.rule import Urgency
from streams.routing.notification import DeliveryState, DeliveryStatus
from streams.topics import DELIVERIES, DELIVERY_STATES
from tests.support.delivery_world import EPOCH, MemoryReceiver, until
from tests.support.sender_world import World, jumping, sent_to

URGENT = DELIVERIES[Urgency.URGENT]


@pytest.mark.parametrize(
    ("seq", "state"),
    [
        pytest.param(0, None, id="a first record"),
        pytest.param(2, (1, "handed_off"), id="from a tier, its state torn off"),
        pytest.param(1, (1, "handed_off"), id="from a tier"),
    ],
)
@jumping
async def test_a_delivery_whose_record_can_not_be_read_is_dead(seq: int, state: tuple[int, str] | None) -> None:
    world = World(hook=MemoryReceiver())
    world.log.append(unreadable(seq))
    known(world, state)
    async with world.running() as process:
        await world.settled(1)
        assert (len(world.letters()), world.log.outcomes()) == (1, ["dead"])
        world.publish(0)
        await until(lambda: world.committed(URGENT) == 2)
        ledger = process.sender.ledger(URGENT.partition("hook"))
    [last] = world.log.states().values()
    assert ledger is not None
    assert (last.seq, last.outcome, ledger.state(last.delivery_id)) == (seq, "not_json", last)
    assert world.channels["hook"].received == []


@pytest.mark.parametrize("state", [(0, "delivered"), (2, "handed_off")])
@jumping
async def test_an_unreadable_copy_of_what_is_known_to_be_further_changes_nothing(state: tuple[int, str]) -> None:
    world = World(hook=MemoryReceiver())
    known(world, state)
    async with world.running():
        world.log.append(unreadable(1))
        await until(lambda: world.committed(URGENT) == 1)
    assert len(world.letters()) == 1
    assert world.log.outcomes() == [state[1]]


def unreadable(seq: int) -> Outgoing:
    name = sent_to("hook").delivery_id
    headers = (("ce_id", (f"{name}/{seq}" if seq else name).encode()),)
    return Outgoing(topic=URGENT, partition=URGENT.partition("hook"), key="hook", value=b"{", headers=headers)


def known(world: World, state: tuple[int, str] | None) -> None:
    if state is None:
        return
    record = DeliveryState(
        delivery_id=sent_to("hook").delivery_id, receiver=ReceiverId("hook"), seq=state[0],
        state=DeliveryStatus(state[1]), attempts=1, outcome="", changed_at=EPOCH,
    )  # fmt: skip
    number = URGENT.partition("hook")
    world.log.append(Outgoing(topic=DELIVERY_STATES, partition=number, key=record.delivery_id, value=record.to_json()))
