import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from agents import audit
from agents.audit import Auditor, acted, intent, new_writer, perform
from agents.kafka import Outgoing, tombstone
from config.settings import Settings
from streams.audit import Action
from streams.errors import RefusedError
from streams.topics import AUDIT, CONTROLS
from tests.support.audited import entries, said, verified

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
EFFECT = tombstone(CONTROLS, key="silence/1")


def action(number: int) -> Action:
    return Action(at=NOON, action="delivered", subject=f"{number}")


@dataclass
class SlowLog:
    """A log whose acknowledgements come when they are let; `refuses` from that write on."""

    writes: list[list[Outgoing]] = field(default_factory=list)
    let: asyncio.Event = field(default_factory=asyncio.Event)
    refuses: int | None = None

    async def deliver(self, outputs: Sequence[Outgoing]) -> None:
        if len(self.writes) == self.refuses:
            raise RefusedError("no")
        self.writes.append(list(outputs))
        await self.let.wait()

    @property
    def records(self) -> list[Outgoing]:
        return [output for outputs in self.writes for output in outputs]

    @property
    def audited(self) -> list[Outgoing]:
        return [output for output in self.records if output.topic is AUDIT]


def fast() -> SlowLog:
    log = SlowLog()
    log.let.set()
    return log


def auditor(log: SlowLog) -> Auditor:
    return Auditor(log, new_writer("deliver", "d1"), lambda: NOON)


async def cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_what_is_noted_while_a_write_is_under_way_goes_into_the_next_one_in_order() -> None:
    log = SlowLog()
    subject = auditor(log)
    running = asyncio.create_task(subject.run())
    notes = []
    for number in range(4):
        notes.append(asyncio.ensure_future(subject.note([action(number)])))
        await turns()
    assert [len(write) for write in log.writes] == [1]
    assert not any(note.done() for note in notes)
    log.let.set()
    await asyncio.gather(*notes)
    assert [len(write) for write in log.writes] == [1, 3]
    assert [entry.number for entry in entries(log.records)] == [1, 2, 3, 4]
    assert verified(log.records).findings == []
    await cancelled(running)


async def test_what_is_written_beside_an_entry_goes_in_the_same_write() -> None:
    log = fast()
    subject = auditor(log)
    running = asyncio.create_task(subject.run())
    await subject.note([action(1)], beside=[EFFECT])
    await subject.note([], beside=[EFFECT])
    assert [[output.topic for output in write] for write in log.writes] == [[CONTROLS, AUDIT], [CONTROLS]]
    await cancelled(running)


async def test_a_note_of_nothing_is_done_at_once() -> None:
    log = fast()
    await auditor(log).note([])
    assert log.records == []


async def test_no_write_holds_more_than_500_entries_unless_they_were_noted_at_once() -> None:
    log = fast()
    subject = auditor(log)
    notes = [subject.note([action(number)] * count) for number, count in enumerate((300, 300, 300, 700))]
    running = asyncio.create_task(subject.run())
    await asyncio.gather(*notes)
    assert [len(write) for write in log.writes] == [300, 300, 300, 700]
    assert verified(log.records).findings == []
    await cancelled(running)


async def test_whoever_stops_waiting_takes_nothing_from_the_others() -> None:
    log = SlowLog()
    subject = auditor(log)
    running = asyncio.create_task(subject.run())
    given_up, kept = (asyncio.ensure_future(subject.note([action(number)])) for number in (1, 2))
    await turns()
    given_up.cancel()
    log.let.set()
    await kept
    assert len(log.records) == 2
    await cancelled(running)


async def test_a_refused_write_ends_the_run_and_nobody_is_told_that_it_stands() -> None:
    log = fast()
    log.refuses = 0
    subject = auditor(log)
    note = asyncio.ensure_future(subject.note([action(1)]))
    await turns()
    with pytest.raises(RefusedError):
        await subject.run()
    assert not note.done()
    await cancelled(note)


async def test_a_clean_end_closes_the_chain_and_one_that_began_none_writes_nothing() -> None:
    log = fast()
    subject = auditor(log)
    await subject.stop()
    assert log.records == []
    running = asyncio.create_task(subject.run())
    await subject.note([action(1)])
    await cancelled(running)
    await subject.stop()
    (chain,) = verified(log.records).chains.values()
    assert (chain.closed, chain.entries) == (True, 2)


async def test_a_write_that_was_cut_off_is_repeated_at_the_end_so_that_no_gap_is_left() -> None:
    log = SlowLog()
    subject = auditor(log)
    running = asyncio.create_task(subject.run())
    note = asyncio.ensure_future(subject.note([action(1)]))
    await turns()
    await cancelled(running)
    await cancelled(note)
    log.let.set()
    await subject.stop()
    assert not any(finding.is_break for finding in verified(log.records).findings)
    lost = log.writes[1:]  # the first one may have come to nothing
    assert verified([output for outputs in lost for output in outputs]).findings == []


async def test_a_person_s_action_stands_before_its_effect_and_its_chain_is_closed_after_it() -> None:
    log = fast()
    await perform(log, [acted(Settings(user="ann"), "ended", "silence/1", before={"what": []})], [EFFECT])
    assert [output.topic for output in log.records] == [AUDIT, CONTROLS, AUDIT]
    first, last = entries(log.audited)
    assert (first.user, first.action, first.subject, first.before) == ("ann", "ended", "silence/1", {"what": []})
    assert last.action == "stopped"


async def test_what_changes_nothing_is_not_audited() -> None:
    log = fast()
    await perform(log, [], [])
    assert log.records == []


async def test_an_effect_that_fails_leaves_a_chain_that_nobody_closed() -> None:
    log = fast()
    log.refuses = 1
    with pytest.raises(RefusedError):
        await perform(log, [action(1)], [EFFECT])
    assert said(log.records) == [("delivered", "1")]


async def test_many_actions_of_one_command_are_one_chain_in_several_writes() -> None:
    log = fast()
    async with intent(log, [action(number) for number in range(audit.MOST_ENTRIES + 1)]):
        pass
    assert [len(write) for write in log.writes] == [500, 1, 1]
    assert verified(log.records).findings == []


def test_two_starts_are_two_writers() -> None:
    assert new_writer("deliver", "d1") != new_writer("deliver", "d1")
    assert new_writer("deliver", None).startswith("deliver/-/")
