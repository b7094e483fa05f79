"""The gauge that says that somebody has to look at a receiver."""

import pytest

from agents.deliver.outcome import Outcome, OutcomeKind, ambiguous, delivered, failed, refused, throttled
from streams.errors import Reason
from tests.support.delivery_world import MemoryReceiver, Process
from tests.support.sender_world import World, in_order, jumping


def needs_attention(process: Process, name: str = "hook") -> float:
    return process.metrics.receiver_needs_attention.labels(name)._value.get()


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        pytest.param(refused("http_401", Reason.CREDENTIALS_REFUSED), 1, id="credentials"),
        pytest.param(refused("channel_not_found"), 1, id="no such channel"),
        pytest.param(Outcome(kind=OutcomeKind.GONE, detail="http_410"), 1, id="gone"),
        pytest.param(refused("KeyError", Reason.RENDER_FAILED), 0, id="it was our own fault"),
        pytest.param(delivered(), 0, id="delivered"),
    ],
)
@jumping
async def test_a_refusal_that_is_the_receivers_word_sets_it(outcome: Outcome, expected: int) -> None:
    world = World(hook=MemoryReceiver([outcome]))
    async with world.running() as process:
        world.publish(0)
        await world.settled(1)
        assert needs_attention(process) == expected
    assert needs_attention(process) == 0  # another owner says from now on


@pytest.mark.parametrize("outcome", [failed("http_500"), ambiguous("timeout"), throttled("http_429", 40.0)])
@jumping
async def test_failures_that_pass_do_not_set_it_nor_take_it_back(outcome: Outcome) -> None:
    world = World(known=in_order(), hook=MemoryReceiver([refused("http_404"), outcome, refused("http_404")]))
    async with world.running() as process:
        world.publish(0)
        await world.settled(1)
        world.publish(1)
        await world.settled(2)
        assert needs_attention(process) == 1


@jumping
async def test_the_next_delivery_that_arrives_takes_it_back() -> None:
    world = World(hook=MemoryReceiver([refused("http_404")]))
    async with world.running() as process:
        world.publish(0)
        await world.settled(1)
        assert needs_attention(process) == 1
        world.publish(1)
        await world.settled(2)
        assert needs_attention(process) == 0
