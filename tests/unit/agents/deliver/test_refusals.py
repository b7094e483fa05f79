"""What becomes of a delivery that its receiver will never take, and who is told instead."""

import pytest

from agents.deliver.outcome import Outcome, OutcomeKind, refused
from streams.errors import Reason
from tests.support.delivery_world import MemoryReceiver, receiver, routes
from tests.support.sender_world import World, in_order, jumping, sent_to

GONE = Outcome(kind=OutcomeKind.GONE, detail="http_410")


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        pytest.param(refused("http_404"), Reason.REFUSED_BY_RECEIVER, id="not found"),
        pytest.param(refused("http_401", Reason.CREDENTIALS_REFUSED), Reason.CREDENTIALS_REFUSED, id="credentials"),
        pytest.param(refused("address_refused", Reason.ADDRESS_REFUSED), Reason.ADDRESS_REFUSED, id="an inner address"),
        pytest.param(GONE, Reason.REFUSED_BY_RECEIVER, id="gone"),
    ],
)
@jumping
async def test_a_refusal_is_a_dead_letter_at_once_and_the_fallback_receiver_is_told(
    outcome: Outcome, reason: Reason
) -> None:
    known = routes(receiver("hook", fallback="mail"), receiver("mail"))
    world = World(known=known, hook=MemoryReceiver([outcome]), mail=MemoryReceiver())
    async with world.running():
        world.publish(0)
        await world.settled(2)
    assert world.log.outcomes() == ["dead", "delivered"]
    [letter] = world.letters()
    assert (letter.reason, letter.stage) == (reason, "deliver")
    [told] = world.channels["mail"].attempts
    assert (told.delivery.purpose, told.delivery.alert) == ("fallback", sent_to("hook").alert)
    assert world.log.tier_records() == 0


@jumping
async def test_a_fallback_that_fails_itself_tells_nobody_further() -> None:
    known = routes(receiver("hook", fallback="mail"), receiver("mail", fallback="hook"))
    refusing = {name: MemoryReceiver(always=refused("no")) for name in ("hook", "mail")}
    world = World(known=known, **refusing)
    async with world.running():
        world.publish(0)
        await world.settled(2)
    assert [len(channel.calls) for channel in world.channels.values()] == [1, 1]


@jumping
async def test_a_receiver_that_is_gone_is_not_asked_again_until_the_routes_change_it() -> None:
    hook = MemoryReceiver([GONE])
    world = World(known=in_order(), hook=hook)
    async with world.running() as process:
        world.publish(*range(3))
        await world.settled(3)
        assert world.log.outcomes() == ["dead"] * 3
        assert len(hook.calls) == 1
        process.receivers.channels = {"hook": MemoryReceiver()}  # type: ignore[attr-defined]  # a new address
        process.receivers.apply(routes(receiver("hook", concurrency=5)))
        world.publish(9)
        await world.settled(4)
    assert world.log.outcomes() == ["dead"] * 3 + ["delivered"]


@jumping
async def test_a_notification_that_can_not_be_rendered_is_dead_and_stops_nobody() -> None:
    class Broken(MemoryReceiver):
        async def send(self, attempt: object) -> Outcome:
            raise KeyError(attempt)

    world = World(hook=Broken(), fine=MemoryReceiver())
    async with world.running():
        world.publish(0)
        world.publish(0, to="fine")
        await world.settled(2)
    assert world.log.outcomes() == ["dead", "delivered"]
    assert [letter.reason for letter in world.letters()] == [Reason.RENDER_FAILED]


@pytest.mark.parametrize("manner", ["edit_root", "thread", "broadcast"])
@jumping
async def test_the_fallback_is_told_as_loudly_as_the_receiver_was_to_be(manner: str) -> None:
    world = World(
        known=routes(receiver("chat", fallback="pd"), receiver("pd")),
        chat=MemoryReceiver([refused("channel_not_found")]), pd=MemoryReceiver(),
    )  # fmt: skip
    async with world.running():
        world.publish(1, to="chat", manner=manner)
        await world.settled(2)
    assert [attempt.delivery.manner for attempt in world.channels["pd"].attempts] == [manner]
