"""One step up, in time, unless somebody acknowledged what it is about; and once, whatever is killed when."""

from datetime import timedelta

import pytest

from agents.deliver.outcome import failed, refused
from agents.kafka import Incoming, outgoing
from streams.controls import Control
from streams.ids import ControlId, UserId
from streams.routing.notification import Delivery, DeliveryStatus, UnlessAcked
from streams.topics import CONTROLS, DELIVERY_STATES, RETRIES
from tests.support.alerting import written
from tests.support.delivery_world import EPOCH, MemoryReceiver, receiver, routes, until
from tests.support.notices import delivery
from tests.support.sender_world import World, jumping

STORY = "5t0ry00000000001"
WITHIN_S = 120.0
MOST_WRITES = 10  # of one that is due after 7 s


def step_up(*, routed_s: float = 0.0, number: int = 1, to: str = "pd", ttl_s: float = 900.0) -> Delivery:
    """Return what fan out writes of an alert of the story that it routed so many seconds after the beginning."""
    due_at = EPOCH + timedelta(seconds=routed_s + WITHIN_S)
    return delivery(
        to, number=number, story=STORY, urgency="flash", purpose="escalation/1", manner="broadcast", not_before=due_at,
        expires_at=due_at + timedelta(seconds=ttl_s), unless_acked=UnlessAcked(desk="fx-desk", story_id=STORY),
    )  # fmt: skip


def ack(*, at_s: float, up_to_s: float, user: str = "kim", desk: str = "fx-desk") -> Incoming:
    """Return an acknowledgement of what was routed until `up_to_s`, made at `at_s`."""
    at = EPOCH + timedelta(seconds=at_s)
    control = Control(
        kind="ack", id=ControlId(f"{desk}/{STORY}"), target={"desk": desk, "story": STORY}, starts_at=at,
        up_to_at=EPOCH + timedelta(seconds=up_to_s), user=UserId(user),
    )  # fmt: skip
    return written(outgoing(CONTROLS, control, key=control.key, ce_id=control.id, stage="t", at=at), at=at)


def now_s(world: World) -> float:
    return (world.log.now - EPOCH).total_seconds()


@jumping
async def test_what_nobody_acknowledged_goes_one_step_up_when_it_is_due_and_costs_few_records() -> None:
    world = World(pd=MemoryReceiver())
    async with world.running() as process:
        world.log.publish(step_up())
        await world.settled(1)
    [(at_s, _)] = world.channels["pd"].calls
    assert WITHIN_S <= at_s <= WITHIN_S + 1.2
    assert world.log.outcomes() == ["delivered"]
    handed_off = [Delivery.from_json(record.value) for topic in RETRIES.values() for record in world.log.of(topic)]
    assert {(one.reason, one.attempts) for one in handed_off} == {("scheduled", 0)}
    assert len(handed_off) <= 14  # 30 s, 5 s and 1 s, each as often as it takes
    assert process.metrics.stage_latency.labels("total")._sum.get() == 0, "it waited on purpose"


@pytest.mark.parametrize("at_s", [35.0, 119.0], ids=["while it waits in a tier", "just before it is due"])
@jumping
async def test_an_acknowledgement_stops_it_and_the_state_says_who_and_how_fast(at_s: float) -> None:
    world = World(pd=MemoryReceiver())
    async with world.running() as process:
        world.log.publish(step_up())
        await until(lambda: now_s(world) >= at_s, step_s=0.01, most_s=0.1)
        process.receivers.apply(ack(at_s=at_s, up_to_s=0.5))
        await world.settled(1)
    [state] = world.log.states().values()
    assert world.channels["pd"].calls == []
    assert (state.state, state.attempts) == (DeliveryStatus.MUTED, 0)
    assert state.outcome.startswith("acknowledged by kim after ")
    assert f"{at_s:.1f} s" in state.outcome or "2 min" in state.outcome


@jumping
async def test_mutation_a_sender_that_does_not_ask_sends_what_was_acknowledged() -> None:
    world = World(pd=MemoryReceiver())
    async with world.running() as process:
        process.receivers.why_acknowledged = lambda *_: None  # type: ignore[method-assign]
        process.receivers.apply(ack(at_s=0, up_to_s=1))
        world.log.publish(step_up())
        await world.settled(1)
    assert len(world.channels["pd"].calls) == 1


@jumping
async def test_mutation_an_acknowledgement_of_everything_swallows_a_later_flash() -> None:
    world = World(pd=MemoryReceiver())
    async with world.running() as process:
        process.receivers.apply(ack(at_s=0, up_to_s=90 * 86_400))
        await until(lambda: now_s(world) >= 60)
        world.log.publish(step_up(routed_s=60.0))
        await world.settled(1)
    assert world.log.outcomes() == ["muted"]


@jumping
async def test_a_later_flash_opens_it_again_and_a_newer_acknowledgement_closes_that_too() -> None:
    world = World(pd=MemoryReceiver())
    async with world.running() as process:
        world.log.publish(step_up())
        await until(lambda: now_s(world) >= 10)
        process.receivers.apply(ack(at_s=10, up_to_s=1))
        for number, routed_s in ((2, 60.0), (3, 90.0)):
            await until(lambda routed_s=routed_s: now_s(world) >= routed_s, most_s=0.1)
            world.log.publish(step_up(routed_s=routed_s, number=number))
        await world.settled(2)
        process.receivers.apply(ack(at_s=now_s(world), up_to_s=91))
        await world.settled(3)
    assert world.channels["pd"].received == [step_up(number=2).delivery_id]
    assert sorted(world.log.outcomes()) == ["delivered", "muted", "muted"]


@pytest.mark.parametrize(
    "acks",
    [
        pytest.param([ack(at_s=30, up_to_s=-1)], id="of an older revision"),
        pytest.param([ack(at_s=30, up_to_s=5, desk="ops")], id="by another desk"),
    ],
)
@jumping
async def test_an_acknowledgement_of_something_else_does_not_stop_it(acks: list[Incoming]) -> None:
    world = World(pd=MemoryReceiver())
    async with world.running() as process:
        world.log.publish(step_up())
        for record in acks:
            process.receivers.apply(record)
        await world.settled(1)
    assert world.log.outcomes() == ["delivered"]


@jumping
async def test_one_that_was_acknowledged_in_time_is_muted_even_if_it_comes_back_after_its_time_to_live() -> None:
    world = World(pd=MemoryReceiver())
    async with world.running():
        world.log.publish(step_up(ttl_s=1.0))
        await until(lambda: world.log.tier_records() > 0)
    await until(lambda: now_s(world) >= WITHIN_S + 60)
    process = await world.process().start()
    process.receivers.apply(ack(at_s=20, up_to_s=1))
    await world.settled(1)
    await process.stop()
    assert world.log.outcomes() == ["muted"]


@jumping
async def test_the_fallback_of_a_step_up_is_another_delivery_than_that_of_the_alert_itself() -> None:
    known = routes(receiver("pd", fallback="mail"), receiver("slack", fallback="mail"), receiver("mail"))
    refusing = {name: MemoryReceiver(always=refused("http_401")) for name in ("pd", "slack")}
    world = World(known=known, mail=MemoryReceiver(), **refusing)
    async with world.running():
        world.log.publish(
            delivery("slack", number=1, story=STORY, urgency="flash", expires_at=EPOCH + timedelta(days=1))
        )
        world.log.publish(step_up())
        await world.settled(4)
    told = [attempt.delivery for attempt in world.channels["mail"].attempts]
    assert [(one.purpose, one.unless_acked is None) for one in told] == [
        ("fallback", True),
        ("escalation/1/fallback", False),
    ]
    assert [one.not_before for one in told] == [None, step_up().not_before], "owed since the step was due"


@pytest.mark.parametrize("acknowledged", [False, True], ids=["nobody acknowledged", "somebody did"])
@jumping
async def test_that_it_expired_is_told_later_unless_somebody_acknowledged_meanwhile(*, acknowledged: bool) -> None:
    world = World(pd=MemoryReceiver(always=failed("http_500")))
    async with world.running() as process:
        world.log.publish(step_up(ttl_s=60))
        await world.settled(1)
        world.channels["pd"].calls, world.channels["pd"].always = [], None
        if acknowledged:
            process.receivers.apply(ack(at_s=now_s(world), up_to_s=0.5))
        await world.settled(2)
    assert world.log.outcomes() == ["expired", "muted"] if acknowledged else ["delivered", "expired"]
    assert len(world.channels["pd"].calls) == (0 if acknowledged else 1)


@pytest.mark.parametrize("acknowledged", [False, True], ids=["nobody acknowledged", "somebody did"])
@pytest.mark.parametrize("kill_before", range(MOST_WRITES + 1))
@jumping
async def test_killed_before_any_of_its_effects_it_is_told_once_or_not_at_all(
    kill_before: int, acknowledged: bool
) -> None:
    world, writes = World(pd=MemoryReceiver()), 0

    def tear(_: object) -> bool:
        nonlocal writes
        writes += 1
        return writes == kill_before + 1

    process = await world.process(tear).start()
    world.log.publish(step_up(routed_s=7.0 - WITHIN_S))  # due after 7 s: 5 s, 1 s, 1 s, and then it is sent
    await until(lambda: process.failed or now_s(world) >= 3)
    if acknowledged:
        process.receivers.apply(ack(at_s=3, up_to_s=1))
    await until(lambda: process.failed or bool(_ended(world)))
    await process.kill()
    async with world.running() as other:
        if acknowledged:
            other.receivers.apply(ack(at_s=3, up_to_s=1))
        await world.settled(1)
    sent, ended = len(world.channels["pd"].calls), _ended(world)
    assert process.failed or kill_before >= writes
    assert not (process.failed and kill_before == MOST_WRITES), "each of its writes was torn once"
    assert ended == {"muted" if acknowledged else "delivered"}
    assert sent == 0 if acknowledged else 1 <= sent <= 2  # the second if the state of the first was never written


def _ended(world: World) -> set[str]:
    states = (state.state for state in world.log.states().values())
    return {state.value for state in states if state.final} if world.log.of(DELIVERY_STATES) else set()
