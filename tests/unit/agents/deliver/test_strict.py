"""A receiver that counts what arrives, not what was sent: on the way messages get closer to each other."""

import asyncio
from random import Random

import pytest

from agents.deliver.attempt import Attempt
from agents.deliver.bucket import Bucket
from agents.deliver.outcome import Outcome, delivered, throttled
from tests.support.delivery_world import MemoryReceiver
from tests.support.sender_world import World, in_order, jumping


class Strict(MemoryReceiver):
    """Takes a message a second at most; a message takes 20 to 60 ms to it."""

    def __init__(self) -> None:
        super().__init__()
        self.random, self.took_at, self.refused = Random(3), -1.0, 0

    async def send(self, attempt: Attempt) -> Outcome:
        """Return what came of it."""
        self.calls.append((asyncio.get_running_loop().time(), attempt.delivery.delivery_id))
        await asyncio.sleep(self.random.uniform(0.02, 0.06))
        now = asyncio.get_running_loop().time()
        await asyncio.sleep(0.1)
        if now - self.took_at < 0.98:
            self.refused += 1
            return throttled("http_429", 1.0)
        self.took_at = now
        return delivered("ref")


async def refused_of_a_hundred() -> int:
    hook = Strict()
    world = World(known=in_order(rate={"per_second": 1, "burst": 3}), hook=hook)
    async with world.running():
        world.publish(*range(100))
        await world.settled(100)
    return hook.refused


@jumping
async def test_a_receiver_that_takes_one_a_second_has_to_say_so_once() -> None:
    assert await refused_of_a_hundred() == 1


@jumping
async def test_mutation_counted_from_the_start_of_an_attempt_many_come_too_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Bucket, "answered", lambda _self, _now, too_soon: None)  # noqa: ARG005 - as it is called
    assert await refused_of_a_hundred() > 10
