import asyncio
import signal
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agents.broker.server import Broker
from streams.ids import content_id
from streams.matching.rule import Urgency
from streams.routing.notification import Delivery
from streams.routing.route import Receiver
from streams.topics import AUDIT, DELIVERIES, RETRIES, THREADS
from tests.support.audited import said, verified
from tests.support.deliver_process import Field
from tests.support.notices import delivery
from tests.support.processes import Child, children, until
from tests.support.slack_emulator import TOKEN, SlackEmulator
from tests.support.webhook_sink import WebhookSink

pytestmark = [pytest.mark.kafka, pytest.mark.faults]

HOOKS = tuple(f"hook-{number}" for number in range(8))
DEAD, CHATS = "hook-dead", ("chat-a", "chat-b")
EACH, KILLS, CONCURRENCY = 60, 5, 4
LIVING = (*HOOKS, *CHATS)


def fault_of(name: str, times: int) -> str | None:
    """Return what becomes of an attempt: a quarter of the first ones fails, half of those after it was taken."""
    if times > 1:
        return None
    share = int(content_id(name), 16) % 100
    return "drop" if share < 12 else "500" if share < 20 else "503/1" if share < 25 else None


def receivers(folder: Path, sink: WebhookSink, slack: SlackEmulator) -> list[Receiver]:
    (folder / "token").write_text(TOKEN)
    made: list[dict[str, Any]] = []
    for name in (*HOOKS, DEAD):
        (folder / name).write_text(sink.url(name))
        options = {"url_file": str(folder / name), "ordered": False, "allow_insecure": True, "timeout_s": 10.0}
        made.append({"receiver_id": name, "type": "webhook", "options": options, "concurrency": CONCURRENCY})
    for name in CHATS:
        options = {
            "token_file": str(folder / "token"), "channel": f"C-{name}", "api_url": slack.api_url,
            "allow_insecure": True, "timeout_s": 10.0,
        }  # fmt: skip
        made.append({"receiver_id": name, "type": "slack", "options": options})
    return [Receiver.model_validate(each | {"rate": {"per_second": 50, "burst": 50}}) for each in made]


def deliveries(names: Sequence[str]) -> list[Delivery]:
    urgencies = tuple(Urgency)
    return [
        delivery(name, number=number, story=f"5t0ry{number // 4:011d}", urgency=urgencies[number % 3])
        for number in range(EACH)
        for name in names
    ]


async def run_and_kill(field: Field, allow: Sequence[str]) -> None:
    """Publish while a sender runs, kill it again and again, and let the last one finish."""
    given = ("--bootstrap", str(field.settings.bootstrap), "--prefix", field.settings.topic_prefix)
    command = ("tests.support.deliver_process", *given, "--allow", ",".join(allow), "--instance", "one")
    everything = deliveries((*LIVING, DEAD))
    share = len(everything) // KILLS
    async with children() as started:
        for kill in range(KILLS):
            started.append(await Child.start(*command))
            await field.publish(everything[kill * share : (kill + 1) * share])
            await until(lambda: started[-1].said)
            await asyncio.sleep(0.15 * (kill + 1))
            started[-1].send(signal.SIGKILL)
            await started[-1].ended()
        await field.publish(everything[KILLS * share :])
        started.append(await Child.start(*command))
        await field.finals(len(LIVING) * EACH, within_s=180)
        assert await started[-1].stop() == 0


async def test_five_kills_lose_nothing_and_repeat_only_what_was_in_flight(
    broker: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    async with WebhookSink(slow_s=0.03) as sink, SlackEmulator() as slack:
        dead_ids = {one.delivery_id for one in deliveries([DEAD])}
        sink.choose = lambda name, times: "500" if name in dead_ids else fault_of(name, times)
        field = await Field.laid(broker.bootstrap, topic_prefix)
        await field.route(*receivers(tmp_path, sink, slack))
        await run_and_kill(field, (*sink.allow, *slack.allow))

        states = await field.states()
        living = {one.delivery_id for one in deliveries(LIVING)}
        assert {states[name].state.value for name in living} == {"delivered"}
        assert {states[name].state.value for name in dead_ids if name in states} == {"handed_off"}
        assert dead_ids <= await field.in_hand()

        audit = await field.records(AUDIT)
        assert set(said(audit)) >= {("delivered", name) for name in living}
        verification = verified(audit)
        assert not any(finding.is_break for finding in verification.findings)
        assert sum(chain.closed for chain in verification.chains.values()) == 1, "the last process ended in order"

        hooked = {one.delivery_id for one in deliveries(HOOKS)}
        came = Counter(name for name in sink.ids if name in hooked)
        assert set(came) == hooked
        failed_first = sum(fault_of(name, 1) is not None for name in hooked)
        repeated = sum(times - 1 for times in came.values()) - failed_first
        assert 0 <= repeated <= KILLS * len(HOOKS) * CONCURRENCY

        for name in CHATS:
            ids = Counter(slack.delivery_ids(f"C-{name}"))
            assert set(ids) == {one.delivery_id for one in deliveries([name])}
            assert set(ids.values()) == {1}
        assert slack.violations == []


async def test_what_a_living_receiver_is_sent_costs_few_records(
    broker: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    async with WebhookSink(slow_s=0.03) as sink, SlackEmulator() as slack:
        sink.choose = fault_of
        field = await Field.laid(broker.bootstrap, topic_prefix)
        await field.route(*receivers(tmp_path, sink, slack))
        await run_and_kill(field, (*sink.allow, *slack.allow))
        handed_off = sum([len(await field.records(topic)) for topic in RETRIES.values()])
        published = sum([len(await field.records(topic)) for topic in DELIVERIES.values()])
        assert published == len(deliveries((*LIVING, DEAD)))
        assert handed_off <= 3 * published
        stories = {one.alert.story_id for one in deliveries(CHATS)}
        assert len({record.key for record in await field.records(THREADS)}) == len(CHATS) * len(stories)
