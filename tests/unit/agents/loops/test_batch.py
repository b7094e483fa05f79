import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import pytest
from prometheus_client import CollectorRegistry

from agents.kafka import Incoming, Outgoing
from agents.loops import batch as batch_module
from agents.loops.batch import BatchWork, Decision
from agents.metrics import Metrics
from streams.dead_letter import DeadLetter
from streams.errors import NewerSchemaError, PoisonError, Reason, RefusedError
from streams.topics import ALERTS, CHECKPOINTS, DEAD_LETTERS, MESSAGE_BYTES, STORIES

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LARGE = b"x" * MESSAGE_BYTES


def incoming(value: bytes, *, offset: int = 0, number: int = 0) -> Incoming:
    return Incoming(
        topic="tocsin.matches", partition=number, offset=offset, key="k", value=value, headers=(), appended_at=NOW
    )


class Effects:
    """An owner and a producer in one, that note every effect in order."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.letters: list[DeadLetter] = []
        self.held = True
        self.owned: Callable[[], bool] = lambda: True
        self.refuses = False

    def holds(self, number: int) -> bool:
        return self.held and number >= 0

    async def recheck(self, number: int) -> bool:
        self.seen.append(f"recheck {number}")
        return self.owned()

    async def commit_all(self, offsets: Mapping[tuple[str, int], int]) -> None:
        self.seen += [f"commit {number}@{offset}" for (_, number), offset in sorted(offsets.items())]

    async def deliver(self, outputs: Sequence[Outgoing]) -> None:
        if self.refuses:
            raise RefusedError("no")
        self.seen += [f"{output.topic.name} {output.key}" for output in outputs]
        self.letters += [DeadLetter.from_json(out.value) for out in outputs if out.topic is DEAD_LETTERS]


class Echo:
    """Answers each record with one output and one state; some values are trouble."""

    stage = "alert"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def begin(self, number: int) -> None:
        self.asked.append(f"begin {number}")

    def restore(self, record: Incoming) -> None:
        self.asked.append(f"restore {record.offset}")

    def drop(self, number: int) -> None:
        self.asked.append(f"drop {number}")

    def decide(self, record: Incoming, *, stamped_at: datetime) -> Decision:
        assert stamped_at == NOW
        value = record.value or b""
        if value == b"poison":
            raise PoisonError(Reason.NOT_VALID, "poison")
        if value == b"bug":
            raise KeyError(value)
        if value == b"newer":
            raise NewerSchemaError("match/2", 1)
        output = Outgoing(
            topic=ALERTS, partition=0, key=f"o{record.offset}", value=LARGE if value == b"wide" else b"{}"
        )
        state = Outgoing(
            topic=STORIES, partition=0, key=f"s{record.offset}", value=LARGE if value == b"deep" else b"{}"
        )
        return Decision([output], [state])


@pytest.fixture
def effects() -> Effects:
    return Effects()


def work(effects: Effects, batch: Echo | None = None) -> BatchWork:
    return BatchWork(effects, batch or Echo(), effects, Metrics(CollectorRegistry()), clock=lambda: NOW)  # type: ignore[arg-type]  # stand-ins


async def test_outputs_come_before_states_and_states_before_the_commit(effects: Effects) -> None:
    await work(effects).take([incoming(b"", offset=4), incoming(b"", offset=5), incoming(b"", offset=1, number=2)])
    assert effects.seen == [
        "alerts o4", "alerts o5", "alerts o1", "stories s4", "stories s5", "stories s1", "commit 0@6", "commit 2@2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "reason", "seen"),
    [
        pytest.param(b"poison", Reason.NOT_VALID, ["dead-letters", "commit"], id="poison"),
        pytest.param(b"bug", Reason.DECISION_FAILED, ["dead-letters", "commit"], id="bug"),
        pytest.param(b"wide", Reason.TOO_LARGE, ["dead-letters", "stories", "commit"], id="output-too-large"),
        pytest.param(b"deep", Reason.TOO_LARGE, ["alerts", "dead-letters", "commit"], id="state-too-large"),
    ],
)
async def test_trouble_is_set_aside_and_committed(
    effects: Effects, value: bytes, reason: Reason, seen: Sequence[str]
) -> None:
    await work(effects).take([incoming(value)])
    assert [effect.split()[0] for effect in effects.seen] == seen
    assert [letter.reason for letter in effects.letters] == [reason]


async def test_a_newer_schema_commits_what_came_before_and_stops(effects: Effects) -> None:
    with pytest.raises(NewerSchemaError):
        await work(effects).take([incoming(b"", offset=1), incoming(b"newer", offset=2), incoming(b"", offset=3)])
    assert effects.seen == ["alerts o1", "stories s1", "commit 0@2"]


async def test_a_refusal_commits_nothing(effects: Effects) -> None:
    effects.refuses = True
    with pytest.raises(RefusedError):
        await work(effects).take([incoming(b"")])
    assert effects.seen == []


async def test_in_doubt_the_ownership_is_asked_for_before_each_effect(effects: Effects) -> None:
    effects.held = False
    await work(effects).take([incoming(b"")])
    assert effects.seen == ["recheck 0", "alerts o0", "recheck 0", "stories s0", "commit 0@1"]


async def test_what_is_anothers_by_now_has_no_effect(effects: Effects) -> None:
    effects.held, effects.owned = False, lambda: False
    await work(effects).take([incoming(b"")])
    assert effects.seen == ["recheck 0"]


async def test_ownership_that_is_lost_between_outputs_and_states_writes_no_state(effects: Effects) -> None:
    effects.held, effects.owned = False, lambda: "alerts o0" not in effects.seen
    await work(effects).take([incoming(b"")])
    assert effects.seen == ["recheck 0", "alerts o0", "recheck 0"]


async def test_the_batch_hears_of_begin_state_and_end(effects: Effects) -> None:
    batch = Echo()
    adapter = work(effects, batch)
    adapter.begin(3)
    adapter.restore(incoming(b"", offset=9))
    await adapter.start(3)
    await adapter.end(3)
    assert batch.asked == ["begin 3", "restore 9", "drop 3"]


async def test_long_batches_let_others_run(effects: Effects, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_module, "SLICE_S", -1.0)
    taking = asyncio.ensure_future(work(effects).take([incoming(b"", offset=offset) for offset in range(50)]))
    turns = 0
    while not taking.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns >= 50


class Snapping(Echo):
    """Has a snapshot of three records with each record."""

    def __init__(self, effects: Effects) -> None:
        super().__init__()
        self._effects = effects

    def decide(self, record: Incoming, *, stamped_at: datetime) -> Decision:
        made = super().decide(record, stamped_at=stamped_at)
        return Decision(made.outputs, made.states, self._parts(record.offset))

    def _parts(self, offset: int) -> Iterator[Outgoing]:
        for part in range(3):
            self._effects.seen.append(f"encode {part}")
            yield Outgoing(topic=CHECKPOINTS, partition=0, key=f"{offset}/{part}", value=b"{}")


async def test_a_snapshot_is_made_part_by_part_after_the_outputs_and_before_the_states(effects: Effects) -> None:
    await work(effects, Snapping(effects)).take([incoming(b"", offset=4)])
    assert effects.seen == [
        "alerts o4", "encode 0", "checkpoints 4/0", "encode 1", "checkpoints 4/1", "encode 2", "checkpoints 4/2",
        "stories s4", "commit 0@5",
    ]  # fmt: skip


async def test_ownership_that_is_lost_within_a_snapshot_writes_no_more(effects: Effects) -> None:
    effects.held, effects.owned = False, lambda: "checkpoints 0/0" not in effects.seen
    await work(effects, Snapping(effects)).take([incoming(b"")])
    assert [effect for effect in effects.seen if effect[0] in "acs"] == ["alerts o0", "checkpoints 0/0"]
