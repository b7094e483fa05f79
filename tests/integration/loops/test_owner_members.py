"""Owners of one group: who takes over, who is waited for, and what a failing one leaves."""

import asyncio
import contextlib
from collections.abc import Sequence

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from agents.kafka import Incoming, Producer
from agents.loops.owner import Owner
from config.settings import Settings
from tests.support.loops import KNOWN, QUESTIONS
from tests.support.owning import NUMBERS, Recording, at, running
from tests.support.processes import until

pytestmark = pytest.mark.kafka


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
