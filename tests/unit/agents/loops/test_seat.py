import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import GroupAuthorizationFailedError, KafkaConnectionError, KafkaError, for_code
from structlog.testing import capture_logs

from agents.loops import seat as loops_seat
from agents.loops.seat import FencedInstanceIdError, Seat
from streams.errors import ConfigurationError

GROUP = "tocsin.match"


class FakeCoordinator:
    """A client's coordinator, as far as a seat knows it; `answer` is an error code, or what is raised."""

    def __init__(self, answer: int | Exception = 0) -> None:
        self.member_id = "one-match-1"
        self.coordinator_id: int | None = 0
        self._coordination_task: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending_exception: Exception | None = None
        self._client = self
        self._answer = answer
        self.calls: list[str] = []

    async def _stop_heartbeat_task(self) -> None:
        assert self._coordination_task.cancelled()
        self.calls.append("rest")

    async def send(self, node: int, request: Any, *, group: Any) -> Any:  # noqa: ANN401 - a client without types
        del node, group
        self.calls.append(f"leave {request._group} {request._member_id}")
        if isinstance(self._answer, Exception):
            raise self._answer
        return SimpleNamespace(error_code=self._answer)


def seat(coordinator: FakeCoordinator, instance: str | None = "one-match") -> Seat:
    made = Seat(instance, GROUP)
    made.take(SimpleNamespace(_coordinator=coordinator))
    return made


async def test_a_member_whose_id_is_unknown_joins_as_who_it_was() -> None:
    coordinator = FakeCoordinator()
    mine = seat(coordinator)
    mine.claim()
    assert coordinator.member_id == "one-match-1"
    coordinator.member_id = ""
    mine.claim()
    assert coordinator.member_id == "one-match-1"


async def test_a_member_without_a_name_and_one_that_never_sat_claim_nothing() -> None:
    coordinator = FakeCoordinator()
    nameless = seat(coordinator, instance=None)
    coordinator.member_id = ""
    nameless.claim()
    Seat("one", GROUP).claim()
    assert coordinator.member_id == ""


def test_the_client_knows_the_code_that_says_that_a_name_is_taken() -> None:
    assert for_code(82) is FencedInstanceIdError


async def test_a_stolen_name_is_told_in_words_and_nothing_else_is() -> None:
    mine = seat(FakeCoordinator())
    taken = mine.stolen(KafkaError(repr(FencedInstanceIdError())))
    assert isinstance(taken, ConfigurationError)
    assert str(taken) == (
        "another process named 'one-match' took this one's place in group tocsin.match: "
        "stop one of the two, or give each an --instance of its own"
    )
    assert mine.stolen(GroupAuthorizationFailedError(GROUP)) is None
    assert mine.stolen(None) is None


async def test_what_keeps_the_client_out_of_its_group_is_seen() -> None:
    coordinator = FakeCoordinator()
    mine = seat(coordinator)
    assert Seat("one", GROUP).trouble() is None
    assert mine.trouble() is None
    coordinator._pending_exception = KafkaError("pending")
    assert mine.trouble() is coordinator._pending_exception
    died = KafkaError("the routine died")
    coordinator._coordination_task.set_exception(died)
    assert mine.trouble() is died


async def test_a_client_that_was_stopped_is_in_no_trouble() -> None:
    coordinator = FakeCoordinator()
    coordinator._coordination_task.cancel()
    assert seat(coordinator).trouble() is None


async def test_the_seat_is_given_up_after_the_client_stopped_joining() -> None:
    coordinator = FakeCoordinator()
    await seat(coordinator).leave()
    assert coordinator.calls == ["rest", "leave tocsin.match one-match-1"]


async def test_there_is_nothing_to_leave_without_a_name_a_seat_or_a_coordinator() -> None:
    coordinator = FakeCoordinator()
    await seat(coordinator, instance=None).leave()
    await Seat("one", GROUP).leave()
    coordinator.coordinator_id = None
    await seat(coordinator).leave()
    assert coordinator.calls == []


class Silent(FakeCoordinator):
    """A coordinator that never answers."""

    async def send(self, node: int, request: Any, *, group: Any) -> None:  # noqa: ANN401 - a client without types
        del node, request, group
        await asyncio.Event().wait()


@pytest.mark.parametrize("kind", [pytest.param("silent", id="silent"), pytest.param("refuses", id="refuses")])
async def test_a_broker_that_is_gone_holds_up_no_end(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops_seat, "LEAVE_S", 0.01)
    coordinator = Silent() if kind == "silent" else FakeCoordinator(KafkaConnectionError("gone"))
    with capture_logs() as said:
        await seat(coordinator).leave()
    assert [line["log_level"] for line in said] == ["warning"]
