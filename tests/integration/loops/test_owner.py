"""The owner in this very process: what it restores, hands over, commits and lets go of."""

import asyncio
from datetime import UTC, datetime

import pytest
from prometheus_client import CollectorRegistry

from agents.broker.server import Broker
from agents.kafka import Outgoing, Producer
from agents.loops.batch import BatchWork
from agents.loops.owner import Owner
from agents.metrics import Metrics
from config.settings import Settings
from streams.errors import ConfigurationError
from tests.support.loops import ANSWERS, GROUP, KNOWN, QUESTIONS, Answering, Known, Probe, question
from tests.support.owning import NUMBERS, Recording, at, running
from tests.support.processes import until

pytestmark = pytest.mark.kafka


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
