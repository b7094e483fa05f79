from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaTimeoutError
from structlog.testing import capture_logs

from agents.kafka import partition
from agents.loops.membership import Held, Membership
from config.settings import Settings

NAME = "tocsin.matches"


class FakeGroup:
    """A coordinator that takes commits, or says that they come from a member that it does not know."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.committed_offsets: dict[Any, int | None] = {}
        self.begin, self.end = 10, 20

    async def commit(self, offsets: Mapping[Any, int]) -> None:
        if self.error is not None:
            raise self.error
        self.committed_offsets |= offsets

    async def committed(self, place: object) -> int | None:
        return self.committed_offsets.get(place)

    async def beginning_offsets(self, places: Sequence[Any]) -> Mapping[Any, int]:
        return dict.fromkeys(places, self.begin)

    async def end_offsets(self, places: Sequence[Any]) -> Mapping[Any, int]:
        return dict.fromkeys(places, self.end)


@pytest.fixture
def group() -> FakeGroup:
    return FakeGroup()


@pytest.fixture
def member(group: FakeGroup) -> Membership:
    member = Membership(Settings(bootstrap="127.0.0.1:1"), group="alert", topics=[NAME])
    member._client = group
    member.held = {number: Held({NAME: 5}, {NAME: 5}, started=True) for number in (0, 1)}
    return member


class SilentGroup(FakeGroup):
    """A broker that answers nothing."""

    async def end_offsets(self, places: Sequence[Any]) -> Mapping[Any, int]:
        raise KafkaTimeoutError(places)


async def test_ends_are_what_the_broker_says_and_none_when_it_is_silent(member: Membership) -> None:
    assert await member.ends([(NAME, 0)]) == {(NAME, 0): 20}
    member._client = SilentGroup()
    assert await member.ends([(NAME, 0)]) is None
    assert await member.ends([]) == {}


def freeze(member: Membership) -> None:
    member._pulse.doubts += 1


async def test_a_commit_never_goes_back(member: Membership, group: FakeGroup) -> None:
    assert await member.commit(0, {NAME: 9})
    assert await member.commit(0, {NAME: 7})
    assert group.committed_offsets == {partition(NAME, 0): 9}


@pytest.mark.parametrize(
    "error", [pytest.param(CommitFailedError(), id="rebalanced"), pytest.param(IllegalStateError(), id="not-assigned")]
)
async def test_a_commit_that_is_lost_to_a_rebalance_is_no_error(
    member: Membership, group: FakeGroup, error: Exception
) -> None:
    group.error = error
    assert not await member.commit(0, {NAME: 9})
    assert member.held[0].done == {NAME: 5}


async def test_what_is_not_held_is_not_committed(member: Membership, group: FakeGroup) -> None:
    assert not await member.commit(7, {NAME: 9})
    assert not group.committed_offsets


async def test_a_freeze_is_forgiven_when_the_coordinator_still_knows_the_member(
    member: Membership, group: FakeGroup
) -> None:
    freeze(member)
    assert not member.holds(0)
    assert await member.recheck(0)
    assert member.holds(0)
    assert group.committed_offsets == {partition(NAME, 0): 5}


async def test_a_freeze_that_cost_the_membership_ends_every_number(member: Membership, group: FakeGroup) -> None:
    freeze(member)
    group.error = CommitFailedError()
    assert not await member.recheck(0)
    group.error = None
    assert not await member.recheck(0)
    assert not await member.recheck(1)
    assert not member.holds(1)


async def test_a_second_freeze_while_asking_stands(member: Membership, group: FakeGroup) -> None:
    freeze(member)
    commit = group.commit

    async def freezing_commit(offsets: Mapping[Any, int]) -> None:
        await commit(offsets)
        freeze(member)

    group.commit = freezing_commit  # type: ignore[method-assign]  # a freeze in the very round trip
    assert await member.recheck(0)
    assert not member.holds(0)


@pytest.mark.parametrize(
    ("committed", "start"),
    [
        pytest.param(None, 10, id="never-committed"),
        pytest.param(15, 15, id="committed"),
        pytest.param(20, 20, id="all-done"),
        pytest.param(5, 10, id="deleted-since"),
        pytest.param(99, 10, id="the-log-was-lost"),
    ],
)
async def test_reading_goes_on_where_it_was_committed_if_that_is_still_there(
    member: Membership, group: FakeGroup, committed: int | None, start: int
) -> None:
    place = partition(NAME, 0)
    group.committed_offsets = {place: committed}
    assert await member.starts([0]) == {place: start}
    assert await member.starts([]) == {}


@pytest.mark.parametrize(("committed", "lost"), [(10, None), (20, None), (4, 6), (25, None)])
async def test_records_that_were_deleted_before_they_were_taken_are_told(
    member: Membership, group: FakeGroup, committed: int, lost: int | None
) -> None:
    group.committed_offsets[partition(NAME, 0)] = committed
    with capture_logs() as said:
        await member.starts([0])
    assert [line.get("lost") for line in said if line["log_level"] == "error"] == ([] if lost is None else [lost])
