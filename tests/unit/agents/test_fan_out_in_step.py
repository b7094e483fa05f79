from collections.abc import Sequence

from agents.fan_out import InStep
from agents.kafka import Incoming
from tests.support.alerting import alert, read_alert


async def test_new_records_wait_until_the_followed_topics_were_read() -> None:
    steps: list[str] = []

    class Step:
        def begin(self, number: int) -> None:
            steps.append(f"begin {number}")

        def restore(self, record: Incoming) -> None:
            steps.append(f"restore {record.offset}")

        async def start(self, number: int) -> None:
            steps.append(f"start {number}")

        async def take(self, records: Sequence[Incoming]) -> None:
            steps.append(f"take {len(records)}")

        async def end(self, number: int) -> None:
            steps.append(f"end {number}")

        async def catch_up(self) -> None:
            steps.append("catch up")

    work = InStep(Step(), Step())
    work.begin(1)
    work.restore(read_alert(alert()))
    await work.start(1)
    await work.take([read_alert(alert())])
    await work.end(1)

    assert steps == ["begin 1", "restore 0", "start 1", "catch up", "take 1", "end 1"]
