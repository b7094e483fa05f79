"""What becomes of a backlog when the routes name its receiver no more, and when they name it again."""

from collections import Counter
from datetime import timedelta

from tests.support.delivery_world import MemoryReceiver, receiver, routes, until
from tests.support.digests import final_states
from tests.support.sender_world import World, jumping

SLOW = receiver("hook", options={}, rate={"per_second": 1, "burst": 1})
OTHER = receiver("other")
COUNT = 60


@jumping
async def test_a_backlog_whose_receiver_was_removed_expires_and_nothing_of_it_is_lost_or_sent() -> None:
    hook = MemoryReceiver()
    world = World(known=routes(SLOW, OTHER), hook=hook, other=MemoryReceiver())
    async with world.running() as process:
        world.publish(*range(COUNT), expires_at=world.log.now + timedelta(hours=2))
        await until(lambda: len(hook.calls) >= 20)
        process.receivers.apply(routes(OTHER, version="r2"))
        sent = len(hook.calls)
        world.publish(0, to="other")
        await world.settled(COUNT + 1)
    assert len(hook.calls) <= sent + 1  # the one that was on its way
    states = Counter((state.receiver, state.state.value) for state in final_states(world).values())
    assert states["other", "delivered"] == 1
    assert states["hook", "delivered"] == len(hook.calls)
    assert states["hook", "expired"] == COUNT - len(hook.calls)


@jumping
async def test_a_backlog_whose_receiver_is_named_again_goes_on_where_it_was() -> None:
    hook = MemoryReceiver()
    world = World(known=routes(SLOW), hook=hook, other=MemoryReceiver())
    async with world.running() as process:
        world.publish(*range(COUNT))
        await until(lambda: len(hook.calls) >= 20)
        process.receivers.apply(routes(OTHER, version="r2"))
        began = world.log.now
        await until(lambda: world.log.now - began > timedelta(minutes=30), most_s=300)
        process.receivers.apply(routes(SLOW, version="r3"))
        await world.settled(COUNT)
    assert Counter(hook.received) == Counter(set(hook.received))
    assert world.log.outcomes() == ["delivered"] * COUNT
