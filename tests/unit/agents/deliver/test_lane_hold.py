"""What a lane holds in memory holds up the commit of its partition: no longer than the watchdog is patient."""

from datetime import timedelta

from config.settings import Settings
from streams.matching.rule import Urgency
from streams.topics import DELIVERIES
from tests.support.delivery_world import (
    EPOCH,
    NAMES,
    MemoryLog,
    MemoryReceiver,
    MemoryReceivers,
    Process,
    on_a_jumping_clock,
    receiver,
    routes,
    until,
)
from tests.support.notices import delivery

FOREVER = EPOCH + timedelta(days=4000)
ROUTINE = DELIVERIES[Urgency.ROUTINE]


def test_a_delivery_that_others_overtake_for_long_waits_in_a_tier_and_not_in_the_lane() -> None:
    async def run() -> None:
        log, slack = MemoryLog(), MemoryReceiver()
        receivers = MemoryReceivers({"slack": slack}, lambda: log.now)
        receivers.apply(routes(receiver("slack", rate={"per_second": 1, "burst": 1})))
        process = await Process(log, receivers).start()
        routine = delivery("slack", number=1, urgency=Urgency.ROUTINE, expires_at=FOREVER)
        log.publish(routine)
        for number in range(2, 102):
            log.publish(delivery("slack", number=number, urgency=Urgency.FLASH, expires_at=FOREVER))
        committed = (NAMES.of(ROUTINE), ROUTINE.partition("slack"))
        patience_s = Settings(bootstrap="127.0.0.1:1").watchdog_s
        try:
            await until(lambda: committed in log.committed, within_s=patience_s - 10)
            await until(lambda: len(slack.calls) == 101, within_s=400)
        finally:
            await process.stop()
        assert slack.received[-1] == routine.delivery_id
        assert log.tier_records() <= 4

    on_a_jumping_clock(run())
