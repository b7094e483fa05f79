"""What each kind of receiver makes of a server that hangs, lies, redirects, floods, breaks off or moves inside."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from agents.deliver.attempt import Attempt
from agents.deliver.lane import Channel
from agents.deliver.outcome import Outcome, OutcomeKind
from agents.net.address_guard import connector
from streams.errors import Reason
from tests.support.bad_server import BadServer
from tests.support.channels import KINDS, TAKEN, channel, write_secret
from tests.support.notices import delivery, ledger

SECRET, OTHER = "very-secret-1", "very-secret-2"
NAME = "hooks.example.test"
UNREADABLE = (OutcomeKind.AMBIGUOUS, "answer_unreadable")
BELIEVED = (OutcomeKind.DELIVERED, "http_200")
BROKEN = (OutcomeKind.AMBIGUOUS, "broken_ServerDisconnectedError")


@pytest.fixture
async def server() -> AsyncIterator[BadServer]:
    async with BadServer() as running:
        yield running


def address(server: BadServer, host: str = "127.0.0.1") -> str:
    return f"http://{host}:{server.port}"


def attempt(number: int = 0) -> Attempt:
    return Attempt(delivery=delivery("r", number=number), ledger=ledger())


async def sent_once(kind: str, folder: Path, server: BadServer) -> Outcome:
    write_secret(folder, kind, address(server), SECRET)
    async with aiohttp.ClientSession(connector=connector(server.allow)) as session:
        return await channel(kind, folder, address(server), session, server.allow).send(attempt())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("fault", "most", "others"),
    [
        pytest.param("hang", (OutcomeKind.AMBIGUOUS, "timeout"), {}, id="hangs"),
        pytest.param("drop", BROKEN, {}, id="resets after the body"),
        pytest.param("redirect", (OutcomeKind.FAILED, "http_307"), {}, id="redirects"),
        pytest.param("endless", UNREADABLE, {"webhook": BELIEVED}, id="answers 10 GB"),
        pytest.param("half", UNREADABLE, {"webhook": BELIEVED}, id="breaks off after the status"),
        pytest.param(
            "says/500",
            UNREADABLE,
            {"webhook": BELIEVED, "teams": (OutcomeKind.FAILED, "inner_http_500")},
            id="answers 200 with an error for a text",
        ),
        pytest.param(
            'json/{"ok": false, "status": "failure", "error": "fatal_error"}',
            UNREADABLE,
            {
                "webhook": BELIEVED,
                "slack_bot": (OutcomeKind.FAILED, "fatal_error"),
                "slack_incoming": (OutcomeKind.FAILED, "fatal_error"),
                "pagerduty": (OutcomeKind.FAILED, "not_accepted"),
            },
            id="answers 200 with an error in JSON",
        ),
        pytest.param("429/7", (OutcomeKind.THROTTLED, "http_429"), {}, id="asks for patience"),
    ],
)
async def test_a_receiver_that_misbehaves_is_seen_through(
    tmp_path: Path, server: BadServer, kind: str, fault: str, most: tuple[OutcomeKind, str], others: dict[str, object]
) -> None:
    server.faults = [fault]
    outcome = await sent_once(kind, tmp_path, server)
    assert (outcome.kind, outcome.detail) == others.get(kind, most)
    assert (len(server.asked), server.followed) == (1, 0)
    assert server.sent_bytes < 32_000_000  # what fits between two sockets; 64 kB of it are read
    assert SECRET in server.asked[0].text
    assert SECRET not in repr(outcome)


@pytest.mark.parametrize("kind", KINDS)
async def test_what_a_receiver_takes_for_an_answer_is_delivered(tmp_path: Path, server: BadServer, kind: str) -> None:
    server.always = TAKEN[kind]
    assert (await sent_once(kind, tmp_path, server)).kind is OutcomeKind.DELIVERED


class Rebinding(AbstractResolver):
    """Answers the first question with the address of a server outside, and later ones with one that is inside."""

    def __init__(self, *hosts: str) -> None:
        self.hosts, self.asked = list(hosts), 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        there = self.hosts.pop(0)
        return [ResolveResult(hostname=host, host=there, port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        pass


async def twice(channel: Channel, found: aiohttp.TCPConnector) -> list[Outcome]:
    """Return what came of two attempts with a look-up each."""
    first = await channel.send(attempt())
    found.clear_dns_cache()
    return [first, await channel.send(attempt())]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_name_that_leads_inside_at_the_second_look_up_is_not_connected_to(
    tmp_path: Path, server: BadServer, kind: str
) -> None:
    server.always, server.closes = TAKEN[kind], True
    write_secret(tmp_path, kind, address(server, NAME), SECRET)
    async with BadServer(host="127.0.0.2", port=server.port, always=TAKEN[kind]) as inside:
        found = connector(server.allow)
        found._resolver = resolver = Rebinding("127.0.0.1", "127.0.0.2")
        async with aiohttp.ClientSession(connector=found) as session:
            allow = (f"{NAME}:{server.port}",)
            outcomes = await twice(channel(kind, tmp_path, address(server, NAME), session, allow), found)
        assert inside.asked == []
    assert [outcome.detail for outcome in outcomes][1] == "address_refused"
    assert [outcome.kind for outcome in outcomes] == [OutcomeKind.DELIVERED, OutcomeKind.REFUSED]
    assert outcomes[1].reason is Reason.ADDRESS_REFUSED
    assert (resolver.asked, len(server.asked)) == (2, 1)


async def test_mutation_without_the_guard_the_second_look_up_leads_inside(tmp_path: Path, server: BadServer) -> None:
    server.closes = True
    write_secret(tmp_path, "webhook", address(server, NAME), SECRET)
    async with BadServer(host="127.0.0.2", port=server.port) as inside:
        found = aiohttp.TCPConnector(resolver=Rebinding("127.0.0.1", "127.0.0.2"))
        async with aiohttp.ClientSession(connector=found) as session:
            allow = (f"{NAME}:{server.port}",)
            await twice(channel("webhook", tmp_path, address(server, NAME), session, allow), found)
        assert len(inside.asked) == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_an_address_inside_is_refused_even_over_https(tmp_path: Path, server: BadServer, kind: str) -> None:
    inside = f"https://127.0.0.1:{server.port}"
    write_secret(tmp_path, kind, inside, SECRET)
    async with aiohttp.ClientSession(connector=connector()) as session:
        outcome = await channel(kind, tmp_path, inside, session, server.allow).send(attempt())
    assert (outcome.kind, outcome.detail) == (OutcomeKind.REFUSED, "address_refused")
    assert server.asked == []


@pytest.mark.parametrize("kind", KINDS)
async def test_a_secret_goes_over_plain_http_to_no_address_that_is_not_allowed(
    tmp_path: Path, server: BadServer, kind: str
) -> None:
    write_secret(tmp_path, kind, address(server), SECRET)
    async with aiohttp.ClientSession(connector=connector(server.allow)) as session:
        outcome = await channel(kind, tmp_path, address(server), session, ()).send(attempt())
    api = kind in ("slack_bot", "pagerduty")
    assert (outcome.kind, outcome.detail) == (OutcomeKind.REFUSED, "api_url_not_allowed" if api else "plain_http")
    assert server.asked == []


@pytest.mark.parametrize("kind", KINDS)
async def test_a_secret_that_is_rotated_under_load_loses_nothing(tmp_path: Path, server: BadServer, kind: str) -> None:
    server.always = TAKEN[kind]
    write_secret(tmp_path, kind, address(server), SECRET)
    asked_before: list[int] = []

    async def work(to: Channel, worker: int) -> list[Outcome]:
        first = [await to.send(attempt(worker * 10 + number)) for number in range(3)]
        if worker == 0:
            write_secret(tmp_path, kind, address(server), OTHER)
            asked_before.append(len(server.asked))
        return first + [await to.send(attempt(worker * 10 + number)) for number in range(3, 10)]

    async with aiohttp.ClientSession(connector=connector(server.allow)) as session:
        to = channel(kind, tmp_path, address(server), session, server.allow)
        outcomes = await asyncio.gather(*(work(to, worker) for worker in range(8)))
    used = [(SECRET in asked.text, OTHER in asked.text) for asked in server.asked]
    assert {outcome.kind for each in outcomes for outcome in each} == {OutcomeKind.DELIVERED}
    assert len(used) == 80
    assert set(used) == {(True, False), (False, True)}
    assert used.count((True, False)) <= asked_before[0] + 8  # the eight that were on their way


@pytest.mark.parametrize("kind", KINDS)
async def test_a_secret_that_is_just_being_written_is_none_yet(tmp_path: Path, server: BadServer, kind: str) -> None:
    server.always = TAKEN[kind]
    (tmp_path / "secret").write_text("\n")
    async with aiohttp.ClientSession(connector=connector(server.allow)) as session:
        to = channel(kind, tmp_path, address(server), session, server.allow)
        early = await to.send(attempt())
        write_secret(tmp_path, kind, address(server), SECRET)
        late = await to.send(attempt())
    assert (early.kind, early.detail) == (OutcomeKind.FAILED, "secret_missing")
    assert late.kind is OutcomeKind.DELIVERED
    assert len(server.asked) == 1
