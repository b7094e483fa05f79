"""`tocsin deliveries reconcile` against the real Kafka: every state, and a system that runs meanwhile."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents.broker.server import Broker
from agents.cli.account import take_account
from agents.deliver import service
from agents.kafka import Outgoing, outgoing
from config.settings import load_settings
from streams.record import Record
from streams.routing.notification import Delivery, DeliveryState
from streams.routing.reconcile import Standing
from streams.routing.route import Receiver
from streams.topics import DELIVERIES, DELIVERY_STATES, RETRIES, ROUTINGS, Topic
from tests.support.command_line import Tocsin
from tests.support.deliver_process import Field, running
from tests.support.notices import delivery
from tests.support.promises import commit, commit_alerts, promise
from tests.support.webhook_sink import WebhookSink

pytestmark = pytest.mark.kafka
WEEK = timedelta(days=7)


def state(given: Delivery, status: str, *, seq: int = 0) -> Outgoing:
    record = DeliveryState.model_validate(
        {
            "delivery_id": given.delivery_id, "receiver": given.receiver, "seq": seq, "state": status, "attempts": 1,
            "outcome": "", "changed_at": datetime.now(UTC),
        }
    )  # fmt: skip
    return written(DELIVERY_STATES, given, record, key=given.delivery_id)


def on(topic: Topic, given: Delivery, *, seq: int = 0) -> Outgoing:
    """Return the record of a delivery on one of the sender's topics."""
    name = given.delivery_id
    return written(topic, given, given, key=given.receiver, ce_id=f"{name}/{seq}" if seq else name)


def written(topic: Topic, given: Delivery, record: Record, *, key: str, ce_id: str = "x") -> Outgoing:
    return outgoing(topic, record, key=key, by=given.receiver, ce_id=ce_id, stage="test", at=datetime.now(UTC))


async def lay(broker: Broker, prefix: str) -> None:
    """Put a delivery of each standing on the topics: `hook` has all of them, `mail` one that is not lost yet."""
    field = await Field.laid(broker.bootstrap, prefix)
    hooked = [delivery("hook", number=number) for number in range(9)]
    done, read, left, older = hooked[:4], hooked[4], hooked[5], hooked[6:8]  # and nothing is ever written of the last
    waits = delivery("mail", number=20)
    tier, urgent = RETRIES["5m"], DELIVERIES[read.urgency]
    broken = Outgoing(topic=ROUTINGS, partition=0, key="x", value=b"{")
    await field.write([on(urgent, older[0])])
    await field.write(
        [
            *map(promise, hooked), promise(waits, alert_offset=3), broken,
            *map(state, done, ("delivered", "dead", "expired", "muted")), Outgoing(
                topic=DELIVERY_STATES, partition=0, key="x", value=b"{"
            ),
            on(urgent, read), Outgoing(topic=urgent, partition=0, key="x", value=b"{"),
            on(tier, left, seq=2), state(left, "handed_off", seq=2),
            on(tier, older[1], seq=1), state(older[1], "handed_off", seq=2),
        ]
    )  # fmt: skip
    await commit(field.settings, service.GROUP, urgent, urgent.partition("hook"), 1)
    await commit_alerts(field.settings, waits, 3)


def test_every_delivery_stands_in_one_column_and_what_is_lost_is_listed(
    tocsin: Tocsin, broker: Broker, topic_prefix: str
) -> None:
    asyncio.run(lay(broker, topic_prefix))
    said = tocsin("deliveries", "reconcile", "--json")
    assert said.code == 1
    hook, mail, *missing = [json.loads(line) for line in said.out.splitlines()]
    ends = {"delivered": 1, "dead": 1, "expired": 1, "muted": 1}
    assert hook == {"receiver": "hook", "promised": 9, **ends, "in_flight": 2, "unaccounted": 3, "redriven": 0}
    assert (mail["promised"], mail["in_flight"]) == (1, 1)
    assert {row["delivery"] for row in missing} == {delivery("hook", number=n).delivery_id for n in (6, 7, 8)}
    assert {(row["receiver"], row["desk"]) for row in missing} == {("hook", "fx-desk")}
    assert delivery("hook", number=8).alert.event_id + "@fx-desk" in {row["routing"] for row in missing}
    assert "1 routings can't be read" in said.err

    few = tocsin("deliveries", "reconcile", "--limit", "1")
    assert "only the first 1 are listed" in few.err
    assert len(few.out.splitlines()) == 5
    asyncio.run(commit_alerts(load_settings(), delivery("mail", number=20), 4))
    only = tocsin("deliveries", "reconcile", "--receiver", "mail", "--json")
    assert json.loads(only.out.splitlines()[0])["unaccounted"] == 1
    assert tocsin("deliveries", "reconcile", "--desk", "other").out == "nothing was told\n"


def test_what_was_told_before_is_left_out(tocsin: Tocsin, broker: Broker, topic_prefix: str) -> None:
    async def lay_one() -> None:
        field = await Field.laid(broker.bootstrap, topic_prefix)
        await field.write([promise(delivery("hook"))])
        await asyncio.sleep(1.1)

    asyncio.run(lay_one())
    assert tocsin("deliveries", "reconcile", "--since", "1s").code == 0
    assert tocsin("deliveries", "reconcile", "--since", "1h").code == 1


@pytest.mark.parametrize("since", ["a while", "8d"])
def test_a_time_that_nobody_can_account_for_is_exit_2(tocsin: Tocsin, since: str) -> None:
    assert tocsin("deliveries", "reconcile", "--since", since).code == 2


async def test_on_a_system_that_runs_nothing_looks_lost_but_what_is(
    broker: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    async with WebhookSink() as sink:
        sink.choose = lambda name, times: "500" if times == 1 and int(name[:2], 16) < 100 else None
        field = await Field.laid(broker.bootstrap, topic_prefix, allow_addresses=tuple(sink.allow))
        (tmp_path / "url").write_text(sink.url("hook"))
        options = {"url_file": str(tmp_path / "url"), "ordered": False, "allow_insecure": True, "timeout_s": 1.0}
        hook = {"receiver_id": "hook", "type": "webhook", "options": options, "concurrency": 8}
        await field.route(Receiver.model_validate(hook | {"rate": {"per_second": 1000, "burst": 1000}}))
        every = [delivery("hook", number=number) for number in range(120)]
        dropped = every[77]

        async def publish() -> None:
            for each in every:
                await field.publish([each] if each is not dropped else [])
                await field.write([promise(each)])

        async with running(field.settings):
            publishing = asyncio.create_task(publish())
            seen = []
            while not publishing.done():
                books = await take_account(field.settings, since=WEEK, wanted=lambda routing: routing)
                seen.append(books.account)
            await publishing
            await field.finals(len(every) - 1)
        last = (await take_account(field.settings, since=WEEK, wanted=lambda routing: routing)).account
    lost = {each.delivery_id for account in [*seen, last] for each in account.unaccounted()}
    assert lost == {dropped.delivery_id}
    [counts] = last.by_receiver().values()
    assert counts == {Standing.DELIVERED: len(every) - 1, Standing.UNACCOUNTED: 1}
    assert any(account.by_receiver()["hook"][Standing.IN_FLIGHT] for account in seen if account.by_receiver())  # type: ignore[index]  # an id is a str
