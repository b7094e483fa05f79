"""The owner in this very process: what it restores, hands over, commits and lets go of."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from prometheus_client import CollectorRegistry

from agents.broker.server import Broker
from agents.kafka import Incoming, Outgoing, Producer
from agents.loops.batch import BatchWork
from agents.loops.owner import Owner
from agents.metrics import Metrics
from agents.topic_admin import apply
from config.settings import Settings
from streams.errors import ConfigurationError
from streams.topics import DEAD_LETTERS, Topic
from tests.support.loops import ANSWERS, GROUP, KNOWN, QUESTIONS, Answering, Known, Probe, question
from tests.support.processes import until

pytestmark = pytest.mark.kafka
NUMBERS = [0, 1, 2]


@pytest.fixture
async def producer(broker: Broker, topic_prefix: str) -> AsyncIterator[Producer]:
    settings = Settings(bootstrap=broker.bootstrap, topic_prefix=topic_prefix)
    await apply(settings, [QUESTIONS, ANSWERS, KNOWN, DEAD_LETTERS])
    producer = Producer(settings)
    await producer.start()
    yield producer
    await producer.stop()


@pytest.fixture
def settings(broker: Broker, producer: Producer) -> Settings:
    return Settings(bootstrap=broker.bootstrap, topic_prefix=producer.names.prefix, instance="one")


class Recording:
    """Work that only remembers what the owner asked of it, in order."""

    def __init__(self) -> None:
        self.began: list[int] = []
        self.restored: list[str] = []
        self.started: list[int] = []
        self.taken: list[str] = []
        self.ended: list[int] = []
        self.hold = asyncio.Event()
        self.hold.set()

    def begin(self, number: int) -> None:
        self.began.append(number)

    def restore(self, record: Incoming) -> None:
        assert not self.started, "a state record after the start"
        self.restored.append(record.key)

    async def start(self, number: int) -> None:
        self.started.append(number)

    async def take(self, records: Sequence[Incoming]) -> None:
        self.taken += [record.key for record in records]
        await self.hold.wait()

    async def end(self, number: int) -> None:
        self.ended.append(number)


@contextlib.asynccontextmanager
async def running(owner: Owner, work: object) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(owner.run(work))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})


def at(topic: Topic, number: int, *keys: str) -> list[Outgoing]:
    return [Outgoing(topic=topic, partition=number, key=key, value=b"{}") for key in keys]


async def test_states_come_before_the_start_and_records_after_it(settings: Settings, producer: Producer) -> None:
    await producer.deliver([*at(KNOWN, 0, "s1", "s2"), *at(QUESTIONS, 0, "q1")])
    owner, work = Owner(settings, group="g", sources=[QUESTIONS], states=[KNOWN]), Recording()
    assert not owner.ready
    async with running(owner, work):
        await until(lambda: work.taken == ["q1"])
        assert (work.began, work.restored, work.started) == (NUMBERS, ["s1", "s2"], NUMBERS)
        assert owner.ready
        assert all(owner.holds(number) for number in NUMBERS)
        assert not owner.holds(3)
        assert await owner.recheck(0)
        assert not await owner.recheck(3)
    assert work.ended == NUMBERS


async def test_what_was_committed_is_not_taken_again_and_looking_back_restores_it(
    settings: Settings, producer: Producer
) -> None:
    await producer.deliver(at(QUESTIONS, 1, "q0", "q1", "q2", "q3"))
    owner, work = Owner(settings, group="g", sources=[QUESTIONS], states=[KNOWN]), Recording()
    async with running(owner, work):
        await until(lambda: len(work.taken) == 4)
        await owner.commit(QUESTIONS, 1, 3)
        await owner.commit(QUESTIONS, 1, 2)
        assert owner.done()[settings.topic_prefix + "questions", 1] == 3
        assert owner.lag()[settings.topic_prefix + "questions", 1] == 1
    owner, work = Owner(settings, group="g", sources=[QUESTIONS], states=[KNOWN], look_back=2), Recording()
    async with running(owner, work):
        await until(lambda: work.taken == ["q3"])
    assert work.restored == ["q1", "q2"]


@pytest.mark.parametrize("lives", [pytest.param(1, id="first-life"), pytest.param(2, id="second-life")])
async def test_a_topic_that_is_source_and_state_is_restored_to_its_end_and_never_committed(
    settings: Settings, producer: Producer, lives: int
) -> None:
    await producer.deliver(at(KNOWN, 2, "a", "b"))
    for _ in range(lives):
        owner, work = Owner(settings, group="g", sources=[KNOWN], states=[KNOWN]), Recording()
        async with running(owner, work):
            await until(lambda owner=owner: owner.ready)
            assert work.restored == ["a", "b"]
            assert owner.done()[settings.topic_prefix + "known", 2] == 2
        assert work.taken == []


async def test_a_followed_topic_hands_over_what_comes_later(settings: Settings, producer: Producer) -> None:
    owner, work = Owner(settings, group="g", sources=[KNOWN], states=[KNOWN]), Recording()
    async with running(owner, work):
        await until(lambda: owner.ready)
        await producer.deliver(at(KNOWN, 2, "c"))
        await until(lambda: work.taken == ["c"])
        assert owner.done()[settings.topic_prefix + "known", 2] == 1


async def test_a_batch_in_flight_is_finished_before_the_owner_leaves(settings: Settings, producer: Producer) -> None:
    owner, work = Owner(settings, group="g", sources=[QUESTIONS]), Recording()
    work.hold.clear()
    await producer.deliver(at(QUESTIONS, 0, "q"))
    async with running(owner, work) as task:
        await until(lambda: work.taken == ["q"])
        task.cancel()
        await asyncio.sleep(0.05)
        assert work.ended == []
        work.hold.set()
    assert work.ended == NUMBERS


async def test_a_batch_that_never_ends_is_cut_off(
    settings: Settings, producer: Producer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.loops.owner.GRACE_S", 0.05)
    owner, work = Owner(settings, group="g", sources=[QUESTIONS]), Recording()
    work.hold.clear()
    await producer.deliver(at(QUESTIONS, 0, "q"))
    async with running(owner, work) as task:
        await until(lambda: work.taken == ["q"])
        task.cancel()
        await asyncio.wait({task}, timeout=10)
        assert task.cancelled()


async def test_a_paused_partition_rests_until_it_is_resumed(settings: Settings, producer: Producer) -> None:
    owner, work = Owner(settings, group="g", sources=[QUESTIONS], waiting=[QUESTIONS]), Recording()
    async with running(owner, work):
        await until(lambda: owner.ready)
        assert owner.done() == {}, "records that may wait are not watched"
        owner.pause(QUESTIONS, 0)
        owner.pause(QUESTIONS, 99)
        await producer.deliver([*at(QUESTIONS, 0, "rests"), *at(QUESTIONS, 1, "comes")])
        await until(lambda: work.taken == ["comes"])
        owner.resume(QUESTIONS, 99)
        owner.resume(QUESTIONS, 0)
        await until(lambda: work.taken == ["comes", "rests"])


async def test_what_waits_is_counted_to_the_very_end_of_a_partition_that_rests(
    settings: Settings, producer: Producer
) -> None:
    owner, work = Owner(settings, group="g", sources=[QUESTIONS, ANSWERS], waiting=[QUESTIONS]), Recording()
    assert await owner.waiting() == {}
    await producer.deliver([*at(QUESTIONS, 0, "q0", "q1"), *at(ANSWERS, 0, "watched")])
    async with running(owner, work):
        await until(lambda: len(work.taken) == 3)
        owner.pause(QUESTIONS, 0)
        await producer.deliver(at(QUESTIONS, 0, "q2", "q3", "q4"))
        await owner.commit(QUESTIONS, 0, 1)
        assert await owner.waiting() == {(settings.topic_prefix + "questions", n): 4 * (n == 0) for n in NUMBERS}
        assert set(owner.done()) == {(settings.topic_prefix + "answers", n) for n in NUMBERS}
    assert await owner.waiting() == {}


async def test_a_second_member_takes_over_what_the_first_lets_go(settings: Settings, producer: Producer) -> None:
    alone = settings.model_copy(update={"instance": None})
    first, second = (Owner(alone, group="g", sources=[QUESTIONS], states=[KNOWN]) for _ in range(2))
    work, other = Recording(), Recording()
    async with running(first, work):
        await until(lambda: first.ready)
        work.started.clear()
        async with running(second, other):
            await until(lambda: len(first.done()) + len(second.done()) == 3 and second.done())
            assert work.ended == NUMBERS
            work.started.clear()
        await until(lambda: len(first.done()) == 3)
        await producer.deliver([record for number in NUMBERS for record in at(QUESTIONS, number, f"q{number}")])
        await until(lambda: sorted(work.taken) == ["q0", "q1", "q2"])


async def test_who_is_asked_to_end_does_not_wait_for_a_rebalance_that_a_busy_member_holds_up(
    settings: Settings, producer: Producer
) -> None:
    named = [settings.model_copy(update={"instance": name, "session_timeout_s": 29.0}) for name in ("a", "b", "c")]
    owners = [Owner(each, group="g", sources=[QUESTIONS]) for each in named]
    works = [Recording() for _ in owners]
    async with contextlib.AsyncExitStack() as stack:
        first, second, third = [
            await stack.enter_async_context(running(*pair)) for pair in zip(owners, works, strict=True)
        ]
        await until(lambda: all(len(owner.done()) == 1 for owner in owners))
        works[0].hold.clear()
        await producer.deliver([record for number in NUMBERS for record in at(QUESTIONS, number, "q")])
        await until(lambda: works[0].taken)
        second.cancel()
        await asyncio.wait({second})
        await until(lambda: works[2].ended)
        third.cancel()
        await asyncio.wait({third})
        assert await members(settings) == ["a"]
        assert not first.done()
        works[0].hold.set()


async def members(settings: Settings) -> list[str]:
    """Return the names of the group's members, as the broker says."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap)
    await admin.start()
    [answer] = await admin.describe_consumer_groups([f"{settings.topic_prefix}g"])
    await admin.close()
    return sorted(member_id.partition("-g-")[0] for member_id, *_ in answer.groups[0][5])


class Failing(Recording):
    """Work that fails where it is told to."""

    def __init__(self, place: str) -> None:
        super().__init__()
        self._place = place

    def begin(self, number: int) -> None:
        super().begin(number)
        self._fail("begin")

    async def take(self, records: Sequence[Incoming]) -> None:
        self._fail("take")
        await super().take(records)

    async def end(self, number: int) -> None:
        self._fail("end")
        await super().end(number)

    def _fail(self, place: str) -> None:
        if self._place == place:
            raise ZeroDivisionError(place)


@pytest.mark.parametrize("place", ["begin", "take"])
async def test_what_the_work_raises_ends_the_owner(settings: Settings, producer: Producer, place: str) -> None:
    await producer.deliver(at(QUESTIONS, 0, "q"))
    with pytest.raises(ZeroDivisionError, match=place):
        await Owner(settings, group="g", sources=[QUESTIONS], states=[KNOWN]).run(Failing(place))


async def test_an_end_that_fails_in_a_rebalance_ends_the_owner(settings: Settings, producer: Producer) -> None:
    alone = settings.model_copy(update={"topic_prefix": producer.names.prefix, "instance": None})
    first = Owner(alone, group="g", sources=[QUESTIONS])
    failing = asyncio.create_task(first.run(Failing("end")))
    await until(lambda: first.ready)
    async with running(Owner(alone, group="g", sources=[QUESTIONS]), Recording()):
        await asyncio.wait({failing}, timeout=30)
    with pytest.raises(ZeroDivisionError, match="end"):
        await failing


async def test_a_missing_topic_is_refused_before_anything_is_read(broker: Broker, topic_prefix: str) -> None:
    owner = Owner(Settings(bootstrap=broker.bootstrap, topic_prefix=topic_prefix), group="g", sources=[QUESTIONS])
    with pytest.raises(ConfigurationError, match="tocsin topics apply"):
        await owner.run(Recording())


async def test_a_batch_answers_each_question_once_over_two_lives(settings: Settings, producer: Producer) -> None:
    now, metrics = datetime.now(UTC), Metrics(CollectorRegistry())
    answered: list[int] = []
    for ids in (range(5), range(3, 8)):
        await producer.deliver([question(Probe(id=number), now) for number in ids])
        owner = Owner(settings, group=GROUP, sources=[QUESTIONS], states=[KNOWN])
        batch = Answering(freeze=False)
        async with running(owner, BatchWork(owner, batch, producer, metrics)):
            await until(
                lambda owner=owner: owner.ready and not any(owner.lag().values()) and any(owner.done().values())
            )
            answered = sorted(number for known in batch.known.values() for number in known)
        assert batch.known == {}, "what was let go of is dropped"
    assert answered == list(range(8))


async def test_a_state_record_that_can_not_be_read_stops_no_other(settings: Settings, producer: Producer) -> None:
    poison = Outgoing(topic=KNOWN, partition=0, key="1", value=b"not JSON")
    await producer.deliver([poison, Outgoing(topic=KNOWN, partition=0, key="2", value=Known(id=2).to_json())])
    owner, batch = Owner(settings, group=GROUP, sources=[QUESTIONS], states=[KNOWN]), Answering(freeze=False)
    async with running(owner, BatchWork(owner, batch, producer, Metrics(CollectorRegistry()))):
        await until(lambda: owner.ready)
        assert batch.known[0] == {2}
