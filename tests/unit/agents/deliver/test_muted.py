"""A delivery that waited is not sent into a silence, or into quiet hours, that came after its decision."""

from datetime import timedelta

import pytest

from agents.deliver.outcome import failed
from agents.kafka import Incoming, outgoing, tombstone
from streams.controls import Control
from streams.ids import DeskId
from streams.routing.notification import DeliveryState
from streams.routing.route import Desk, RouteNode, Routes, RoutesVersion, TimeInterval
from streams.topics import CONTROLS, ROUTES
from tests.support.alerting import written
from tests.support.delivery_world import EPOCH, MemoryReceiver, receiver, until
from tests.support.sender_world import World, jumping, sent_to

LONG = timedelta(days=3_650)
SILENCED = f"silenced by ana until {EPOCH + LONG:%Y-%m-%d %H:%M} UTC"
DESK = sent_to("hook").desk


def routes(version: str = "r1", *, desk: str = DESK, held: str = "public", **fields: object) -> Incoming:
    """Return routes with one node, of the desk that is told unless another is named."""
    node = RouteNode.model_validate({"desk": desk, "receivers": ["hook"], **fields})
    body = Routes(
        receivers={"hook": receiver("hook")}, desks={DeskId(desk): Desk(desk_id=DeskId(desk), permissions=(held,))},
        route=node, time_intervals={"always": TimeInterval(times=((0, 1440),))},
    )  # fmt: skip
    record = RoutesVersion(version=version, body=body, author="t", made_at=EPOCH)
    return written(outgoing(ROUTES, record, key=version, ce_id=version, stage="t", at=EPOCH), at=EPOCH)


FORBIDDEN = [
    pytest.param({"desk": "ops"}, f"the routes name the desk {DESK} no more", id="the desk is gone"),
    pytest.param({"held": "reuters"}, f'{DESK} does not hold the permission "public" any more', id="it lost it"),
]


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


@pytest.mark.parametrize(("given", "outcome"), FORBIDDEN)
@jumping
async def test_what_waits_for_a_desk_that_may_not_see_it_any_more_ends_muted(
    given: dict[str, str], outcome: str
) -> None:
    hook = MemoryReceiver(always=failed("http_500"))
    world = World(known=routes(), hook=hook)
    async with world.running() as process:
        world.publish(0, 1)
        await until(lambda: len(hook.calls) >= 2)
        process.receivers.apply(routes("r2", **given))
        tried = len(hook.calls)
        await world.settled(2)
    assert [(state.state, state.outcome) for state in world.log.states().values()] == [("muted", outcome)] * 2
    assert len(hook.calls) == tried


@pytest.mark.parametrize("given", [{"desk": "ops"}, {"held": "reuters"}], ids=["a new desk", "a new permission"])
@jumping
async def test_what_newer_routes_decided_waits_for_them_and_is_not_muted_by_older_ones(given: dict[str, str]) -> None:
    hook = MemoryReceiver()
    world = World(known=routes("r0", **given), hook=hook)
    async with world.running() as process:
        world.publish(0)
        world.publish(1, purpose="digest/schedule", not_before=world.log.now + timedelta(seconds=10))
        await until(lambda: world.log.now - EPOCH > timedelta(seconds=20))
        assert hook.calls == []
        assert {state.state for state in world.log.states().values()} == {"handed_off"}
        process.receivers.apply(routes("r1"))
        await world.settled(2)
    assert world.log.outcomes() == ["delivered"] * 2


@jumping
async def test_what_newer_routes_decided_that_never_come_expires() -> None:
    world = World(known=routes("r0", desk="ops"), hook=MemoryReceiver())
    async with world.running():
        world.publish(0, expires_at=EPOCH + timedelta(hours=1))
        await world.settled(1)
    assert (world.log.outcomes()[0], world.channels["hook"].calls) == ("expired", [])
