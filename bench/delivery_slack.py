"""Slack at a message a second for each channel: the real sender and the real client code, on a clock that jumps.

The rules are those of the tests' emulator. Only the wire is missing: `Wire` stands for the HTTP session, and takes its
time on the way there and on the way back, so that messages do not arrive as regularly as they were sent.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from agents.deliver.lane import Channel
from agents.deliver.slack import Slack
from streams.alerts.alert import Relation
from streams.ids import EventId, StoryId
from streams.matching.rule import Urgency
from streams.routing.notification import Delivery
from streams.routing.receiver import slack_options
from streams.routing.route import Receiver
from streams.routing.sending import CHAT_TTL_S, DEFAULT_MANNER
from tests.support.chaos import CountingLog
from tests.support.delivery_world import EPOCH, MemoryReceivers, Process, on_a_jumping_clock, routes, until
from tests.support.notices import alert, delivery
from tests.support.slack_emulator import TOKEN, SlackEmulator

SPREAD = 0.1  # of the time that the channels need: nine tenths wait
THERE_S, BACK_S = (0.02, 0.06), (0.05, 0.2)
RATE = {"per_second": 1, "burst": 1}
RELATIONS = (Relation.FIRST, Relation.UPDATE, Relation.UPDATE, Relation.CORRECTION)


class Wire:
    """What `aiohttp.ClientSession.post` is to the Slack client, with an emulator at its other end."""

    def __init__(self, emulator: SlackEmulator) -> None:
        self.emulator, self.posts = emulator, 0
        self._random = Random(5)

    @asynccontextmanager
    async def post(
        self, url: str, *, data: bytes, headers: Mapping[str, str], **_given: object
    ) -> AsyncIterator[SimpleNamespace]:
        """Return the answer, as far as a client looks at it."""
        method = urlsplit(url).path.rpartition("/")[2]
        self.posts += method == "chat.postMessage"
        await asyncio.sleep(self._random.uniform(*THERE_S))
        content_type = headers["content-type"].partition(";")[0]
        answer = self.emulator.answer(method, self.emulator.read(method, content_type, data.decode()))
        await asyncio.sleep(self._random.uniform(*BACK_S))
        body: Any = answer.body
        yield SimpleNamespace(status=answer.status, headers=answer.headers, content=Content(body))


class Content:
    """The body of an answer."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def iter_chunked(self, _size_bytes: int) -> AsyncIterator[bytes]:
        """Yield it."""
        yield self._body


def receivers(folder: Path, channels: int) -> list[Receiver]:
    """Return a Slack channel for each number."""
    (folder / "token").write_text(TOKEN)
    options = {"token_file": str(folder / "token")}
    made = [
        {"receiver_id": f"chat-{number}", "type": "slack", "options": {**options, "channel": f"C{number}"}}
        for number in range(channels)
    ]
    return [Receiver.model_validate(each | {"rate": RATE}) for each in made]


def of_story(name: str, number: int, log: CountingLog) -> Delivery:
    """Return the `number`th alert to a channel: the first of a story, its updates, then a correction."""
    relation, urgency = RELATIONS[number % len(RELATIONS)], tuple(Urgency)[number % 3]
    story = StoryId(f"5t0ry{number // len(RELATIONS):011d}")
    event = EventId(f"{story}-a1b2c3d4e5f60718-1-{number:08x}-0")
    return delivery(
        name,
        number=number,
        story=story,
        alert=alert(relation, event_id=event, story_id=story),
        urgency=urgency,
        manner=DEFAULT_MANNER[relation],
        expires_at=log.now + timedelta(seconds=CHAT_TTL_S[urgency]),
    )


async def run(folder: Path, alerts: int, *, channels: int) -> dict[str, float]:
    """Publish alerts, ten times as fast as the channels take them; return what Slack saw once all have ended."""
    loop, log = asyncio.get_running_loop(), CountingLog()
    emulator = SlackEmulator(per_second=1.0, clock=loop.time, wall=lambda: EPOCH.timestamp() + loop.time())
    wire, there = Wire(emulator), receivers(folder, channels)
    session: Any = wire
    ways: dict[str, Channel] = {
        each.receiver_id: Slack(slack_options(each), session, lambda: log.now) for each in there
    }
    known = MemoryReceivers(ways, lambda: log.now)
    known.apply(routes(*there))
    process = await Process(log, known).start()
    for number in range(alerts):
        log.publish(of_story(f"chat-{number % channels}", number // channels, log))
        await asyncio.sleep(SPREAD / channels)
    await until(lambda: len(log.ended) >= len(log.promised), most_s=5.0)
    await process.stop()
    shown = Counter(name for number in range(channels) for name in emulator.delivery_ids(f"C{number}"))
    inside = sum("Retry-After" in text for text in emulator.violations)
    return {
        "slack_lost": len(log.promised - shown.keys()), "slack_twice": shown.total() - len(shown),
        "slack_429_share": emulator.answered_429 / wire.posts, "slack_calls_inside_retry_after": inside,
        "slack_other_violations": len(emulator.violations) - inside, "slack_last_s": loop.time(),
        "slack_tier_records_per_alert": log.tier_count / alerts,
    }  # fmt: skip


def measure(alerts: int, *, channels: int) -> dict[str, float]:
    """Return what Slack saw of so many alerts."""
    with TemporaryDirectory(prefix="tocsin-bench-") as folder:
        return on_a_jumping_clock(run(Path(folder), alerts, channels=channels))
