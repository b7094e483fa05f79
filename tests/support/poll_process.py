"""The poll process as a child that dies where it is told, and what a test needs around it on a real broker.

`python -m tests.support.poll_process --bootstrap ... --prefix ... --allow 127.0.0.1:8099 --crash before_states`
"""

import argparse
import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry

from agents.kafka import Incoming, Outgoing, Producer, outgoing, tombstone
from agents.loops.follower import read_all
from agents.loops.owner import Owner
from agents.metrics import Metrics
from agents.poll import feed_poll
from agents.poll.poller import Poller
from agents.topic_admin import apply
from config.settings import Settings
from streams.articles.article import Article, ArticleKind
from streams.feeds.after_poll import Answer, Timing
from streams.feeds.feed import Feed, FeedState
from streams.feeds.schedule import Wishes
from streams.topics import ARTICLES, CATALOGUE, FEED_STATES, FEEDS, Topic

CRASHES = ("", "before_articles", "before_states", "after_states")


class Crashing(Producer):
    """A producer that kills its process, as the kernel would, at the first delivery of the kind that it is told."""

    def __init__(self, settings: Settings, crash: str = "") -> None:
        super().__init__(settings)
        self._crash = crash

    async def deliver(self, outputs: Sequence[Outgoing]) -> None:
        kind = "states" if outputs[0].topic is FEED_STATES else "articles"
        beats = outputs[0].topic is ARTICLES and Article.from_json(outputs[0].value).kind is ArticleKind.HEARTBEAT
        self._die_if("" if beats else f"before_{kind}")
        await super().deliver(outputs)
        self._die_if("" if beats else f"after_{kind}")

    def _die_if(self, gap: str) -> None:
        if gap and gap == self._crash:
            os.kill(os.getpid(), signal.SIGKILL)


class StateFirst(feed_poll.FeedPoll):
    """A mutant: it remembers before it publishes, so that a crash in between loses the article for ever."""

    async def _publish(self, articles: tuple[Article, ...]) -> None:
        self._held_back = articles

    async def _settle(self, said: Answer, wishes: Wishes, timing: Timing, *, at_once: bool) -> None:
        await super()._settle(said, wishes, timing, at_once=at_once)
        await super()._publish(getattr(self, "_held_back", ()))


async def poll(settings: Settings, crash: str = "") -> None:
    """Run the poll process until cancelled."""
    producer = Crashing(settings, crash)
    await producer.start()
    owner = Owner(settings, group="poll", sources=[FEEDS], states=[FEEDS, FEED_STATES])
    poller = Poller(settings, owner=owner, producer=producer, metrics=Metrics(CollectorRegistry()))
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(poller.run())
            tasks.create_task(owner.run(poller))
    finally:
        await producer.stop()


@contextlib.asynccontextmanager
async def polling(settings: Settings) -> AsyncIterator[None]:
    """Run the poll process within this one, until the block ends."""
    task = asyncio.create_task(poll(settings))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Topics:
    """The topics of one test on a real broker."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @classmethod
    async def laid(cls, bootstrap: str, prefix: str, allow: str) -> "Topics":
        """Return them, created."""
        settings = Settings(bootstrap=bootstrap, topic_prefix=prefix, allow_addresses=(allow,), instance="poll-1")
        await apply(settings, CATALOGUE)
        return cls(settings)

    async def publish(self, *feeds: Feed) -> None:
        """Write feeds as `feeds apply` does."""
        now = datetime.now(UTC)
        await self.write(
            *[
                outgoing(FEEDS, feed, key=feed.feed_id, by=feed.host, ce_id=feed.feed_id, stage="feeds", at=now)
                for feed in feeds
            ]
        )

    async def delete(self, feed: Feed) -> None:
        """Delete a feed."""
        await self.write(tombstone(FEEDS, key=feed.feed_id, by=feed.host))

    async def write(self, *outputs: Outgoing) -> None:
        """Return once everything is acknowledged."""
        producer = Producer(self.settings)
        await producer.start()
        try:
            await producer.deliver(outputs)
        finally:
            await producer.stop()

    async def records(self, topic: Topic) -> list[Incoming]:
        """Return all records of a topic."""
        found: list[Incoming] = []
        await read_all(self.settings, topic, found.append)
        return found

    async def articles(self) -> list[Article]:
        """Return every article, without heartbeats."""
        found = [Article.from_json(record.value) for record in await self.records(ARTICLES)]
        return [article for article in found if article.kind is not ArticleKind.HEARTBEAT]

    async def states(self) -> list[FeedState]:
        """Return every state that was written."""
        return [FeedState.from_json(record.value) for record in await self.records(FEED_STATES)]

    async def until(self, *, articles: int = 0, states: int = 0, within_s: float = 30) -> list[Article]:
        """Return the articles once so many articles and states are there."""
        async with asyncio.timeout(within_s):
            while len(await self.articles()) < articles or len(await self.states()) < states:  # noqa: ASYNC110 - a broker tells
                await asyncio.sleep(0.1)
        return await self.articles()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--allow", required=True)
    parser.add_argument("--crash", choices=CRASHES, default="")
    parser.add_argument("--mutant", choices=("", "state_first"), default="")
    given = parser.parse_args()
    if given.mutant:
        from agents.poll import partition  # noqa: PLC0415 - only the mutant takes the product apart

        partition.FeedPoll = StateFirst  # type: ignore[misc]  # that is what a mutant does
    settings = Settings(
        bootstrap=given.bootstrap, topic_prefix=given.prefix, allow_addresses=(given.allow,), instance="poll-1"
    )
    asyncio.run(poll(settings, given.crash))


if __name__ == "__main__":
    main()
