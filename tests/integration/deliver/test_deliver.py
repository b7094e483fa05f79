from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agents.broker.server import Broker
from streams.dead_letter import DeadLetter
from streams.latency import Hop
from streams.matching.rule import Urgency
from streams.routing.route import Receiver
from streams.topics import DEAD_LETTERS, DELIVERY_STATES, THREADS
from tests.support.deliver_process import Field, running
from tests.support.notices import delivery
from tests.support.slack_emulator import TOKEN, SlackEmulator
from tests.support.webhook_sink import WebhookSink

pytestmark = pytest.mark.kafka
KEY = "whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldY"
RAW = b"ABCDEFGHIJKLMNOPQRSTUVWX"


@pytest.fixture
async def sink() -> AsyncIterator[WebhookSink]:
    async with WebhookSink(keys=(RAW,)) as served:
        yield served


@pytest.fixture
async def slack() -> AsyncIterator[SlackEmulator]:
    async with SlackEmulator() as served:
        yield served


@pytest.fixture
async def field(broker: Broker, topic_prefix: str, sink: WebhookSink, slack: SlackEmulator) -> Field:
    return await Field.laid(broker.bootstrap, topic_prefix, allow_addresses=(*sink.allow, *slack.allow))


def hook(folder: Path, sink: WebhookSink, name: str = "hook", **given: Any) -> Receiver:  # noqa: ANN401 - a record's fields
    (folder / f"{name}.url").write_text(sink.url(name))
    (folder / "keys").write_text(KEY)
    options = {
        "url_file": str(folder / f"{name}.url"), "sign": {"keys_file": str(folder / "keys")}, "ordered": False,
        "allow_insecure": True, "timeout_s": 1.0,
    }  # fmt: skip
    usual = {"receiver_id": name, "type": "webhook", "options": options, "concurrency": 4}
    return Receiver.model_validate(usual | {"rate": {"per_second": 1000, "burst": 1000}} | given)


def chat(folder: Path, slack: SlackEmulator, name: str = "slack-fx", channel: str = "C0FXDESK") -> Receiver:
    (folder / "token").write_text(TOKEN)
    options = {
        "token_file": str(folder / "token"), "channel": channel, "api_url": slack.api_url, "allow_insecure": True,
        "timeout_s": 1.0,
    }  # fmt: skip
    rate = {"per_second": 1000, "burst": 1000}
    return Receiver.model_validate({"receiver_id": name, "type": "slack", "options": options, "rate": rate})


async def test_deliveries_reach_webhook_and_slack_and_their_states_say_so(
    field: Field, sink: WebhookSink, slack: SlackEmulator, tmp_path: Path
) -> None:
    await field.route(hook(tmp_path, sink), chat(tmp_path, slack))
    story = "5t0ry00000000009"
    sent = [delivery(name, number=n, story=story) for name in ("hook", "slack-fx") for n in range(3)]
    await field.publish(sent)
    async with running(field.settings) as metrics:
        states = await field.finals(6)
    assert {state.state.value for state in states.values()} == {"delivered"}
    assert sorted(sink.ids) == sorted(one.delivery_id for one in sent[:3])
    assert all(one.signed for one in sink.received)
    assert slack.delivery_ids("C0FXDESK") == [one.delivery_id for one in sent[3:]]
    assert [len(slack.roots("C0FXDESK")), len(slack.replies("C0FXDESK"))] == [1, 2]
    assert len(await field.records(THREADS)) >= 1
    assert all(record.ledger.at(Hop.DELIVERED) for record in await field.records(DELIVERY_STATES))
    assert metrics.deliveries.labels("hook", "delivered")._value.get() == 3
    assert slack.violations == []


async def test_a_process_that_ended_cleanly_leaves_nothing_to_send_again(
    field: Field, sink: WebhookSink, tmp_path: Path
) -> None:
    await field.route(hook(tmp_path, sink))
    await field.publish([delivery("hook", number=n) for n in range(20)])
    async with running(field.settings):
        await field.finals(20)
    async with running(field.settings):
        await field.publish([delivery("hook", number=99)])
        await field.finals(21)
    assert len(sink.ids) == 21


async def test_a_failure_comes_back_through_its_tier(field: Field, sink: WebhookSink, tmp_path: Path) -> None:
    sink.faults = ["500"]
    await field.route(hook(tmp_path, sink))
    async with running(field.settings):
        await field.publish([delivery("hook")])
        [state] = (await field.finals(1)).values()
    first, second = sink.received
    assert (state.state.value, state.attempts, state.seq) == ("delivered", 2, 1)
    assert second.at - first.at >= 1.0
    assert first.body == second.body


async def test_a_change_of_a_receiver_takes_effect_while_the_process_runs(
    field: Field, sink: WebhookSink, tmp_path: Path
) -> None:
    await field.route(hook(tmp_path, sink))
    async with running(field.settings):
        await field.publish([delivery("late")])
        await field.tier_records(1)
        await field.route(hook(tmp_path, sink), hook(tmp_path, sink, "late"), version="r2")
        [state] = (await field.finals(1)).values()
    assert (state.receiver, state.state.value) == ("late", "delivered")


async def test_a_refusal_is_set_aside_and_what_came_too_late_is_expired(
    field: Field, sink: WebhookSink, tmp_path: Path
) -> None:
    sink.faults = ["404"]
    await field.route(hook(tmp_path, sink))
    late = delivery("hook", number=1, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    async with running(field.settings):
        await field.publish([delivery("hook"), late])
        states = await field.finals(2)
    assert {state.delivery_id: state.state.value for state in states.values() if state.state.final} == {
        delivery("hook").delivery_id: "dead",
        late.delivery_id: "expired",
    }
    [letter] = [DeadLetter.from_json(record.value) for record in await field.records(DEAD_LETTERS)]
    assert (letter.stage, letter.reason.value) == ("deliver", "refused_by_receiver")
    assert "secret" not in letter.error
    assert "http" not in letter.error.replace("http_404", "")


async def test_a_receiver_that_hangs_does_not_hold_up_another_on_the_same_partition(
    field: Field, sink: WebhookSink, tmp_path: Path
) -> None:
    by_partition: dict[int, str] = {}
    names = next(
        (by_partition[number], name)
        for name in (f"hook-{n}" for n in range(20))
        if (number := DELIVERY_STATES.partition(name)) in by_partition or by_partition.update({number: name})
    )
    slow, fine = names
    sink.choose = lambda name, _: "hang" if name in hanging else None
    hanging = {delivery(slow, number=n).delivery_id for n in range(30)}
    await field.route(hook(tmp_path, sink, slow), hook(tmp_path, sink, fine))
    async with running(field.settings):
        await field.publish([delivery(slow, number=n, urgency=Urgency.URGENT) for n in range(30)])
        await field.publish([delivery(fine, number=n, urgency=Urgency.URGENT) for n in range(30)])
        await field.finals(30, within_s=20)
    fine_ids = {delivery(fine, number=n).delivery_id for n in range(30)}
    assert fine_ids <= set(sink.ids)
    assert len(hanging & set(sink.ids)) < 30
