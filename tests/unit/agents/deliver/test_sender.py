import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import pytest

from agents.deliver import settlement
from agents.deliver.effects import Effects
from agents.deliver.job import Job
from agents.deliver.ledger import DeliveryLedger, Verdict
from agents.deliver.offsets import Offsets
from agents.deliver.outcome import Outcome, OutcomeKind, ambiguous, failed, refused, throttled
from agents.deliver.partition import Partition
from agents.kafka import Outgoing
from streams.dead_letter import DeadLetter
from streams.errors import NewerSchemaError, Reason
from streams.latency import Hop
from streams.matching.rule import Urgency
from streams.routing.notification import Delivery, DeliveryStatus, HandOffReason
from streams.topics import DEAD_LETTERS, DELIVERIES, DELIVERY_STATES, RETRIES
from tests.support.delivery_world import (
    EPOCH,
    NAMES,
    CrashError,
    MemoryLog,
    MemoryReceiver,
    MemoryReceivers,
    Process,
    on_a_jumping_clock,
    receiver,
    routes,
    until,
)
from tests.support.notices import delivery

FOREVER = EPOCH + timedelta(days=4000)
GONE = Outcome(kind=OutcomeKind.GONE, detail="http_410")


def sent_to(name: str, number: int = 0, **given: object) -> Delivery:
    return delivery(name, number=number, **({"expires_at": FOREVER} | given))


class World:
    """A log, some receivers, and the processes that ran on them."""

    def __init__(self, **channels: MemoryReceiver) -> None:
        self.log, self.channels = MemoryLog(), channels
        self.known = routes(*(receiver(name) for name in channels))

    def process(self, tear: object = None) -> Process:
        receivers = MemoryReceivers(self.channels, lambda: self.log.now)
        receivers.apply(self.known)
        return Process(self.log, receivers, tear=tear)  # type: ignore[arg-type]  # None or a callable

    async def settled(self, number: int) -> None:
        """Return once so many deliveries have a final state."""
        await until(lambda: sum(state.state.final for state in self.log.states().values()) >= number, most_s=300)

    def letters(self) -> list[DeadLetter]:
        return [DeadLetter.from_json(record.value) for record in self.log.of(DEAD_LETTERS)]

    def committed(self, topic: object) -> int:
        return sum(offset for (name, _), offset in self.log.committed.items() if name == NAMES.of(topic))  # type: ignore[arg-type]  # a topic


def test_a_delivery_is_sent_and_its_state_says_so_with_the_whole_journey() -> None:
    async def run() -> None:
        world = World(hook=MemoryReceiver())
        process = await world.process().start()
        world.log.publish(sent_to("hook"))
        await world.settled(1)
        await process.stop()
        [state] = world.log.states().values()
        assert (state.state, state.attempts, state.provider_ref) == (DeliveryStatus.DELIVERED, 1, "ref")
        [record] = world.log.of(DELIVERY_STATES)
        assert record.ledger.at(Hop.DELIVERED) is not None
        assert record.ledger.at(Hop.FETCHED) is not None
        assert world.committed(DELIVERIES[Urgency.URGENT]) == 1
        assert process.metrics.deliveries.labels("hook", "delivered")._value.get() == 1

    on_a_jumping_clock(run())


def test_failures_climb_the_tiers_until_the_receiver_answers() -> None:
    async def run() -> None:
        hook = MemoryReceiver([failed("http_500"), ambiguous("timeout"), failed("http_502")])
        world = World(hook=hook)
        process = await world.process().start()
        await asyncio.sleep(10)  # long enough for no record to be from before the start
        world.log.publish(sent_to("hook"))
        await world.settled(1)
        await process.stop()
        gaps = [later - sooner for (sooner, _), (later, _) in pairwise(hook.calls)]
        assert [lower <= gap <= lower * 1.1 + 0.5 for gap, lower in zip(gaps, (1, 5, 30), strict=True)] == [True] * 3
        [state] = world.log.states().values()
        assert (state.state, state.attempts, state.seq) == (DeliveryStatus.DELIVERED, 4, 3)
        assert [attempt.doubtful for attempt in hook.attempts[1:]] == [False, True, False]

    on_a_jumping_clock(run())


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        pytest.param(refused("http_404"), Reason.REFUSED_BY_RECEIVER, id="not found"),
        pytest.param(refused("http_401", Reason.CREDENTIALS_REFUSED), Reason.CREDENTIALS_REFUSED, id="credentials"),
        pytest.param(refused("address_refused", Reason.ADDRESS_REFUSED), Reason.ADDRESS_REFUSED, id="an inner address"),
        pytest.param(GONE, Reason.REFUSED_BY_RECEIVER, id="gone"),
    ],
)
def test_a_refusal_is_a_dead_letter_at_once_and_the_fallback_receiver_is_told(outcome: Outcome, reason: Reason) -> None:
    async def run() -> None:
        world = World(hook=MemoryReceiver([outcome]), mail=MemoryReceiver())
        world.known = routes(receiver("hook", fallback="mail"), receiver("mail"))
        process = await world.process().start()
        world.log.publish(sent_to("hook"))
        await world.settled(2)
        await process.stop()
        assert world.log.outcomes() == ["dead", "delivered"]
        [letter] = world.letters()
        assert (letter.reason, letter.stage) == (reason, "deliver")
        [told] = world.channels["mail"].attempts
        assert (told.delivery.purpose, told.delivery.alert) == ("fallback", sent_to("hook").alert)
        assert world.log.tier_records() == 0

    on_a_jumping_clock(run())


def test_a_fallback_that_fails_itself_tells_nobody_further() -> None:
    async def run() -> None:
        world = World(hook=MemoryReceiver(always=refused("no")), mail=MemoryReceiver(always=refused("no")))
        world.known = routes(receiver("hook", fallback="mail"), receiver("mail", fallback="hook"))
        process = await world.process().start()
        world.log.publish(sent_to("hook"))
        await world.settled(2)
        await process.stop()
        assert [len(channel.calls) for channel in world.channels.values()] == [1, 1]

    on_a_jumping_clock(run())


def test_a_receiver_that_is_gone_is_not_asked_again_until_the_routes_change_it() -> None:
    async def run() -> None:
        hook = MemoryReceiver([GONE])
        world = World(hook=hook)
        world.known = routes(receiver("hook", options={}))
        process = await world.process().start()
        for number in range(3):
            world.log.publish(sent_to("hook", number))
        await world.settled(3)
        assert world.log.outcomes() == ["dead"] * 3
        assert len(hook.calls) == 1
        process.receivers.channels = {"hook": MemoryReceiver()}  # type: ignore[attr-defined]  # a new address
        process.receivers.apply(routes(receiver("hook", concurrency=5)))
        world.log.publish(sent_to("hook", 9))
        await world.settled(4)
        await process.stop()
        assert world.log.outcomes() == ["dead"] * 3 + ["delivered"]

    on_a_jumping_clock(run())


def test_what_comes_too_late_is_expired_and_never_silent() -> None:
    async def run() -> None:
        world = World(hook=MemoryReceiver(always=failed("http_500")))
        process = await world.process().start()
        world.log.publish(sent_to("hook", 0, expires_at=world.log.now + timedelta(seconds=60)))
        world.log.publish(sent_to("hook", 1, expires_at=world.log.now - timedelta(seconds=1)))
        await world.settled(2)
        await process.stop()
        assert world.log.outcomes() == ["expired"] * 2
        assert sent_to("hook", 1).delivery_id not in world.channels["hook"].received

    on_a_jumping_clock(run())


def test_a_receiver_that_the_routes_do_not_know_yet_is_tried_until_the_time_to_live_ends() -> None:
    async def run() -> None:
        world = World(hook=MemoryReceiver(), late=MemoryReceiver())
        world.known = routes(receiver("hook"))
        process = await world.process().start()
        world.log.publish(sent_to("late"))
        world.log.publish(sent_to("never", 1, expires_at=world.log.now + timedelta(minutes=5)))
        await until(lambda: world.log.tier_records() >= 3)
        process.receivers.apply(routes(receiver("hook"), receiver("late"), version="r2"))
        await world.settled(2)
        await process.stop()
        states = {state.receiver: state.state.value for state in world.log.states().values()}
        assert states == {"late": "delivered", "never": "expired"}

    on_a_jumping_clock(run())


def test_a_freeze_is_kept_by_every_delivery_of_the_lane_and_counts_no_attempt() -> None:
    async def run() -> None:
        hook = MemoryReceiver([throttled("http_429", 40.0)])
        world = World(hook=hook)
        world.known = routes(receiver("hook", options={}))
        process = await world.process().start()
        for number in range(4):
            world.log.publish(sent_to("hook", number))
        await world.settled(4)
        await process.stop()
        assert all(at - hook.calls[0][0] >= 40.0 for at, _ in hook.calls[1:])
        assert [state.attempts for state in world.log.states().values()] == [1] * 4
        reasons = {
            Delivery.from_json(record.value).reason for topic in RETRIES.values() for record in world.log.of(topic)
        }
        assert reasons == {HandOffReason.FROZEN}

    on_a_jumping_clock(run())


def test_a_short_freeze_is_waited_out_in_the_lane_without_any_tier() -> None:
    async def run() -> None:
        hook = MemoryReceiver([throttled("ratelimited", 1.0)] * 3)
        world = World(hook=hook)
        world.known = routes(receiver("hook", options={}))
        process = await world.process().start()
        for number in range(3):
            world.log.publish(sent_to("hook", number))
        await world.settled(3)
        await process.stop()
        assert world.log.tier_records() == 0
        assert hook.received[:4] == [sent_to("hook").delivery_id] * 4

    on_a_jumping_clock(run())


def test_what_is_not_due_yet_passes_through_the_tiers_until_it_is() -> None:
    async def run() -> None:
        hook = MemoryReceiver()
        world = World(hook=hook)
        process = await world.process().start()
        begin = world.log.now
        world.log.publish(sent_to("hook", not_before=begin + timedelta(seconds=44)))
        await world.settled(1)
        await process.stop()
        assert world.log.now - begin >= timedelta(seconds=44)
        [state] = world.log.states().values()
        assert (state.state.value, state.attempts) == ("delivered", 1)
        assert len(hook.calls) == 1

    on_a_jumping_clock(run())


def test_an_edit_that_comes_too_soon_waits_for_itself_alone() -> None:
    async def run() -> None:
        postponed = Outcome(kind=OutcomeKind.POSTPONED, detail="edited_just_now", retry_after_s=6.0)
        world = World(hook=MemoryReceiver([postponed]))
        process = await world.process().start()
        world.log.publish(sent_to("hook"))
        await world.settled(1)
        await process.stop()
        assert len(world.log.of(RETRIES["5s"])) == 1
        assert [state.attempts for state in world.log.states().values()] == [1]

    on_a_jumping_clock(run())


def test_a_slow_receiver_gets_what_its_rate_allows_and_the_rest_waits_in_tiers() -> None:
    async def run() -> None:
        hook = MemoryReceiver()
        world = World(hook=hook)
        world.known = routes(receiver("hook", rate={"per_second": 1, "burst": 1}, options={}))
        process = await world.process().start()
        for number in range(300):
            world.log.publish(sent_to("hook", number))
        await world.settled(300)
        await process.stop()
        times = [at for at, _ in hook.calls]
        assert len(times) == 300
        assert min(later - sooner for sooner, later in pairwise(times)) >= 0.99
        assert times[-1] - times[0] <= 3 * 300
        assert 0 < world.log.tier_records() <= 3 * 300

    on_a_jumping_clock(run())


def test_a_lane_that_is_asked_for_patience_again_and_again_lets_the_delivery_go_to_a_tier() -> None:
    async def run() -> None:
        hook = MemoryReceiver([throttled("ratelimited", 12.0)] * 3)
        world = World(hook=hook)
        process = await world.process().start()
        world.log.publish(sent_to("hook"))
        await world.settled(1)
        await process.stop()
        assert world.log.tier_records() == 1
        assert [later - sooner >= 12.0 for (sooner, _), (later, _) in pairwise(hook.calls)] == [True] * 3

    on_a_jumping_clock(run())


def test_a_lane_holds_no_more_than_its_share_of_memory() -> None:
    async def run() -> None:
        hook = MemoryReceiver(takes_s=5.0)
        world = World(hook=hook)
        process = await world.process().start()
        for number in range(500):
            world.log.publish(sent_to("hook", number))
        await until(lambda: world.log.tier_records() > 0)
        await process.kill()
        assert world.log.tier_records() >= 500 - 310

    on_a_jumping_clock(run())


def test_a_frozen_lane_gives_its_queue_to_the_tiers() -> None:
    async def run() -> None:
        hook = MemoryReceiver([throttled("http_429", 300.0)], takes_s=1.0)
        world = World(hook=hook)
        world.known = routes(receiver("hook", options={}))
        process = await world.process().start()
        for number in range(10):
            world.log.publish(sent_to("hook", number))
        await until(lambda: world.log.tier_records() == 10, within_s=5)
        assert process.metrics.lane_frozen.labels("hook")._value.get() == 1
        await world.settled(10)
        await process.stop()
        assert world.log.outcomes() == ["delivered"] * 10
        assert all(at - hook.calls[0][0] >= 300.0 for at, _ in hook.calls[1:])

    on_a_jumping_clock(run())


def test_a_flash_overtakes_what_waits_in_the_lane() -> None:
    async def run() -> None:
        hook = MemoryReceiver(takes_s=0.5)
        world = World(hook=hook)
        world.known = routes(receiver("hook", options={}))
        process = await world.process().start()
        for number in range(4):
            world.log.publish(sent_to("hook", number, urgency=Urgency.ROUTINE))
        await until(lambda: len(hook.calls) == 1)
        world.log.publish(sent_to("hook", 9, urgency=Urgency.FLASH))
        await world.settled(5)
        await process.stop()
        assert hook.received[1] == sent_to("hook", 9).delivery_id

    on_a_jumping_clock(run())


def test_a_dead_receiver_does_not_slow_the_others() -> None:
    async def run(dead: Outcome | None) -> float:
        world = World(
            dead=MemoryReceiver(always=dead, takes_s=10.0 if dead else 0.01), fine=MemoryReceiver(takes_s=0.01)
        )
        process = await world.process().start()
        begin = world.log.now
        for number in range(100):
            world.log.publish(sent_to("dead", number))
            world.log.publish(sent_to("fine", number))
        fine = world.channels["fine"]
        await until(lambda: len(fine.calls) == 100, step_s=0.01)
        took = (world.log.now - begin).total_seconds()
        await process.kill()
        return took

    without, beside = on_a_jumping_clock(run(None)), on_a_jumping_clock(run(ambiguous("timeout")))
    assert beside < without + 1.0


def test_a_receiver_that_is_dead_for_a_day_costs_dozens_of_records_and_not_hundreds() -> None:
    async def run() -> None:
        world = World(hook=MemoryReceiver(always=failed("connect_error")))
        process = await world.process().start()
        for number in range(20):
            world.log.publish(sent_to("hook", number, expires_at=world.log.now + timedelta(hours=24)))
        await world.settled(20)
        await process.stop()
        assert world.log.outcomes() == ["expired"] * 20
        assert world.log.tier_records() <= 20 * 28

    on_a_jumping_clock(run())


def test_poison_is_set_aside_and_the_next_record_goes_on() -> None:
    async def run() -> None:
        world = World(hook=MemoryReceiver())
        process = await world.process().start()
        topic = DELIVERIES[Urgency.URGENT]
        number = topic.partition("hook")
        world.log.append(Outgoing(topic=topic, partition=number, key="hook", value=b"{"))
        world.log.publish(sent_to("hook"))
        await world.settled(1)
        await process.stop()
        [letter] = world.letters()
        assert (letter.reason, letter.offset) == (Reason.NOT_JSON, 0)
        assert world.log.committed[NAMES.of(topic), number] == 2

    on_a_jumping_clock(run())


def test_a_record_of_a_newer_schema_stops_the_sender_uncommitted() -> None:
    async def run() -> None:
        world = World(hook=MemoryReceiver())
        process = await world.process().start()
        topic = DELIVERIES[Urgency.URGENT]
        newer = Outgoing(topic=topic, partition=0, key="k", value=b"{}", headers=(("tocsin-schema", b"delivery/9"),))
        world.log.append(newer)
        [record] = world.log.of(topic)
        with pytest.raises(NewerSchemaError):
            await process.sender.take([record])
        await process.kill()
        assert world.log.committed == {}

    on_a_jumping_clock(run())


def test_a_notification_that_can_not_be_rendered_is_dead_and_stops_nobody() -> None:
    class Broken(MemoryReceiver):
        async def send(self, attempt: object) -> Outcome:
            raise KeyError(attempt)

    async def run() -> None:
        world = World(hook=Broken(), fine=MemoryReceiver())
        process = await world.process().start()
        world.log.publish(sent_to("hook"))
        world.log.publish(sent_to("fine"))
        await world.settled(2)
        await process.stop()
        assert world.log.outcomes() == ["dead", "delivered"]
        assert [letter.reason for letter in world.letters()] == [Reason.RENDER_FAILED]

    on_a_jumping_clock(run())


def test_one_delivery_is_never_in_flight_twice() -> None:
    async def run() -> None:
        hook = MemoryReceiver(takes_s=1.0)
        world = World(hook=hook)
        process = await world.process().start()
        for _ in range(5):
            world.log.publish(sent_to("hook"))
        await until(lambda: world.committed(DELIVERIES[Urgency.URGENT]) == 5)
        await process.stop()
        assert (len(hook.calls), hook.most_busy) == (1, 1)

    on_a_jumping_clock(run())


def test_a_new_owner_sends_nothing_that_was_delivered_even_if_nothing_was_committed() -> None:
    async def run() -> None:
        hook = MemoryReceiver()
        world = World(hook=hook)
        first = await world.process().start()
        for number in range(10):
            world.log.publish(sent_to("hook", number))
        await world.settled(10)
        await first.kill()
        world.log.committed.clear()
        second = await world.process().start()
        await until(lambda: world.committed(DELIVERIES[Urgency.URGENT]) == 10)
        await second.stop()
        assert len(hook.calls) == 10

    on_a_jumping_clock(run())


def test_a_zombie_sends_and_hands_off_nothing() -> None:
    async def run() -> None:
        hook = MemoryReceiver()
        world = World(hook=hook)
        process = world.process()
        process.owned = process.coordinator_agrees = False
        await process.start()
        world.log.publish(sent_to("hook", 0))
        world.log.publish(sent_to("unknown", 1))
        await until(lambda: process.taken.get((NAMES.of(DELIVERIES[Urgency.URGENT]), 0)) is not None, within_s=5)
        await process.kill()
        assert hook.calls == []
        assert world.log.tier_records() == 0
        assert world.log.committed == {}

    on_a_jumping_clock(run())


def test_the_end_lets_what_is_being_sent_finish_and_drops_what_is_queued() -> None:
    async def run() -> None:
        hook = MemoryReceiver(takes_s=1.0)
        world = World(hook=hook)
        world.known = routes(receiver("hook", options={}))
        process = await world.process().start()
        for number in range(3):
            world.log.publish(sent_to("hook", number))
        await until(lambda: len(hook.calls) == 1)
        await process.stop()
        assert world.log.outcomes() == ["delivered"]
        assert world.committed(DELIVERIES[Urgency.URGENT]) == 1

    on_a_jumping_clock(run())


def test_the_end_cuts_off_a_receiver_that_never_answers() -> None:
    async def run() -> None:
        hook = MemoryReceiver(takes_s=3_600.0)
        world = World(hook=hook)
        process = await world.process().start()
        world.log.publish(sent_to("hook"))
        await until(lambda: len(hook.calls) == 1)
        begin = world.log.now
        await process.stop()
        assert world.log.now - begin < timedelta(seconds=5)
        assert world.log.states() == {}

    on_a_jumping_clock(run())


def test_a_broker_that_refuses_ends_the_process_uncommitted() -> None:
    async def run() -> None:
        world = World(hook=MemoryReceiver())
        process = await world.process(tear=lambda _: True).start()
        world.log.publish(sent_to("hook"))
        await until(lambda: process.failed)
        assert any(isinstance(task.exception(), CrashError) for task in process._tasks if task.done())
        await process.kill()
        assert world.log.committed == {}

    on_a_jumping_clock(run())


def test_the_first_deliveries_after_a_restart_may_have_been_sent_before_and_later_ones_not() -> None:
    async def run() -> None:
        hook = MemoryReceiver()
        world = World(hook=hook)
        world.known = routes(receiver("hook", options={}))
        for number in range(3):
            world.log.publish(sent_to("hook", number))
        process = await world.process().start()
        await world.settled(3)
        await process.stop()
        assert [attempt.doubtful for attempt in hook.attempts] == [True, False, False]

    on_a_jumping_clock(run())


# Torn pairs and mutations: each guard, switched off, breaks the promise that it is there for.


def is_state(outputs: Sequence[Outgoing]) -> bool:
    return any(output.topic is DELIVERY_STATES for output in outputs)


async def torn_between_tier_and_state() -> tuple[list[str], int]:
    """Fail once, and be killed just before the second write of the hand-off; return the outcomes after a restart."""
    hook = MemoryReceiver([failed("http_500")])
    world = World(hook=hook)
    writes: list[Sequence[Outgoing]] = []

    def tear(outputs: Sequence[Outgoing]) -> bool:
        writes.append(outputs)
        return len(writes) == 2

    first = await world.process(tear=tear).start()
    world.log.publish(sent_to("hook"))
    await until(lambda: first.failed)
    await first.kill()
    second = await world.process().start()
    try:
        await until(lambda: "delivered" in world.log.outcomes(), within_s=20_000)
        await until(lambda: world.committed(RETRIES["1s"]) == len(world.log.of(RETRIES["1s"])), within_s=20_000)
    except TimeoutError:
        return world.log.outcomes(), len(hook.calls)
    finally:
        await second.stop()
    return world.log.outcomes(), len(hook.calls)


def test_a_pair_that_is_torn_between_tier_and_state_is_delivered_once() -> None:
    outcomes, calls = on_a_jumping_clock(torn_between_tier_and_state())
    assert outcomes == ["delivered"]
    assert calls == 2


def test_mutation_writing_the_state_before_the_tier_loses_a_delivery(monkeypatch: pytest.MonkeyPatch) -> None:
    async def state_first(self: settlement.Settlement, done: Sequence[tuple[Job, Effects]]) -> None:
        swapped = [
            (job, Effects(first=each.then, then=each.first, state=each.state, thread=each.thread)) for job, each in done
        ]
        await right(self, swapped)

    right = settlement.Settlement._perform
    monkeypatch.setattr(settlement.Settlement, "_perform", state_first)
    outcomes, _ = on_a_jumping_clock(torn_between_tier_and_state())
    assert outcomes == ["handed_off"]


async def calls_after_twins(kill: bool) -> int:
    """Return how often a delivery is sent whose hand-off was torn, so that two copies stand in a tier."""
    hook = MemoryReceiver()
    world = World(hook=hook)
    process = await world.process().start()
    for _ in range(2):
        world.log.publish(sent_to("hook").model_copy(update={"seq": 1, "attempts": 1}), RETRIES["1s"])
    await until(lambda: world.committed(RETRIES["1s"]) == 2)
    await (process.kill() if kill else process.stop())
    return len(hook.calls)


def test_the_second_copy_of_a_torn_hand_off_is_dropped() -> None:
    assert on_a_jumping_clock(calls_after_twins(kill=False)) == 1


def test_mutation_without_the_ledger_the_second_copy_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DeliveryLedger, "judge", lambda _self, _delivery: Verdict.SEND)
    assert on_a_jumping_clock(calls_after_twins(kill=True)) == 2


async def tier_records_after_a_replay() -> int:
    """Return how many tier records a delivery has made after a crash that lost every commit."""
    hook = MemoryReceiver(always=failed("http_500"))
    world = World(hook=hook)
    world.log.publish(sent_to("hook"))
    for _ in range(4):
        world.log.committed.clear()
        process = await world.process().start()
        await asyncio.sleep(60)
        await process.kill()
    return world.log.tier_records()


def test_a_stale_copy_is_not_handed_off_again() -> None:
    assert on_a_jumping_clock(tier_records_after_a_replay()) <= 7


def test_mutation_without_the_fence_each_replay_hands_off_again(monkeypatch: pytest.MonkeyPatch) -> None:
    right = DeliveryLedger.judge

    def no_fence(self: DeliveryLedger, copy: Delivery) -> Verdict:
        return Verdict.SEND if right(self, copy) is Verdict.STALE else right(self, copy)

    monkeypatch.setattr(DeliveryLedger, "judge", no_fence)
    assert on_a_jumping_clock(tier_records_after_a_replay()) > 7


async def lost_after_a_kill() -> int:
    """Kill a sender whose first delivery still hangs while later ones are done; return how many never arrive."""
    hook = MemoryReceiver()
    world = World(hook=hook)
    slow = MemoryReceiver(takes_s=100.0)
    world.channels = {"hook": slow}
    first = await world.process().start()
    world.log.publish(sent_to("hook", 0))
    await until(lambda: len(slow.calls) == 1)
    slow.takes_s = 0.0
    for number in range(1, 5):
        world.log.publish(sent_to("hook", number))
    await until(lambda: world.log.outcomes() == ["delivered"] * 4)
    await asyncio.sleep(1)
    await first.kill()
    world.channels = {"hook": hook}
    second = await world.process().start()
    try:
        await until(lambda: len(world.log.states()) == 5, within_s=1_000)
    except TimeoutError:
        return 5 - len(world.log.states())
    finally:
        await second.stop()
    return 0


def test_a_delivery_in_flight_at_a_kill_is_sent_by_the_next_process() -> None:
    assert on_a_jumping_clock(lost_after_a_kill()) == 0


def test_mutation_committing_past_a_gap_loses_what_was_in_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(self: Offsets) -> int | None:
        return max(self._done, default=-1) + 1 or None

    monkeypatch.setattr(Offsets, "committable", greedy)
    assert on_a_jumping_clock(lost_after_a_kill()) == 1


def test_mutation_without_lanes_a_dead_receiver_holds_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    async def one_after_the_other(self: Partition, jobs: Sequence[Job]) -> None:
        for job in jobs:
            found = self._around.receivers.find(job.delivery.receiver)
            assert found is not None
            if self._is_to_send(job) and (outcome := await self.settlement.attempt(job, found[1])):
                await self.settlement.settle(job, outcome)

    monkeypatch.setattr(Partition, "_place", one_after_the_other)
    with pytest.raises(AssertionError):
        test_a_dead_receiver_does_not_slow_the_others()
