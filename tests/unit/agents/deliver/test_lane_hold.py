"""What a lane holds in memory holds up the commit of its partition: no longer than the watchdog is patient."""

from agents.deliver.outcome import delivered, throttled
from config.settings import Settings
from streams.matching.rule import Urgency
from streams.topics import DELIVERIES, RETRIES
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
    place = slack.received.index(sent_to("slack", 1).delivery_id)
    assert place >= 97, "only flashes that were overtaken by newer ones may come after it"
    assert world.log.tier_records() <= 4


@jumping
async def test_what_came_back_from_a_tier_waits_out_a_minute_in_the_lane_and_not_in_a_tier_again() -> None:
    patience = throttled("http_429", 60.0)
    slack = MemoryReceiver([patience, delivered("first"), patience])
    world = World(known=routes(receiver("slack", rate={"per_second": 1, "burst": 1})), slack=slack)
    async with world.running():
        world.publish(*range(20), to="slack")
        await until(lambda: len(slack.calls) == 2, within_s=120)
        put_off = world.log.tier_records()
        await until(lambda: len(set(slack.received)) == 20, within_s=300)
    assert put_off == 20, "the first freeze is longer than the watchdog would wait"
    assert world.log.tier_records() == put_off


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


@jumping
async def test_the_first_freeze_tells_a_lane_how_slow_its_receiver_is() -> None:
    patience = throttled("http_429", 60.0)
    slack = MemoryReceiver([patience if number % 5 == 4 else delivered("ref") for number in range(900)])
    world = World(known=routes(receiver("slack", rate={"per_second": 50, "burst": 1})), slack=slack)
    async with world.running():
        world.publish(*range(700), to="slack")
        await until(lambda: len(set(slack.received)) == 700, within_s=100_000, step_s=5, most_s=60)
    assert world.log.tier_records() <= 3 * 700, "what a lane can't take in an hour is not asked of it twice a minute"


@jumping
async def test_a_wave_that_comes_back_from_a_tier_finds_twice_the_room() -> None:
    patience = throttled("http_429", 20.0)
    slack = MemoryReceiver([patience if number % 2 else delivered("ref") for number in range(900)])
    world = World(known=routes(receiver("slack", concurrency=1)), slack=slack)
    process = await world.process().start()
    for number in range(500):
        world.log.publish(sent_to("slack", number), RETRIES["1s"])
    await until(lambda: len(slack.calls) > 10, within_s=300)
    assert world.log.tier_records() == 500, "none went back"
    world.publish(*range(500, 1_000), to="slack")
    await until(lambda: world.log.tier_records() > 500, within_s=300)
    await process.kill()
