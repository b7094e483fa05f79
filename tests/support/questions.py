"""Questions asked of a tiny stage on a real broker, and the account of its answers: lost, doubled, set aside."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from aiokafka.admin import AIOKafkaAdminClient

from agents.kafka import Incoming, Outgoing, Producer, connection
from agents.loops.follower import read_all
from agents.topic_admin import apply
from config.settings import Settings
from streams.dead_letter import DeadLetter
from streams.topics import DEAD_LETTERS, Names
from tests.support.loops import ANSWERS, KNOWN, QUESTIONS, Probe, question
from tests.support.processes import Child, children

CHILD = "tests.support.loops"
LAST = 1_000_000  # ids from here on are asked last


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the questions."""

    asked: frozenset[int]
    answers: Counter[int]
    letters: tuple[DeadLetter, ...]

    @property
    def lost(self) -> set[int]:
        """Return the ids that have no answer."""
        return set(self.asked - set(self.answers))

    @property
    def doubled(self) -> int:
        """Return how many answers came again."""
        return sum(count - 1 for count in self.answers.values())


async def answers_of(settings: Settings) -> Counter[int]:
    """Return how often each question was answered up to now."""
    answers: Counter[int] = Counter()

    def count(record: Incoming) -> None:
        answers[int(record.key)] += 1

    await read_all(settings, ANSWERS, count)
    return answers


class Bench:
    """One prefix on the broker: asks, runs children, and reads what came of it."""

    def __init__(self, bootstrap: str, prefix: str, loop: str, running: list[Child]) -> None:
        self.settings = Settings(bootstrap=bootstrap, topic_prefix=prefix)
        self.loop = loop
        self.producer = Producer(self.settings)
        self.asked: set[int] = set()
        self._running = running

    async def ask(self, ids: Iterable[int], **fields: int) -> None:
        """Ask, in order."""
        now = datetime.now(UTC)
        probes = [Probe(id=number, **fields) for number in ids]
        self.asked |= {probe.id for probe in probes}
        await self.producer.deliver([question(probe, now) for probe in probes])

    async def forget(self) -> None:
        """Delete the questions' topic."""
        admin = AIOKafkaAdminClient(**connection(self.settings))
        await admin.start()
        await admin.delete_topics([Names(self.settings.topic_prefix).of(QUESTIONS)])
        await admin.close()

    async def remember(self) -> None:
        """Make every topic that is not there."""
        await apply(self.settings, [QUESTIONS, ANSWERS, KNOWN, DEAD_LETTERS])

    async def put(self, records: Sequence[Outgoing]) -> None:
        """Write records as they are."""
        await self.producer.deliver(records)

    async def start(self, *, instance: str | None = None, crash: str = "", mutant: str = "") -> Child:
        """Return a child that runs the loop."""
        given = {"instance": instance, "crash": crash, "mutant": mutant}
        options = [f"--{name}={value}" for name, value in given.items() if value]
        assert self.settings.bootstrap is not None
        child = await Child.start(
            CHILD, f"--runtime={self.loop}", f"--bootstrap={self.settings.bootstrap}",
            f"--prefix={self.settings.topic_prefix}", *options,
        )  # fmt: skip
        self._running.append(child)
        return child

    async def account(self) -> Account:
        """Return what became of the questions up to now."""
        answers = await answers_of(self.settings)
        letters: list[DeadLetter] = []
        await read_all(self.settings, DEAD_LETTERS, lambda record: letters.append(DeadLetter.from_json(record.value)))
        return Account(frozenset(self.asked), answers, tuple(letters))

    async def settled(self, *, within_s: float = 30) -> Account:
        """Return the account once as many later questions as reach every partition were answered.

        Each partition is answered in order, so what has no answer by then is lost for good.
        """
        last = range(LAST, LAST + 30)
        await self.ask(last)
        async with asyncio.timeout(within_s):
            while not set(last) <= set((account := await self.account()).answers):  # noqa: ASYNC110 - it comes true in another process
                await asyncio.sleep(0.1)
        return account


class Benches:
    """Makes a Bench as a context: `async with Benches(bootstrap, prefix, "owner") as bench`."""

    def __init__(self, bootstrap: str, prefix: str, loop: str) -> None:
        self._given = (bootstrap, prefix, loop)
        self._children = children()

    async def __aenter__(self) -> Bench:
        self._bench = Bench(*self._given, await self._children.__aenter__())
        await self._bench.remember()
        await self._bench.producer.start()
        return self._bench

    async def __aexit__(self, *_: object) -> None:
        await self._bench.producer.stop()
        await self._children.__aexit__(None, None, None)
