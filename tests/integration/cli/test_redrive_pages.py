"""Redriving many at once: page by page, each once, so that no more than a page's records are in memory."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents.broker.server import Broker
from agents.dead_letters import dead_letter
from agents.kafka import Outgoing, outgoing
from config.settings import Settings
from streams.errors import Reason
from streams.routing.notification import Delivery, DeliveryState, DeliveryStatus
from streams.routing.route import Receiver
from streams.topics import ARTICLES, AUDIT, DEAD_LETTERS, DELIVERIES, DELIVERY_STATES
from tests.support.audited import entries
from tests.support.command_line import Tocsin
from tests.support.deliver_process import Field
from tests.support.notices import delivery

pytestmark = pytest.mark.kafka
COUNT, PAGE = 5, 2
NOW = datetime.now(UTC)


@pytest.fixture
def field(tocsin: Tocsin, broker: Broker, topic_prefix: str, tmp_path: Path) -> Field:
    """Return topics and routes with one webhook; no stage is at work."""
    assert tocsin("topics", "apply").code == 0
    laid = Field(Settings(bootstrap=broker.bootstrap, topic_prefix=topic_prefix))
    options = {"url_file": str(tmp_path / "url")}
    asyncio.run(laid.route(Receiver.model_validate({"receiver_id": "hook", "type": "webhook", "options": options})))
    return laid


def died(one: Delivery) -> Outgoing:
    record = DeliveryState(
        delivery_id=one.delivery_id, receiver=one.receiver, seq=0, state=DeliveryStatus.DEAD, attempts=1,
        outcome="http_404", changed_at=NOW,
    )  # fmt: skip
    return outgoing(DELIVERY_STATES, record, key=one.delivery_id, by=one.receiver, ce_id="x", stage="test", at=NOW)


def redriven_by_writer(field: Field) -> list[int]:
    """Return how much each writer of the audit redrove: each page is one."""
    found = [one for one in entries(asyncio.run(field.records(AUDIT))) if one.action == "redriven"]
    return sorted(Counter(one.writer for one in found).values())


def test_all_deliveries_that_died_are_sent_anew_page_by_page(
    tocsin: Tocsin, field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.cli.redriving.deliveries.PAGE", PAGE)
    dead = [delivery("hook", number=number) for number in range(COUNT)]
    asyncio.run(field.publish(dead))
    asyncio.run(field.write([died(one) for one in dead]))
    said = [tocsin("deliveries", "redrive", "--receiver", "hook").code for _ in range(2)]
    assert said == [0, 1], "the second time all of them are on their way"
    records = asyncio.run(field.records(DELIVERIES[dead[0].urgency]))
    sent = [Delivery.from_json(record.value) for record in records]
    assert Counter(one.redrive_of for one in sent if one.redrive_of) == {one.delivery_id: 1 for one in dead}
    assert redriven_by_writer(field) == [1, 2, 2]


def test_all_dead_letters_for_a_reason_are_tried_again_page_by_page_and_a_record_with_two_of_them_once(
    tocsin: Tocsin, field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.cli.redriving.letters.PAGE", PAGE)
    given = [
        Outgoing(topic=ARTICLES, partition=0, key=f"k{n}", value=b"{", headers=(("ce_subject", b"k"),))
        for n in range(COUNT)
    ]
    asyncio.run(field.write(given))
    there = sorted(asyncio.run(field.records(ARTICLES)), key=lambda record: record.offset)
    stages = [("match", record) for record in there] + [("other", there[1])]  # on the edge of a page
    letters = [dead_letter(one, stage=stage, reason=Reason.NOT_JSON, error="no article") for stage, one in stages]
    asyncio.run(field.write(letters))
    assert tocsin("dead-letters", "redrive", "--reason", "not_json").code == 0
    assert tocsin("dead-letters", "redrive", "--reason", "not_json").out == "no dead letter is left to redrive\n"
    assert len(asyncio.run(field.records(ARTICLES))) == 2 * COUNT
    marked = [one for one in asyncio.run(field.records(DEAD_LETTERS)) if b'"redriven_at":"' in (one.value or b"")]
    assert len(marked) == len(letters)
    assert redriven_by_writer(field) == [1, 2, 2], "of the three letters on the first page two are of one record"
