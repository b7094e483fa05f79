"""What is committed, and when: nothing that a commit waits for may stand in the way of what comes meanwhile."""

from streams.matching.rule import Urgency
from streams.topics import DELIVERIES
from tests.support.delivery_world import MemoryReceiver, until
from tests.support.sender_world import World, jumping


@jumping
async def test_the_first_delivery_of_another_urgency_may_come_while_a_commit_is_on_its_way() -> None:
    world = World(hook=MemoryReceiver())
    async with world.running() as process:
        commit = process.commit

        async def slow(topic: object, number: int, offset: int) -> None:
            world.publish(1, urgency=Urgency.FLASH)
            await world.settled(2)
            await commit(topic, number, offset)  # type: ignore[arg-type]  # as it was given

        process.commit = slow  # type: ignore[method-assign]
        world.publish(0)
        await until(lambda: world.committed(DELIVERIES[Urgency.URGENT]) == 1)
        process.commit = commit  # type: ignore[method-assign]
        await until(lambda: world.committed(DELIVERIES[Urgency.FLASH]) > 0)
        assert not process.failed
