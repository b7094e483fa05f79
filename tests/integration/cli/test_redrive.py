"""`tocsin deliveries redrive` and `dead-letters redrive` against the real Kafka and the real sender."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents.broker.server import Broker
from agents.dead_letters import dead_letter, written
from agents.kafka import Incoming, Outgoing, outgoing
from streams.controls import Control
from streams.dead_letter import DeadLetter
from streams.errors import Reason
from streams.ids import ControlId, DeskId, StoryId, UserId
from streams.record import Record
from streams.routing.notification import DIGEST, Delivery, DeliveryState, DeliveryStatus, UnlessAcked
from streams.routing.route import Receiver
from streams.topics import ARTICLES, AUDIT, CONTROLS, DEAD_LETTERS, DELIVERIES, DELIVERY_STATES, RULES, Topic
from tests.support.audited import entries
from tests.support.command_line import Said, Tocsin
from tests.support.deliver_process import Field, running
from tests.support.notices import delivery
from tests.support.promises import promise
from tests.support.webhook_sink import WebhookSink

pytestmark = pytest.mark.kafka
NOW = datetime.now(UTC)
Ask = Callable[..., "asyncio.Future[Said]"]


def rows(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def ask(tocsin: Tocsin) -> Ask:
    """Return the command line as it is called beside a system that runs."""
    return lambda *arguments: asyncio.ensure_future(asyncio.to_thread(tocsin, *arguments))


@pytest.fixture
async def sink() -> AsyncIterator[WebhookSink]:
    async with WebhookSink() as served:
        yield served


@pytest.fixture
async def field(broker: Broker, topic_prefix: str, sink: WebhookSink, tmp_path: Path) -> Field:
    laid = await Field.laid(broker.bootstrap, topic_prefix, allow_addresses=tuple(sink.allow))
    (tmp_path / "url").write_text(sink.url("hook"))
    options = {"url_file": str(tmp_path / "url"), "ordered": False, "allow_insecure": True, "timeout_s": 1.0}
    await laid.route(Receiver.model_validate({"receiver_id": "hook", "type": "webhook", "options": options}))
    return laid


async def test_a_dead_delivery_is_sent_anew_once_and_every_step_is_audited(
    ask: Ask, field: Field, sink: WebhookSink
) -> None:
    lost = delivery("hook", number=1)
    await field.write([promise(lost)])
    async with running(field.settings):
        sink.always = "404"
        await field.publish([lost])
        await field.finals(1)
        planned = await ask("deliveries", "redrive", lost.delivery_id[:12], "--dry-run", "--json")
        assert (planned.code, len(await field.states())) == (0, 1)

        said = await ask("deliveries", "redrive", lost.delivery_id[:12], "--json")
        first = str(rows(said.out)[0]["redriven_as"])
        assert first == rows(planned.out)[0]["redriven_as"]
        await field.finals(2)
        sink.always = None
        said = await ask("deliveries", "redrive", "--receiver", "hook", "--state", "dead", "--since", "1h", "--json")
        second = str(rows(said.out)[0]["redriven_as"])
        states = await field.finals(3)
        again = await ask("deliveries", "redrive", lost.delivery_id, "--json")
    assert [states[name].state.value for name in (lost.delivery_id, first, second)] == ["dead", "dead", "delivered"]
    assert {each.webhook_id for each in sink.received} == {lost.delivery_id, first, second}
    assert (again.code, rows(again.out)[0]["why"]) == (1, f"it was redriven before: {second} is delivered")

    shown = rows((await ask("deliveries", "show", lost.delivery_id, "--json")).out)[0]
    assert shown["redriven_as"] == [f"{first} (dead)", f"{second} (delivered)"]
    assert rows((await ask("deliveries", "show", second, "--json")).out)[0]["redrive_of"] == lost.delivery_id
    [counts] = rows((await ask("deliveries", "reconcile", "--json")).out)
    assert (counts["promised"], counts["dead"], counts["redriven"]) == (1, 1, 1)

    told = [entry for entry in entries(await field.records(AUDIT)) if entry.action != "stopped"]
    assert [(entry.action, entry.subject, entry.user) for entry in told] == [
        ("dead", lost.delivery_id, None), ("redriven", lost.delivery_id, "ann"), ("dead", first, None),
        ("redriven", lost.delivery_id, "ann"), ("delivered", second, None),
    ]  # fmt: skip
    assert told[1].after == {"delivery_id": first, "purpose": "redrive/1"}
    assert told[4].after["purpose"] == "redrive/2"  # type: ignore[index,call-overload]  # JSON
    assert (await ask("audit", "verify")).code == 0


async def test_a_step_up_that_somebody_acknowledged_meanwhile_is_not_sent_anew(
    ask: Ask, field: Field, sink: WebhookSink
) -> None:
    asked = UnlessAcked(desk=DeskId("fx-desk"), story_id=StoryId("5t0ry00000000001"), within_s=120.0)
    lost = delivery("hook", number=1, purpose="escalation/1", unless_acked=asked)
    sink.always = "404"
    async with running(field.settings):
        await field.publish([lost])
        await field.finals(1)
        name, now = f"{asked.desk}/{asked.story_id}", datetime.now(UTC)
        seen = Control(kind="ack", id=ControlId(name), starts_at=now, up_to_at=now, user=UserId("kim"))
        await field.write([outgoing(CONTROLS, seen, key=seen.key, ce_id=name, stage="test", at=now)])
        said = await ask("deliveries", "redrive", lost.delivery_id, "--json")
        again = str(rows(said.out)[0]["redriven_as"])
        states = await field.finals(2)
    assert (states[again].state.value, states[again].outcome[:19]) == ("muted", "acknowledged by kim")
    assert sink.ids == [lost.delivery_id]


def state(given: Delivery, status: str) -> Outgoing:
    record = DeliveryState(
        delivery_id=given.delivery_id, receiver=given.receiver, seq=0, state=DeliveryStatus(status), attempts=1,
        outcome="x", changed_at=NOW,
    )  # fmt: skip
    return _out(DELIVERY_STATES, record, key=given.delivery_id, by=given.receiver)


def _out(topic: Topic, record: Record, *, key: str, by: str) -> Outgoing:
    return outgoing(topic, record, key=key, by=by, ce_id="x", stage="test", at=NOW)


async def test_what_can_not_be_sent_anew_says_why(ask: Ask, field: Field) -> None:
    gone, fine, digest, broken, late = (delivery("hook", number=number) for number in range(5))
    digest = digest.model_copy(update={"purpose": DIGEST})
    await field.publish([fine, digest, late])
    topic = DELIVERIES[broken.urgency]
    headers = (("ce_id", broken.delivery_id.encode()),)
    await field.write(
        [
            Outgoing(topic=topic, partition=topic.partition("hook"), key="hook", value=b"{", headers=headers),
            *(state(each, "dead") for each in (gone, digest, broken)), state(fine, "delivered"), state(late, "expired"),
        ]
    )  # fmt: skip
    said = await ask("deliveries", "redrive", "--receiver", "hook", "--json")
    assert said.code == 0
    why = {row["delivery"]: str(row["why"]) for row in rows(said.out)}
    assert why[gone.delivery_id] == "its record is gone: deliveries are kept for 8 days"
    assert why[digest.delivery_id].startswith("it tells in a digest that another expired")
    assert why[broken.delivery_id].startswith("its record can't be read")
    assert (why[late.delivery_id], fine.delivery_id in why) == ("", False)
    # The sender does not run: it is on its way, and asking again changes nothing.
    said = await ask("deliveries", "redrive", late.delivery_id, "--json")
    assert (said.code, str(rows(said.out)[0]["why"])[:27]) == (1, "it is on its way already, a")
    assert (await ask("deliveries", "redrive", "--receiver", "hook", "--state", "expired", "--since", "1s")).code == 0

    await field.route(version="r2")
    said = await ask("deliveries", "redrive", gone.delivery_id, "--json")
    assert (said.code, rows(said.out)[0]["why"]) == (1, "its record is gone: deliveries are kept for 8 days")
    said = await ask("deliveries", "redrive", late.delivery_id, "--json")
    assert (said.code, rows(said.out)[0]["why"]) == (1, "the routes name its receiver no more")

    for arguments, code, words in [
        ((fine.delivery_id,), 78, "is delivered: only what is dead or expired"),
        (("0" * 26,), 78, "no delivery"),
        (("",), 2, "is needed"),
        (("--receiver", "hok"), 78, "did you mean hook?"),
        ((), 2, "give a delivery, or --receiver"),
        (("x", "--receiver", "hook"), 2, "give a delivery, or --receiver"),
        (("--receiver", "hook", "--since", "9d"), 2, "7d is the most"),
    ]:
        said = await ask("deliveries", "redrive", *arguments)
        assert (said.code, words in said.err) == (code, True), said.err


async def letter_of(field: Field, topic: Topic, offset: int, *, stage: str = "match", **given: object) -> DeadLetter:
    """Write the dead letter of the record at an offset of partition 0, or of one that was there once."""
    there = [record for record in await field.records(topic) if (record.partition, record.offset) == (0, offset)]
    name = f"{field.settings.topic_prefix}{topic.name}"
    usual = Incoming(
        topic=name, partition=0, offset=offset, key="", value=b"{",
        headers=(("ce_subject", b"a-key"), ("tocsin-schema", b"article/1")), appended_at=NOW,
    )  # fmt: skip
    output = dead_letter(
        replace(there[0] if there else usual, **given),  # type: ignore[arg-type]  # fields of the record
        stage=stage, reason=Reason.NOT_JSON, error="no article",
    )  # fmt: skip
    await field.write([output])
    return DeadLetter.from_json(output.value)


def bare(topic: Topic, key: str, value: bytes) -> Outgoing:
    return Outgoing(topic=topic, partition=0, key=key, value=value, headers=(("ce_subject", key.encode()),))


async def test_a_dead_letter_s_record_is_written_to_its_place_again_and_marked(ask: Ask, field: Field) -> None:
    await field.write([bare(ARTICLES, "k0", b"{"), bare(ARTICLES, "k1", b"[" * 100_000)])
    there, large = await letter_of(field, ARTICLES, 0), await letter_of(field, ARTICLES, 1)
    kept = await letter_of(field, ARTICLES, 7)
    cut = await letter_of(field, ARTICLES, 8, value=b"x" * 70_000)
    nameless = await letter_of(field, ARTICLES, 9, headers=())
    compacted = await letter_of(field, RULES, 0)
    foreign = written(there.model_copy(update={"topic": "other.topic"}))
    await field.write([foreign])

    said = await ask("dead-letters", "redrive", there.origin, "--dry-run", "--json")
    assert (said.code, rows(said.out)[0]["to"], len(await field.records(ARTICLES))) == (0, "articles", 2)
    assert (await ask("dead-letters", "redrive", there.origin)).code == 0
    said = await ask("dead-letters", "redrive", "--reason", "not_json", "--json")
    why = {row["origin"]: str(row["why"]) for row in rows(said.out)}
    assert said.code == 0
    assert there.origin not in why
    assert [why[each.origin] for each in (large, kept)] == ["", ""]
    assert "kept 65,536 of its 70,000 bytes" in why[cut.origin]
    assert "does not hold its key" in why[nameless.origin]
    assert "holds the newest of each key" in why[compacted.origin]
    assert why["other.topic/0/0"] == "other.topic is no topic of this installation"

    records = [record for record in await field.records(ARTICLES) if record.offset > 1]
    assert [(record.partition, record.key, record.header("tocsin-redriven-from")) for record in records] == [
        (0, "k0", there.origin.encode()), (0, "k1", large.origin.encode()), (0, "a-key", kept.origin.encode()),
    ]  # fmt: skip
    assert [len(record.value or b"") for record in records] == [1, 100_000, 1]
    listed = {row["origin"]: row for row in rows((await ask("dead-letters", "list", "--json")).out)}
    assert len(listed) == 7
    assert {origin for origin, row in listed.items() if row["redriven_at"]} == {
        there.origin, large.origin, kept.origin,
    }  # fmt: skip
    again = await ask("dead-letters", "redrive", there.origin, "--json")
    assert (again.code, "it was redriven at" in str(rows(again.out)[0]["why"])) == (1, True)
    subjects = [entry.subject for entry in entries(await field.records(AUDIT)) if entry.action == "redriven"]
    assert sorted(subjects) == sorted(f"dead-letter/{each.origin}" for each in (there, large, kept))


async def test_a_record_with_two_letters_is_written_once_and_both_are_marked(ask: Ask, field: Field) -> None:
    await field.write([bare(ARTICLES, "k0", b"{")])
    for stage in ("match", "other"):
        await letter_of(field, ARTICLES, 0, stage=stage)
    said = await ask("dead-letters", "redrive", "--reason", "not_json", "--json")
    assert [str(row["why"])[:16] for row in rows(said.out)] == ["", "it is tried once"]
    assert len(await field.records(ARTICLES)) == 2
    said = await ask("dead-letters", "redrive", "--reason", "not_json")
    assert said.out == "no dead letter is left to redrive\n"


async def test_a_dead_letter_of_a_dead_delivery_is_sent_anew_as_a_delivery(
    ask: Ask, field: Field, sink: WebhookSink
) -> None:
    lost = delivery("hook", number=1)
    async with running(field.settings):
        sink.always = "404"
        await field.publish([lost])
        await field.finals(1)
        sink.always = None
        said = await ask("dead-letters", "redrive", "--stage", "deliver", "--json")
        [row] = rows(said.out)
        states = await field.finals(2)
    assert (said.code, row["to"]) == (0, None)
    assert states[str(row["delivery"])].state.value == "delivered"
    assert states[str(row["delivery"])].redrive_of == lost.delivery_id
    assert rows((await ask("dead-letters", "list", "--json")).out)[0]["redriven_at"] is not None
    assert (await ask("dead-letters", "redrive", "--stage", "deliver")).out == "no dead letter is left to redrive\n"


async def test_a_dead_letter_is_named_as_it_stands(ask: Ask, field: Field) -> None:
    letter = await letter_of(field, ARTICLES, 0)
    assert len(await field.records(DEAD_LETTERS)) == 1
    said = await ask("dead-letters", "redrive", letter.origin[:-1] + "1")
    assert (said.code, f"did you mean {letter.origin}?" in said.err) == (78, True)
    assert (await ask("dead-letters", "redrive")).code == 2
    assert (await ask("dead-letters", "redrive", "x", "--stage", "match")).code == 2
