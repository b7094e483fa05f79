"""The gauge without a broker; with one, see tests/integration/deliver/test_unaccounted.py."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import pytest

from agents.deliver.ledger import DeliveryLedger
from agents.deliver.unaccounted import Unaccounted
from agents.metrics import new_metrics
from config.settings import Settings
from tests.support.notices import AT


class Sender:
    """Holds number 0 from the second question on, and counts the questions."""

    asked = 0

    def progress(self) -> Mapping[tuple[str, int], int]:
        self.asked += 1
        return {("t.deliveries.flash", 0): 7} if self.asked > 1 else {}

    def ledger(self, number: int) -> DeliveryLedger | None:
        return DeliveryLedger() if number == 0 else None


async def test_while_no_broker_answers_the_gauge_stays_and_it_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.deliver.unaccounted.LOOK_EVERY_S", 0.01)
    metrics, sender = new_metrics(), Sender()
    metrics.alerts_unaccounted.set(3)
    settings = Settings(bootstrap="127.0.0.1:1", topic_prefix="t.")
    task = asyncio.create_task(
        Unaccounted(settings, owner=sender, sender=sender, metrics=metrics, now=lambda: AT).run()
    )
    async with asyncio.timeout(20):
        while sender.asked < 4:  # noqa: ASYNC110 - it has no event of its own
            await asyncio.sleep(0.01)
    assert not task.done()
    assert metrics.alerts_unaccounted._value.get() == 3
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
