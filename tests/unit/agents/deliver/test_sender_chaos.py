"""The sender among faults: random failures, kills between any two writes, lost commits, on a clock that jumps."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest

from agents.deliver.attempt import Attempt
from agents.deliver.outcome import Outcome, OutcomeKind, ambiguous, delivered, failed, throttled
from agents.kafka import Outgoing
from streams.matching.rule import Urgency
from streams.routing.notification import Delivery
from streams.topics import AUDIT
from tests.support.audited import said, verified
from tests.support.delivery_world import MemoryReceiver, Process, receiver, routes, until
from tests.support.sender_world import World, jumping, sent_to

LIVING, DEAD = tuple(f"hook-{number}" for number in range(6)), "hook-dead"
EACH, KILLS, CONCURRENCY = 40, 8, 4
FAULTS = (failed("http_500"), ambiguous("timeout"), throttled("http_429", 2.0), throttled("http_429", 60.0))


class Moody(MemoryReceiver):
    """A receiver that fails three times in ten, and keeps what it took (an ambiguous one may have been taken)."""

    def __init__(self, random: Random, *, dead: bool = False) -> None:
        super().__init__(takes_s=0.05)
        self.random, self.dead = random, dead
        self.took: Counter[str] = Counter()
        self.ambiguous = 0

    async def send(self, attempt: Attempt) -> Outcome:
        """Return an outcome at random."""
        await super().send(attempt)
        if self.dead:
            return failed("http_500")
        outcome = self.random.choice(FAULTS) if self.random.random() < 0.3 else delivered("ref")
        lost_answer = outcome.kind is OutcomeKind.AMBIGUOUS and self.random.random() < 0.5
        self.ambiguous += lost_answer
        if lost_answer or outcome.kind is OutcomeKind.DELIVERED:
            self.took[attempt.delivery.delivery_id] += 1
        return outcome


def everything() -> list[Delivery]:
    return [
        sent_to(name, number, urgency=tuple(Urgency)[number % 3]) for number in range(EACH) for name in (*LIVING, DEAD)
    ]


@pytest.mark.parametrize("seed", range(8))
@jumping
async def test_faults_and_kills_lose_nothing_and_repeat_only_what_was_in_flight(seed: int) -> None:
    random = Random(seed)
    channels = {name: Moody(random, dead=name == DEAD) for name in (*LIVING, DEAD)}
    world = World(known=routes(*(receiver(name, concurrency=CONCURRENCY) for name in channels)), **channels)
    log = world.log

    async def started(tear_chance: float) -> Process:
        def tear(_outputs: Sequence[Outgoing]) -> bool:
            return random.random() < tear_chance

        return await world.process(tear=tear).start()

    waiting = everything()
    for _ in range(KILLS):
        process = await started(0.02)
        for _ in range(len(waiting) // KILLS):
            log.publish(waiting.pop())
        await asyncio.sleep(random.uniform(0.05, 8.0))
        await process.kill()
        if random.random() < 0.3:
            log.committed.clear()
    for each in waiting:
        log.publish(each)
    process = await started(0.0)
    living = {each.delivery_id for each in everything() if each.receiver != DEAD}
    await until(lambda: sum(state.state.final for state in log.states().values()) >= len(living), most_s=120)
    await process.stop()

    states = log.states()
    assert {states[name].state.value for name in living} == {"delivered"}
    assert {state.state.value for state in states.values() if state.receiver == DEAD} == {"handed_off"}
    assert set(said(log.of(AUDIT))) == {("delivered", name) for name in living}
    assert verified(log.of(AUDIT)).findings == []
    took = sum((channel.took for channel in channels.values()), Counter())
    assert set(took) == living
    twins = sum(took.values()) - len(living)
    lost_answers = sum(channel.ambiguous for channel in channels.values())
    assert twins <= lost_answers + KILLS * len(LIVING) * CONCURRENCY
