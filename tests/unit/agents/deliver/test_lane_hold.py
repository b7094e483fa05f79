"""What a lane holds in memory holds up the commit of its partition: no longer than the watchdog is patient."""

from config.settings import Settings
from streams.matching.rule import Urgency
from streams.topics import DELIVERIES
from tests.support.delivery_world import NAMES, MemoryReceiver, receiver, routes, until
from tests.support.sender_world import World, jumping, sent_to

ROUTINE = DELIVERIES[Urgency.ROUTINE]


@jumping
async def test_a_delivery_that_others_overtake_for_long_waits_in_a_tier_and_not_in_the_lane() -> None:
    slack = MemoryReceiver()
    world = World(known=routes(receiver("slack", rate={"per_second": 1, "burst": 1})), slack=slack)
    committed = (NAMES.of(ROUTINE), ROUTINE.partition("slack"))
    patience_s = Settings(bootstrap="127.0.0.1:1").watchdog_s
    async with world.running():
        world.publish(1, to="slack", urgency=Urgency.ROUTINE)
        world.publish(*range(2, 102), to="slack", urgency=Urgency.FLASH)
        await until(lambda: committed in world.log.committed, within_s=patience_s - 10)
        await until(lambda: len(slack.calls) == 101, within_s=400)
    assert slack.received[-1] == sent_to("slack", 1).delivery_id
    assert world.log.tier_records() <= 4


@jumping
async def test_what_a_lane_spilled_and_sent_since_delays_no_later_burst() -> None:
    slack = MemoryReceiver()
    world = World(known=routes(receiver("slack", rate={"per_second": 1, "burst": 1})), slack=slack)
    spent: list[float] = []
    async with world.running():
        for burst in range(3):
            world.publish(*range(burst * 300, burst * 300 + 300), to="slack")
            await until(lambda sent=burst * 300 + 300: len(slack.calls) == sent, within_s=50_000)
            spent.append(slack.calls[-1][0] - slack.calls[burst * 300][0])
    assert max(spent[1:]) <= spent[0] * 1.2
