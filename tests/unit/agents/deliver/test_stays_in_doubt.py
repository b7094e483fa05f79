"""What may have arrived stays in doubt until somebody asked, and a digest goes again under the id that it had."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from agents.deliver.outcome import Outcome, ambiguous, failed
from agents.kafka import Incoming, outgoing
from streams.controls import Control
from streams.ids import ControlId, UserId
from streams.routing.digest import digest_of
from streams.routing.notification import Delivery
from streams.routing.schedule import scheduled
from streams.topics import CONTROLS, RETRIES
from tests.support.alerting import written
from tests.support.delivery_world import MemoryReceiver, receiver, routes, until
from tests.support.sender_world import World, jumping, sent_to

SETTLED_IN_S = 5.0  # after a start: what was appended before may have been sent by an earlier process
EACH_MINUTE = receiver("mail", options={}, digest={"every_s": 60})


def pause(world: World, minutes: int) -> Incoming:
    at = world.log.now
    ends_at = at + timedelta(minutes=minutes)
    control = Control(kind="pause", id=ControlId("hook"), starts_at=at, ends_at=ends_at, user=UserId("kim"))
    return written(outgoing(CONTROLS, control, key=control.key, ce_id="p", stage="t", at=at), at=at)


def publish(world: World, *numbers: int) -> None:
    for number in numbers:
        world.log.publish(scheduled(sent_to("mail", number, urgency="urgent"), EACH_MINUTE, at=world.log.now))


def digest_ids(mail: MemoryReceiver) -> list[str]:
    return [digest_of(attempt.members).digest_id for attempt in mail.attempts]


@jumping
async def test_a_pause_between_a_kill_and_the_next_attempt_forgets_no_doubt() -> None:
    hook = MemoryReceiver([failed("http_500")], takes_s=3)
    world = World(hook=hook)
    killed = await world.process().start()
    await asyncio.sleep(SETTLED_IN_S)
    world.publish(1)
    await until(lambda: len(hook.calls) == 2, step_s=0.01, most_s=0.1)
    await killed.kill()  # while the second attempt is under way: it may arrive
    process = world.process()
    process.receivers.apply(pause(world, minutes=6))
    await process.start()
    await world.settled(1)
    await process.stop()
    assert [attempt.doubtful for attempt in hook.attempts] == [False, False, True]


@jumping
async def test_a_receiver_that_the_routes_lose_for_a_while_is_asked_when_it_is_back() -> None:
    hook = MemoryReceiver([ambiguous("timeout")])
    world = World(hook=hook)
    async with world.running() as process:
        await asyncio.sleep(SETTLED_IN_S)
        world.publish(1)
        await until(lambda: len(hook.calls) == 1)
        process.receivers.apply(routes(version="r2"))
        await until(lambda: world.log.tier_records() >= 3)
        process.receivers.apply(world.known)
        await world.settled(1)
    assert [attempt.doubtful for attempt in hook.attempts] == [False, True]


@jumping
async def test_a_sure_failure_after_a_doubtful_one_brings_a_digest_no_other_members() -> None:
    mail = MemoryReceiver([ambiguous("timeout"), failed("connect_refused")])
    world = World(known=routes(EACH_MINUTE), mail=mail)
    async with world.running():
        publish(world, 1, 2)
        await until(lambda: len(mail.calls) == 2)
        again = Delivery.from_json(world.log.of(RETRIES["5m"])[-1].value)
        world.log.publish(sent_to("mail", 3, purpose=again.purpose, not_before=again.not_before))
        await world.settled(3)
    first, *others = digest_ids(mail)
    assert others.count(first) == 2
    assert sorted(len(attempt.members) for attempt in mail.attempts) == [1, 2, 2, 2]


@pytest.mark.parametrize("then", [[], [failed("http_500"), failed("http_500")]], ids=["taken then", "failed then"])
@jumping
async def test_two_digests_in_doubt_do_not_become_one_that_nobody_knows(then: Sequence[Outcome]) -> None:
    mail = MemoryReceiver([ambiguous("timeout"), ambiguous("timeout"), *then])
    world = World(known=routes(EACH_MINUTE), mail=mail)
    async with world.running():
        publish(world, 1, 2)
        await until(lambda: len(mail.calls) == 1)
        publish(world, 3, 4)
        await world.settled(4)
    ids = digest_ids(mail)
    assert len(set(ids)) == 2
    assert ids[0] != ids[1]
