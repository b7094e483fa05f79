"""What the deliver process says of deliveries that wait, while they wait."""

import pytest

from agents.broker.server import Broker
from agents.metrics import Metrics
from streams.topics import RETRIES
from tests.support.deliver_process import Field, running
from tests.support.notices import delivery
from tests.support.processes import until

pytestmark = pytest.mark.kafka


def in_tiers(metrics: Metrics) -> float:
    return sum(metrics.retry_backlog.labels(delay)._value.get() for delay in RETRIES)


async def test_what_waits_for_an_unknown_receiver_is_counted_and_gets_old(broker: Broker, topic_prefix: str) -> None:
    field = await Field.laid(broker.bootstrap, topic_prefix)
    await field.route()
    async with running(field.settings) as metrics:
        age = metrics.oldest_undelivered.labels("urgent")._value
        assert (in_tiers(metrics), age.get()) == (0, 0)
        await field.publish([delivery("nobody", number=number) for number in range(3)])
        await until(lambda: in_tiers(metrics) == 3)
        await until(lambda: age.get() > 3)
