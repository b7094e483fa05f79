import asyncio
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from aiokafka.errors import KafkaError
from faust.transport.drivers.aiokafka import Consumer
from faust.types import TP
from intervaltree import IntervalTree

from agents.loops.event import received
from agents.loops.seat import FencedInstanceIdError, Seat
from agents.loops.stage import HardenedConsumer, LeavingThread, faust_settings
from config.settings import Settings

PLACE, OTHER = TP("tocsin.articles", 0), TP("tocsin.articles", 1)
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def books(kind: type[Consumer], *, acked: Sequence[int], in_flight: Sequence[tuple[TP, int]]) -> Consumer:
    """Return a consumer with nothing but its books; 3 is committed."""
    consumer = kind.__new__(kind)
    consumer._unacked_messages = [SimpleNamespace(tp=tp, offset=offset, acked=False) for tp, offset in in_flight]
    consumer._acked = {PLACE: list(acked)}
    consumer._acked_index = {PLACE: set(acked)}
    consumer._gap = {PLACE: IntervalTree()}
    consumer._committed_offset = {PLACE: 3}
    return consumer


@pytest.mark.parametrize(
    ("acked", "in_flight", "offset"),
    [
        pytest.param([3, 4, 5], [], 6, id="nothing-in-flight"),
        pytest.param([3, 4, 5], [(PLACE, 6)], 6, id="only-later-ones-in-flight"),
        pytest.param([3, 5, 6], [(PLACE, 4)], 4, id="one-in-the-middle-in-flight"),
        pytest.param([4, 5], [(PLACE, 3)], None, id="the-first-in-flight"),
        pytest.param([3, 4], [(OTHER, 1)], 5, id="in-flight-elsewhere"),
    ],
)
def test_it_never_commits_past_a_message_in_flight(
    acked: Sequence[int], in_flight: Sequence[tuple[TP, int]], offset: int | None
) -> None:
    consumer = books(HardenedConsumer, acked=acked, in_flight=in_flight)
    assert consumer._new_offset(PLACE) == offset


def test_what_was_held_back_is_committed_when_the_message_in_flight_is_done() -> None:
    consumer = books(HardenedConsumer, acked=[4, 5], in_flight=[(PLACE, 3)])
    assert consumer._new_offset(PLACE) is None
    consumer._unacked_messages[0].acked = True
    consumer._acked[PLACE].append(3)
    assert consumer._new_offset(PLACE) == 6


def test_fausts_own_consumer_commits_past_the_first_message_in_flight() -> None:
    assert books(Consumer, acked=[4, 5], in_flight=[(PLACE, 3)])._new_offset(PLACE) == 6


@pytest.mark.parametrize(
    ("security", "has_password", "has_context"),
    [
        pytest.param("PLAINTEXT", False, False, id="plain"),
        pytest.param("SSL", False, True, id="ssl"),
        pytest.param("SASL_PLAINTEXT", True, False, id="password"),
        pytest.param("SASL_SSL", True, True, id="password-over-ssl"),
    ],
)
def test_faust_reaches_the_broker_as_every_other_client_does(
    security: str, *, has_password: bool, has_context: bool
) -> None:
    settings = Settings(
        bootstrap="a:1,b:2", security_protocol=security, sasl_username="u", sasl_password="p", instance="one"
    )
    given = faust_settings(settings, "match")
    credentials = given["broker_credentials"]
    assert given["broker"] == "kafka://a:1;kafka://b:2"
    assert given["consumer_group_instance_id"] == "one-match"
    assert getattr(credentials, "password", None) == ("p" if has_password else None)
    context = getattr(credentials, "ssl_context", None) or getattr(credentials, "context", None)
    assert (context is not None) == has_context


def test_an_event_is_received_as_it_was_read() -> None:
    message = SimpleNamespace(
        topic="t", partition=1, offset=2, key=None, value=b"\xff", headers=[("h", b"\x80")], timestamp=NOW.timestamp()
    )
    read = received(SimpleNamespace(message=message))
    assert (read.key, read.value, read.headers, read.appended_at) == ("", b"\xff", (("h", b"\x80"),), NOW)
    message.headers = None
    assert received(SimpleNamespace(message=message)).headers == ()


class Client:
    """A client that can't be stopped in peace, as aiokafka's when its broker is gone."""

    stopped = False

    async def stop(self) -> None:
        self.stopped = True
        raise asyncio.CancelledError


class Fetcher:
    """A client's fetcher that fails."""

    _closed = False

    def __init__(self, error: Exception) -> None:
        self._error = error
        self._subscriptions = SimpleNamespace(fetch_context=nullcontext)

    async def fetched_records(self, *_: object, **__: object) -> None:
        raise self._error


def thread(**fields: object) -> LeavingThread:
    made = LeavingThread.__new__(LeavingThread)
    made.app = SimpleNamespace(leaves=False, seat=Seat("one", "match"))
    for name, value in {"_method_queue": None, **fields}.items():
        setattr(made, name, value)
    return made


async def test_the_thread_ends_also_when_its_client_says_that_it_was_cancelled() -> None:
    client = Client()
    await thread(_consumer=client).on_thread_stop()
    assert client.stopped


async def test_a_stolen_name_is_left_to_the_stage_and_any_other_error_of_a_fetch_is_not() -> None:
    fetching = thread(consumer=SimpleNamespace(flow_active=True))
    stolen, other = KafkaError(repr(FencedInstanceIdError())), KafkaError("another")
    assert await fetching._fetch_records(SimpleNamespace(_closed=False, _fetcher=Fetcher(stolen)), set()) == {}
    with pytest.raises(KafkaError, match="another"):
        await fetching._fetch_records(SimpleNamespace(_closed=False, _fetcher=Fetcher(other)), set())
