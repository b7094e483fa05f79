"""A day is replayed: the real alert stage over a UTC midnight with two kills in it, then `tocsin replay`."""

import asyncio
import json
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from agents import alert
from agents.broker.server import Broker
from agents.kafka import Incoming, Outgoing, Producer, outgoing
from agents.topic_admin import apply
from config.settings import Settings
from streams.alerts.decide import Decided, Dropped, decide
from streams.matching.match import Match
from streams.stories.book import StoryBook
from streams.stories.checkpoint import Checkpoint
from streams.stories.checkpoint import records_of as records_of_part
from streams.stories.story import Story, StoryArticle, TermCounts
from streams.topics import ALERTS, CHECKPOINTS, DEAD_LETTERS, MATCHES, STORIES, replay_topic
from tests.support.alert_stages import records_of, run_child
from tests.support.alerting import match
from tests.support.command_line import Tocsin
from tests.support.dated import append, dated

pytestmark = pytest.mark.kafka
COUNT, BEFORE = 300, 200  # matches, one a minute; those before midnight
MIDNIGHT = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
SUBJECTS = ("China halts rare earths exports", "Floods displace thousands in Bangladesh", "Trump meets Xi in Busan")
ENTITIES = ("china", "us", "eu", "xi", "trump", "japan", "india")


def day() -> list[tuple[Match, datetime]]:
    """Return matches of several stories over midnight, with a revision, a copy, a part and a heartbeat among them."""
    given = []
    for number in range(COUNT):
        kind = "heartbeat" if number % 10 == 9 else "new"
        one = match(
            f"a{number - number % 7}" if number % 7 == 1 else f"a{number}",
            revision="2-0b0b0b0b" if number % 7 == 1 else "1-0a0a0a0a",
            kind=kind,
            title=f"{SUBJECTS[number % 3]} word{number % 11}",
            rules=[] if kind == "heartbeat" else ["r1", "r2"][: 1 + number % 2],
            entities=[ENTITIES[(number + step) % 7] for step in range(number % 6)],
            numbers=[str(number % 13)],
            publisher=("Reuters", "BBC", "AP")[number % 3],
            url=f"tocsin:heartbeat/{number % 12}" if kind == "heartbeat" else "https://example.test/1",
            first_seen_at=MIDNIGHT,
            fetched_at=MIDNIGHT,
            extra={"text_hash": f"t{number % 17}"},
        )
        given.append((one, MIDNIGHT + timedelta(minutes=number - BEFORE)))
    return given


def recorded(settings: Settings, broker: Broker) -> None:
    """Run the alert stage over the day; it is killed twice."""
    matches = [
        (outgoing(MATCHES, one, key=one.head.article_id, ce_id="m", stage="test", at=at), at) for one, at in day()
    ]
    asyncio.run(apply(settings, [dated(MATCHES), STORIES, ALERTS, CHECKPOINTS, DEAD_LETTERS]))
    asyncio.run(append(settings, matches))
    prefix = settings.topic_prefix
    for gap in ("within_states", "after_checkpoint"):
        assert asyncio.run(run_child(broker, prefix, "alert", crash=gap, done=COUNT)) == -signal.SIGKILL
    assert asyncio.run(run_child(broker, prefix, "alert", done=COUNT)) == 0


def disturb_alerts(settings: Settings) -> None:
    """Append one alert that nothing leads to, and a copy of another with a field that differs."""

    async def disturb() -> None:
        alerts = [record for record in await records_of(settings, ALERTS) if _midnight(record)]
        last = max(alerts, key=lambda record: dict(record.headers)["ce_time"])
        changed = (last.value or b"").replace(b'"sample":false', b'"sample":true')
        headers = tuple((name, b"x" if name == "ce_id" else value) for name, value in last.headers)
        number = last.partition
        producer = Producer(settings)
        await producer.start()
        await producer.deliver(
            [
                Outgoing(topic=ALERTS, partition=number, key=last.key, value=changed, headers=last.headers),
                Outgoing(topic=ALERTS, partition=number, key=last.key, value=last.value, headers=headers),
                Outgoing(topic=ALERTS, partition=number, key=last.key, value=None, headers=last.headers),
            ]
        )
        await producer.stop()

    asyncio.run(disturb())


def _midnight(record: Incoming) -> bool:
    at = datetime.fromisoformat(dict(record.headers)["ce_time"].decode())
    return MIDNIGHT <= at < MIDNIGHT + timedelta(hours=1)


def forget_matches(settings: Settings, *, before: int) -> None:
    """Delete the first matches, as their retention does."""

    async def forget() -> None:
        place = TopicPartition(settings.topic_prefix + MATCHES.name, 0)
        admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap)
        await admin.start()
        await admin.delete_records({place: RecordsToDelete(before)})
        await admin.close()

    asyncio.run(forget())


def by_the_clock(book: StoryBook, given: Match, *, offset: int, at: datetime) -> Decided | Dropped:
    del at
    return decide(book, given, offset=offset, at=datetime.now(UTC))


def by_a_set(book: StoryBook, given: Match, *, offset: int, at: datetime) -> Decided | Dropped:
    found = decide(book, given, offset=offset, at=at)
    if isinstance(found, Decided):
        return replace(found, alert=found.alert.model_copy(update={"entities": tuple(set(found.alert.entities))}))
    return found


def without_frequencies(part: Checkpoint) -> Iterator[TermCounts | StoryArticle | Story]:
    emptied = part.counts.model_copy(update={"documents": 0, "counts": {}}) if part.counts else None
    yield from records_of_part(part.model_copy(update={"counts": emptied}))


def mutate_decide(mutant: Callable[..., object]) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda patch: patch.setattr(alert, "decide", mutant)


MUTANTS = {
    "the wall clock": mutate_decide(by_the_clock),
    "the order of a set": mutate_decide(by_a_set),
    "frequencies that are not restored": lambda patch: patch.setattr(alert, "records_of", without_frequencies),
}


def test_a_day_with_two_kills_is_replayed_byte_for_byte_and_no_mutant_is(
    tocsin: Tocsin, broker: Broker, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(bootstrap=broker.bootstrap, topic_prefix=topic_prefix)
    recorded(settings, broker)

    checkpoints = asyncio.run(records_of(settings, CHECKPOINTS))
    written = Counter((Checkpoint.from_json(record.value).matches_offset, record.value) for record in checkpoints)
    assert [(offset, count) for (offset, _), count in written.items()] == [(0, 1), (BEFORE, 3)], "again, and equal"

    times = ("--from", MIDNIGHT.isoformat(), "--to", (MIDNIGHT + timedelta(hours=1)).isoformat())
    said = tocsin("replay", *times, "--stage", "alert", "--into", "audit", "--json")
    assert (said.code, json.loads(said.out)) == (
        0, {"stage": "alert", "equal": 60, "missing": 0, "extra": 0, "different": 0, "unreadable": 0},
    )  # fmt: skip
    made = {record.value for record in asyncio.run(records_of(settings, replay_topic("audit")))}
    assert len(made) == 60
    assert made < {record.value for record in asyncio.run(records_of(settings, ALERTS))}
    again = tocsin("replay", *times, "--stage", "alert", "--into", "audit")
    assert (again.code, "holds a replay" in again.err) == (78, True)

    whole = tocsin("replay", "--from", "2000-01-01", "--stage", "alert")
    assert (whole.code, whole.out) == (0, f"alert: {COUNT} equal, 0 missing, 0 extra, 0 different, 0 unreadable\n")

    for name, mutant in MUTANTS.items():
        with monkeypatch.context() as patch:
            mutant(patch)
            said = tocsin("replay", *times, "--stage", "alert", "--json")
        summary = json.loads(said.out.splitlines()[-1])
        assert (said.code, summary["different"] + summary["missing"] > 0) == (1, True), name

    disturb_alerts(settings)
    said = tocsin("replay", *times, "--stage", "alert", "--json")
    found = [json.loads(line) for line in said.out.splitlines()]
    assert (said.code, found[-1]["missing"], found[-1]["different"]) == (1, 1, 1)
    assert {row["kind"]: row["what"] for row in found[:-1]} == {"missing": [], "different": ["head.sample", "sample"]}

    at = MIDNIGHT + timedelta(hours=3)
    late = outgoing(MATCHES, match("late"), key="late", ce_id="m", stage="test", at=at)
    asyncio.run(append(settings, [(late, at), (replace(late, value=b"{"), at)]))
    said = tocsin("replay", "--from", at.isoformat(), "--stage", "alert", "--json")
    found = [json.loads(line) for line in said.out.splitlines()]
    assert (said.code, found[0]["kind"], found[1]["unreadable"]) == (1, "extra", 1)

    forget_matches(settings, before=BEFORE - 50)
    early = tocsin("replay", "--from", (MIDNIGHT - timedelta(hours=1)).isoformat(), "--stage", "alert")
    assert (early.code, f"give --from {MIDNIGHT:%Y-%m-%dT%H:%M}:00.000Z" in early.err) == (78, True)
