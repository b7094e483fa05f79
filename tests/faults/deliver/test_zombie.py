import asyncio
import signal
from collections import Counter
from pathlib import Path

import pytest

from agents.broker.server import Broker
from streams.routing.route import Receiver
from tests.support.deliver_process import Field
from tests.support.notices import delivery
from tests.support.processes import Child, children, until
from tests.support.webhook_sink import WebhookSink

pytestmark = [pytest.mark.kafka, pytest.mark.faults]
HOOKS = tuple(f"hook-{number}" for number in range(6))
EACH, CONCURRENCY = 40, 2
LONGER_THAN_A_SESSION_S = 9.0


async def test_a_sender_that_was_frozen_longer_than_its_session_repeats_only_what_it_had_in_hand(
    broker: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    async with WebhookSink(slow_s=0.1) as sink:
        made: list[Receiver] = []
        for name in HOOKS:
            (tmp_path / name).write_text(sink.url(name))
            options = {"url_file": str(tmp_path / name), "ordered": False, "allow_insecure": True}
            given = {"receiver_id": name, "type": "webhook", "options": options, "concurrency": CONCURRENCY}
            made.append(Receiver.model_validate(given | {"rate": {"per_second": 1000, "burst": 1000}}))
        field = await Field.laid(broker.bootstrap, topic_prefix)
        await field.route(*made)
        given = ("--bootstrap", str(field.settings.bootstrap), "--prefix", topic_prefix, "--allow", sink.allow[0])
        sent = {one.delivery_id for one in (delivery(name, number=n) for name in HOOKS for n in range(EACH))}
        async with children() as started:
            frozen = await Child.start("tests.support.deliver_process", *given)
            started.append(frozen)
            await until(lambda: frozen.said)
            await field.publish(delivery(name, number=n) for n in range(EACH) for name in HOOKS)
            await until(lambda: len(sink.ids) > 40)
            frozen.send(signal.SIGSTOP)
            started.append(await Child.start("tests.support.deliver_process", *given))
            await asyncio.sleep(LONGER_THAN_A_SESSION_S)
            frozen.send(signal.SIGCONT)
            states = await field.finals(len(sent))
            await asyncio.sleep(1)
            assert [await child.stop() for child in started] == [0, 0]
        assert {states[name].state.value for name in sent} == {"delivered"}
        came = Counter(sink.ids)
        assert set(came) == sent
        assert sum(came.values()) - len(sent) <= len(HOOKS) * CONCURRENCY
