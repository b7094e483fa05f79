"""Deliveries that somebody sends anew go the way of all others, and say which they stand for."""

from agents.deliver.outcome import refused
from streams.routing.redrive import redriven
from streams.topics import DELIVERIES
from tests.support.delivery_world import EPOCH, MemoryReceiver, receiver, routes
from tests.support.sender_world import World, jumping, sent_to

FIRST = sent_to("hook")
NAME = str(redriven(FIRST, 1, None, at=EPOCH).delivery_id)


@jumping
async def test_a_redrive_is_sent_though_the_first_one_is_final_and_its_state_names_it() -> None:
    hook = MemoryReceiver(script=[refused("http_404")])
    world = World(hook=hook)
    world.log.publish(FIRST)
    async with world.running():
        await world.settled(1)
        world.log.publish(redriven(FIRST, 1, None, at=EPOCH))
        await world.settled(2)
    states = world.log.states()
    assert hook.received == [FIRST.delivery_id, NAME]
    assert (states[NAME].state.value, states[NAME].redrive_of) == ("delivered", FIRST.delivery_id)
    assert states[FIRST.delivery_id].redrive_of is None


def measured(metrics: object) -> float:
    """Return how many deliveries the latency of delivery was measured of."""
    registry = metrics.registry  # type: ignore[attr-defined]  # of Metrics
    found = [
        sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == "tocsin_delivery_duration_seconds_count"
    ]
    return sum(found)


@jumping
async def test_a_redrive_says_nothing_of_how_long_news_takes_and_any_other_does() -> None:
    world = World(hook=MemoryReceiver())
    async with world.running() as process:
        world.log.publish(redriven(FIRST, 1, None, at=EPOCH))
        await world.settled(1)
        assert measured(process.metrics) == 0
        world.log.publish(FIRST)
        await world.settled(2)
        assert measured(process.metrics) == 1


@jumping
async def test_a_fallback_that_is_sent_anew_and_dies_tells_nobody_further() -> None:
    hook = MemoryReceiver(always=refused("http_404"))
    world = World(
        hook=hook, spare=MemoryReceiver(), known=routes(receiver("hook", fallback="spare"), receiver("spare"))
    )
    first = FIRST.model_copy(update={"purpose": "fallback"})
    world.log.publish(redriven(first, 1, None, at=EPOCH))
    async with world.running():
        await world.settled(1)
    assert world.log.outcomes() == ["dead"]
    assert [record.key for record in world.log.of(DELIVERIES[FIRST.urgency])] == ["hook"]
