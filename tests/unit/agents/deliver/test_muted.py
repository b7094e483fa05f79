"""A delivery that waited is not sent into a silence, or into quiet hours, that came after its decision."""

from datetime import timedelta

import pytest

from agents.kafka import Incoming, outgoing, tombstone
from streams.controls import Control
from streams.ids import DeskId
from streams.routing.notification import DeliveryState
from streams.routing.route import Desk, RouteNode, Routes, RoutesVersion, TimeInterval
from streams.topics import CONTROLS, ROUTES
from tests.support.alerting import written
from tests.support.delivery_world import EPOCH, MemoryReceiver, receiver
from tests.support.sender_world import World, sent_to

LONG = timedelta(days=3_650)
SILENCED = f"silenced by ana until {EPOCH + LONG:%Y-%m-%d %H:%M} UTC"
DESK = sent_to("hook").desk


def routes(**fields: object) -> Incoming:
    """Return routes with one node, of the desk that is told."""
    node = RouteNode.model_validate({"desk": DESK, "receivers": ["hook"], **fields})
    body = Routes(
        receivers={"hook": receiver("hook")}, desks={DeskId(DESK): Desk(desk_id=DESK, permissions=("public",))},
        route=node, time_intervals={"always": TimeInterval(times=((0, 1440),))},
    )  # fmt: skip
    record = RoutesVersion(version="r1", body=body, author="t", made_at=EPOCH)
    return written(outgoing(ROUTES, record, key="r1", ce_id="r1", stage="t", at=EPOCH), at=EPOCH)


def control(**fields: object) -> Incoming:
    given = {"kind": "silence", "id": "x1", "starts_at": EPOCH - LONG, "ends_at": EPOCH + LONG, "user": "ana"}
    story = {"target": {"story": sent_to("hook").alert.story_id}}
    made = Control.model_validate({**given, **story, **fields})
    return written(outgoing(CONTROLS, made, key=made.key, ce_id="x1", stage="t", at=EPOCH), at=EPOCH)


async def sent(known: Incoming, *controls: Incoming) -> tuple[list[str], DeliveryState]:
    """Return what the receiver got, and the state in which the delivery ended."""
    hook = MemoryReceiver()
    world = World(known=known, hook=hook)
    async with world.running() as process:
        for record in controls:
            process.receivers.apply(record)
        world.publish(0)
        await world.settled(1)
    (state,) = world.log.states().values()
    return hook.received, state


@pytest.mark.parametrize(
    ("known", "controls", "outcome"),
    [
        pytest.param(routes(), [control()], SILENCED, id="silenced"),
        pytest.param(routes(), [control(kind="snooze")], SILENCED, id="snoozed"),
        pytest.param(
            routes(mute_time_intervals=["always"], flash_pierces=False), [], "quiet hours always", id="quiet hours"
        ),
    ],
)
async def test_what_is_muted_by_now_is_not_sent_and_says_why(
    known: Incoming, controls: list[Incoming], outcome: str
) -> None:
    received, state = await sent(known, *controls)

    assert received == []
    assert (state.state, state.attempts) == ("muted", 0)
    assert state.outcome.startswith(outcome)


@pytest.mark.parametrize(
    "controls",
    [
        pytest.param([], id="nothing is silenced"),
        pytest.param([control(target={"story": "another"})], id="another story is"),
        pytest.param([control(ends_at=EPOCH - LONG / 2)], id="the silence is over"),
        pytest.param([control(), written(tombstone(CONTROLS, key="silence/x1"))], id="it was ended"),
        pytest.param([control(kind="ack", id="fx/s")], id="an acknowledgement is no silence"),
    ],
)
async def test_what_is_not_muted_is_sent(controls: list[Incoming]) -> None:
    received, state = await sent(routes(), *controls)

    assert len(received) == 1
    assert state.state == "delivered"
