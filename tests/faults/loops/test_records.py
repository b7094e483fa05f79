"""Records that no stage can process: each is set aside alone, or stops the loop before it."""

from base64 import b64decode
from datetime import UTC, datetime

import pytest

from agents.broker.server import Broker
from agents.kafka import Outgoing
from streams.errors import Reason
from streams.topics import MESSAGE_BYTES
from tests.support.loops import QUESTIONS, Probe, question
from tests.support.questions import Benches

pytestmark = [pytest.mark.kafka, pytest.mark.faults]
LOOPS = [pytest.param("owner", id="owner"), pytest.param("stage", id="stage")]
POISON = b"\xff\x00 not JSON"


@pytest.mark.parametrize("loop", LOOPS)
async def test_poison_and_an_oversized_output_become_dead_letters_and_the_rest_goes_on(
    broker: Broker, topic_prefix: str, loop: str
) -> None:
    poison = Outgoing(topic=QUESTIONS, partition=1, key="p", value=POISON, headers=(("why", b"\x80"),))
    async with Benches(broker.bootstrap, topic_prefix, loop) as bench:
        await bench.ask(range(50))
        await bench.put([poison])
        await bench.ask([50], answer_bytes=MESSAGE_BYTES)
        await bench.ask(range(51, 100))
        await bench.start()
        account = await bench.settled()

    assert account.lost == {50}
    assert {letter.reason for letter in account.letters} == {Reason.NOT_JSON, Reason.TOO_LARGE}
    kept = next(letter for letter in account.letters if letter.reason is Reason.NOT_JSON)
    assert b64decode(kept.first_64k) == POISON
    assert [(name, b64decode(value)) for name, value in kept.headers] == [("why", b"\x80")]
    assert (kept.topic, kept.partition, kept.stage) == (topic_prefix + QUESTIONS.name, 1, "match")


@pytest.mark.parametrize("loop", LOOPS)
async def test_a_newer_schema_stops_the_loop_before_it_with_all_earlier_records_committed(
    broker: Broker, topic_prefix: str, loop: str
) -> None:
    now = datetime.now(UTC)
    newer = question(Probe(id=7), now)
    headers = tuple((name, b"probe/2" if name == "tocsin-schema" else value) for name, value in newer.headers)
    place = {"topic": QUESTIONS, "partition": 0}
    async with Benches(broker.bootstrap, topic_prefix, loop) as bench:
        await bench.put([Outgoing(**place, key=str(number), value=Probe(id=number).to_json()) for number in range(20)])
        await bench.put([Outgoing(**place, key="20", value=Probe(id=20).to_json(), headers=headers)])
        await bench.put([Outgoing(**place, key="21", value=Probe(id=21).to_json())])
        ends = [await (await bench.start(instance="one")).ended() for _ in range(2)]
        account = await bench.account()

    assert ends == [75, 75]
    assert dict(account.answers) == dict.fromkeys(range(20), 1)
    assert not account.letters
