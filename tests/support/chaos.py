"""A sender among faults and kills on a clock that jumps, and the account of what it lost, repeated and put off."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Final

from agents.deliver.attempt import Attempt
from agents.deliver.outcome import Outcome, OutcomeKind, ambiguous, delivered, failed, throttled
from agents.kafka import Outgoing
from streams.ids import DeskId, EventId, ReceiverId, StoryId, delivery_id
from streams.matching.rule import Urgency
from streams.routing.notification import Delivery, DeliveryState, DeliveryStatus, HandOffReason
from streams.routing.sending import MACHINE_TTL_S
from streams.topics import DELIVERIES, DELIVERY_STATES, RETRIES
from tests.support.delivery_world import MemoryLog, MemoryReceiver, on_a_jumping_clock, receiver, routes, until
from tests.support.notices import alert, delivery
from tests.support.sender_world import World

FAULTS: Final = (
    failed("http_500"), failed("connect_reset"), ambiguous("timeout"), ambiguous("broken_reset"),
    throttled("http_429", 2.0), throttled("http_429", 60.0),
)  # fmt: skip
SCHEDULED: Final = f'"reason":"{HandOffReason.SCHEDULED}"'.encode()
# Half of the states: decoding them too would cost more than the rest of the log.
HANDED_OFF: Final = f'"state":"{DeliveryStatus.HANDED_OFF}"'.encode()
TIERS: Final = frozenset(topic.name for topic in RETRIES.values())
FIRST: Final = frozenset(topic.name for topic in DELIVERIES.values())
HALF_S, PUBLISH_EVERY_S, SETTLE_WITHIN_S = 0.025, 0.1, 14 * 86_400
LOST_COMMITS: Final = 0.1  # of the kills: all that was ever committed, so that everything is replayed
CONCURRENCY, RATE = 4, {"per_second": 50, "burst": 50}
ALERT: Final = "alert"
SEEDS, OF_A_SEED = range(50), 2_000  # deliveries of a seed


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is sent to how many, and what befalls it. The last `dead` receivers never take anything.

    `to_the_end`: until the last delivery to a dead receiver has expired, three days later; else until the living ones
    have got theirs.
    """

    seed: int
    deliveries: int
    receivers: int = 50
    dead: int = 2
    fault_share: float = 0.3
    kills: int = 10
    per_second: float = 200.0
    to_the_end: bool = True

    @property
    def to_living(self) -> int:
        """Return how many deliveries go to receivers that take them in the end."""
        rounds, rest = divmod(self.deliveries, self.receivers)
        living = self.receivers - self.dead
        return rounds * living + min(rest, living)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What is left once everything ended.

    Repetitions are excused by lost answers, by what was in flight at a kill, and by what had been taken then while
    its state was not written yet. `under_two_ids`: those that a receiver which drops known ids would see all the same.
    """

    promised: int
    ended: Counter[DeliveryStatus]
    unaccounted: int
    repeated: int
    lost_answers: int
    in_flight: int
    unflushed: int
    under_two_ids: int
    tier_records: int
    scheduled: int

    @property
    def beyond_bound(self) -> int:
        """Return how many repetitions nothing excuses."""
        return max(self.repeated - self.lost_answers - self.in_flight - self.unflushed, 0)


@dataclass
class CountingLog(MemoryLog):
    """A log that counts what is written: which deliveries were promised, how each ended, what the tiers took."""

    promised: set[str] = field(default_factory=set)
    ended: dict[str, DeliveryStatus] = field(default_factory=dict)
    handed_off: set[str] = field(default_factory=set)
    tier_count: int = 0
    scheduled: int = 0

    def append(self, output: Outgoing) -> None:
        """Append one record."""
        super().append(output)
        if output.topic.name in TIERS:
            self.tier_count += 1
            self.scheduled += SCHEDULED in (output.value or b"")
        elif output.topic.name in FIRST:
            self.promised.add(dict(output.headers)["ce_id"].decode())
        elif output.topic is DELIVERY_STATES:
            if HANDED_OFF in (output.value or b""):
                self.handed_off.add(output.key)
                return
            state = DeliveryState.from_json(output.value)
            assert state.state.final, state
            self.ended[state.delivery_id] = state.state


class Moody(MemoryReceiver):
    """A receiver that takes a message half-way through an attempt, and fails so often; a dead one always fails."""

    def __init__(self, random: Random, *, fault_share: float) -> None:
        super().__init__()
        self.random, self.fault_share = random, fault_share
        self.took: Counter[str] = Counter()
        self.took_events: Counter[str] = Counter()
        self.answered: set[str] = set()
        self.lost_answers = 0

    async def send(self, attempt: Attempt) -> Outcome:
        """Return an outcome at random; half of the ambiguous ones were taken, and their answers lost."""
        self.busy += 1
        try:
            return await self._outcome(attempt.delivery)
        finally:
            self.busy -= 1

    async def _outcome(self, sent: Delivery) -> Outcome:
        outcome = self.random.choice(FAULTS) if self.random.random() < self.fault_share else delivered("ref")
        lost_answer = outcome.kind is OutcomeKind.AMBIGUOUS and self.random.random() < 0.5
        await asyncio.sleep(HALF_S)
        if outcome.kind is OutcomeKind.DELIVERED or lost_answer:
            self.lost_answers += lost_answer
            self.took[sent.delivery_id] += 1
            self.took_events[f"{sent.purpose} {sent.alert.event_id}"] += self.took[sent.delivery_id] == 1
        await asyncio.sleep(HALF_S)
        if outcome.kind is OutcomeKind.DELIVERED:
            self.answered.add(sent.delivery_id)
        return outcome


class Dead(Moody):
    """A receiver that never takes anything."""

    async def _outcome(self, sent: Delivery) -> Outcome:  # noqa: ARG002 - whatever it is
        await asyncio.sleep(HALF_S)
        return failed("http_500")


@dataclass
class Chaos:
    """One run of a plan."""

    plan: Plan
    random: Random
    channels: dict[str, Moody]
    world: World
    log: CountingLog
    in_flight: int = 0
    unflushed: int = 0

    @classmethod
    def of(cls, plan: Plan) -> "Chaos":
        """Return a run that has not begun."""
        random = Random(plan.seed)
        living = plan.receivers - plan.dead
        channels: dict[str, Moody] = {
            f"hook-{number}": (Moody if number < living else Dead)(random, fault_share=plan.fault_share)
            for number in range(plan.receivers)
        }
        known = routes(*(receiver(name, concurrency=CONCURRENCY, rate=RATE) for name in channels))
        world = World(known=known, **channels)
        world.log = log = CountingLog()
        return cls(plan, random, channels, world, log)

    async def run(self) -> Account:
        """Publish while processes start and are killed, let the last one come to the end, and return the account."""
        publishing = asyncio.create_task(self._publish())
        for _ in range(self.plan.kills):
            await self._run_and_kill()
        await publishing
        async with asyncio.timeout(SETTLE_WITHIN_S):
            last = await self.world.process().start()
            await until(self._is_over, within_s=SETTLE_WITHIN_S, most_s=60.0)
            await last.stop()
        return self._account()

    def _is_over(self) -> bool:
        return len(self.log.ended) >= (len(self.log.promised) if self.plan.to_the_end else self.plan.to_living)

    async def _publish(self) -> None:
        names, urgencies = tuple(self.channels), tuple(Urgency)
        each = max(round(self.plan.per_second * PUBLISH_EVERY_S), 1)
        for number in range(self.plan.deliveries):
            name, count = names[number % len(names)], number // len(names)
            urgency = urgencies[count % len(urgencies)]
            expires_at = self.log.now + timedelta(seconds=MACHINE_TTL_S[urgency])
            self.log.publish(sent(name, count, urgency, expires_at))
            if number % each == each - 1:
                await asyncio.sleep(PUBLISH_EVERY_S)

    async def _run_and_kill(self) -> None:
        """Kill a process at a random moment, or just before the first write after it."""
        armed, torn = False, asyncio.Event()

        def tear(_outputs: Sequence[Outgoing]) -> bool:
            if armed:
                torn.set()
            return armed

        process = await self.world.process(tear=tear).start()
        share_s = self.plan.deliveries / self.plan.per_second / max(self.plan.kills, 1)
        await asyncio.sleep(self.random.uniform(0.1, 1.9) * share_s)
        armed = self.random.random() < 0.5
        if armed:
            await torn.wait()
        self._note_kill()
        await process.kill()
        if self.random.random() < LOST_COMMITS:
            self.log.committed.clear()

    def _note_kill(self) -> None:
        for channel in self.channels.values():
            self.in_flight += channel.busy
            self.unflushed += sum(name not in self.log.ended for name in channel.answered)

    def _account(self) -> Account:
        channels, ended = self.channels.values(), self.log.ended
        in_hand = set[str]() if self.plan.to_the_end else self.log.handed_off
        took = sum((channel.took for channel in channels), Counter[str]())
        told = {name for name, status in ended.items() if status is DeliveryStatus.DELIVERED}
        return Account(
            promised=len(self.log.promised),
            ended=Counter(ended.values()),
            unaccounted=len(self.log.promised - ended.keys() - in_hand) + len(told - took.keys()),
            repeated=sum(took.values()) - len(took),
            lost_answers=sum(channel.lost_answers for channel in channels),
            in_flight=self.in_flight,
            unflushed=self.unflushed,
            under_two_ids=sum(times - 1 for channel in channels for times in channel.took_events.values()),
            tier_records=self.log.tier_count - self.log.scheduled,
            scheduled=self.log.scheduled,
        )


def account(plan: Plan) -> Account:
    """Return the account of one run, on a clock that jumps. Cost: about 1.5 ms of CPU a delivery."""

    async def run() -> Account:
        return await Chaos.of(plan).run()

    return on_a_jumping_clock(run())


def account_of_seed(seed: int) -> Account:
    """Return the account of a small run, until every living receiver got what it was promised."""
    return account(Plan(seed=seed, deliveries=OF_A_SEED, to_the_end=False))


@cache
def _first_of(name: str) -> Delivery:
    return delivery(name, alert=alert(spans=(), sources=(), rules=alert().rules[1:]))


def sent(name: str, number: int, urgency: Urgency, expires_at: datetime) -> Delivery:
    """Return the delivery of the `number`th alert to a receiver; one rule and no spans, so that many are cheap."""
    first, story = _first_of(name), StoryId(f"5t0ry{number:011d}")
    event = EventId(f"{story}-a1b2c3d4e5f60718-1-{number:08x}-0")
    return first.model_copy(
        update={
            "delivery_id": delivery_id(ReceiverId(name), DeskId("fx-desk"), event, ALERT),
            "alert": first.alert.model_copy(update={"event_id": event, "story_id": story}),
            "urgency": urgency,
            "expires_at": expires_at,
        }
    )
