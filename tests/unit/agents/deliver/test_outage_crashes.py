"""A sender that is killed anywhere in an outage or after it: nothing is lost; what was in flight may come twice."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agents.deliver.doubt import Doubt
from agents.deliver.job import Job
from agents.deliver.outcome import failed
from agents.kafka import Outgoing
from streams.matching.rule import Urgency
from streams.routing.notification import DeliveryState, DeliveryStatus
from streams.routing.reconcile import Account
from streams.routing.told import Routing
from streams.topics import DELIVERY_STATES
from tests.support.delivery_world import MemoryReceiver, Process, until
from tests.support.sender_world import World, in_order, jumping, sent_to

COUNT, AWAY_S = 15, 300
TTL_S = {Urgency.FLASH: 60, Urgency.URGENT: 200, Urgency.ROUTINE: 90_000}


class Killer:
    """Kills a process at one of its writes, counted over all processes."""

    def __init__(self, *writes: int) -> None:
        self.left, self.count = set(writes), 0

    def __call__(self, _outputs: Sequence[Outgoing]) -> bool:
        """Return whether the process ends before this write."""
        self.count += 1
        return self.count in self.left


async def kept_alive(world: World, killer: Killer, *, until_s: float) -> Process:
    """Run processes, each after the one before was killed, for so long; return the last."""
    end = world.log.now + timedelta(seconds=until_s)
    process = await world.process(tear=killer).start()
    while world.log.now < end:
        await asyncio.sleep(1)
        if process.failed:
            await process.kill()
            process = await world.process(tear=killer).start()
    return process


def waiting(world: World) -> bool:
    """Return whether an alert, or what tells that it expired, has not ended."""
    states = Counter(state.state for state in world.log.states().values())
    final = sum(count for state, count in states.items() if state.final)
    return final < COUNT + states[DeliveryStatus.EXPIRED]


async def survived(*writes: int) -> tuple[World, MemoryReceiver]:
    """Return a world after an outage of five minutes, in which fifteen alerts came and the sender was killed."""
    hook = MemoryReceiver(always=failed("connect_error"), takes_s=0.05)
    world = World(known=in_order(), hook=hook)
    for number in range(COUNT):
        urgency = tuple(Urgency)[number % 3]
        world.publish(number, urgency=urgency, expires_at=world.log.now + timedelta(seconds=TTL_S[urgency]))
    killer = Killer(*writes)
    process = await kept_alive(world, killer, until_s=AWAY_S)
    await process.kill()
    hook.always = None
    while waiting(world):
        process = await kept_alive(world, killer, until_s=400)
        await process.kill()
    return world, hook


def account(world: World) -> Account:
    """Return the account of what the routings of these alerts promised: it knows no digest."""
    found = Account()
    for number in range(COUNT):
        sent = sent_to("hook", number)
        routing = Routing.model_validate(
            {
                "routing_id": f"{sent.alert.event_id}@{sent.desk}", "event_id": sent.alert.event_id, "desk": sent.desk,
                "story_id": sent.alert.story_id, "decision": "told", "reason": "", "receivers": ["hook"],
                "routes_version": "r1",
            }
        )  # fmt: skip
        found.promise(routing, told_at=world.log.now, settled=True)
    for record in world.log.of(DELIVERY_STATES):
        found.state(DeliveryState.from_json(record.value), before=True)
    return found


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 120), max_size=4))
@example([])
def test_a_kill_at_any_write_loses_nothing(writes: list[int]) -> None:
    @jumping
    async def run() -> None:
        world, hook = await survived(*writes)
        states = world.log.states()
        alerts = {number: states[sent_to("hook", number).delivery_id].state for number in range(COUNT)}
        expired = {number for number, state in alerts.items() if state is DeliveryStatus.EXPIRED}
        told = Counter(one.alert.event_id for attempt in hook.attempts[-COUNT * 4 :] for one in attempt.members)
        assert all(state.state.final for state in states.values())
        assert account(world).by_receiver() == {"hook": Counter(state.value for state in alerts.values())}
        assert {number for number in range(COUNT) if sent_to("hook", number).alert.event_id in told} >= expired
        assert len(states) == COUNT + len(expired)
        assert Counter(state.state.value for state in states.values()) == {
            "expired": len(expired), "delivered": COUNT,
        }  # fmt: skip

    run()


def flashes_in_doubt() -> list[bool]:
    """Kill a sender that sends the newest of ten flashes; return which the next one takes for doubtful."""
    found: list[bool] = []

    @jumping
    async def run() -> None:
        slow, hook = MemoryReceiver(takes_s=100.0), MemoryReceiver(takes_s=0.1)
        world = World(known=in_order(), hook=slow)
        for number in range(10):
            world.publish(number, urgency=Urgency.FLASH)
            await asyncio.sleep(10)
        first = await world.process().start()
        await until(lambda: len(slow.calls) == 1)
        await first.kill()
        assert slow.received == [sent_to("hook", 9).delivery_id]
        world.channels = {"hook": hook}
        async with world.running():
            await until(lambda: len(hook.calls) == 10)
        assert hook.received[0] == slow.received[0]
        found.extend(attempt.doubtful for attempt in hook.attempts)

    run()
    return found


def test_a_flash_that_may_have_been_sent_out_of_order_is_in_doubt() -> None:
    assert flashes_in_doubt() == [True] * 10


def test_mutation_the_rule_of_the_first_few_takes_the_newest_flash_for_unsent(monkeypatch: pytest.MonkeyPatch) -> None:
    def first_few(self: Doubt, job: Job) -> bool:
        return self._is_among_the_first(job)

    monkeypatch.setattr(Doubt, "may_have_been_sent", first_few)
    assert flashes_in_doubt()[0] is False


@jumping
async def test_a_digest_that_may_have_been_sent_comes_again_under_the_same_id() -> None:
    slow, hook = MemoryReceiver(takes_s=100.0), MemoryReceiver()
    world = World(hook=slow)
    world.publish(*range(6), expires_at=world.log.now)
    first = await world.process().start()
    await until(lambda: len(slow.calls) == 1)
    await first.kill()
    world.channels = {"hook": hook}
    world.publish(*range(6, 9), expires_at=world.log.now)
    async with world.running():
        await until(lambda: sum(state.state.final for state in world.log.states().values()) == 18)
    again, later = hook.attempts
    assert (again.doubtful, later.doubtful) == (True, False)
    assert again.members == slow.attempts[0].members
    assert len(later.members) == 3
