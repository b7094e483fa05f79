import asyncio
import socket

import aiohttp
import pytest
from aiohttp import web

from agents.net.address_guard import AddressRefusedError, check, connector, endpoint
from streams.errors import ConfigurationError
from tests.fakes import Answer, FeedOrigin

PUBLIC = [
    "8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808",
    "2002:808:808::1", "::8.8.8.8",
]  # fmt: skip
INNER = [
    "127.0.0.1", "127.255.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "100.100.100.200", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "198.18.0.1",
    "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::10.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808", "64:ff9b:1::7f00:1", "2002:7f00:1::",
    "2002:a00:1::1", "2001:0:808:808::f5ff:fffe", "2001:0:a00:1::f7f7:f7f7", "100::1", "2001:db8::1", "3fff::1",
    "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1",
    "localhost", "", "1.2.3", "0x7f000001",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_passes(address: str) -> None:
    assert check(address, 443) is None


@pytest.mark.parametrize("address", INNER)
def test_an_address_that_leads_inside_is_refused(address: str) -> None:
    with pytest.raises(AddressRefusedError, match="is not a public address"):
        check(address, 80)


def test_an_allowed_endpoint_passes_and_its_neighbour_port_does_not() -> None:
    allowed = {endpoint("127.0.0.1:8099")}
    assert check("127.0.0.1", 8099, allowed=allowed) is None
    with pytest.raises(AddressRefusedError):
        check("127.0.0.1", 8098, allowed=allowed)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param("10.1.2.3:8080", ("10.1.2.3", 8080), id="ipv4"),
        pytest.param("[::1]:8080", ("::1", 8080), id="ipv6"),
        pytest.param("Feeds.Firm:80", ("feeds.firm", 80), id="name"),
    ],
)
def test_an_entry_of_the_allow_list_names_host_and_port(text: str, place: tuple[str, int]) -> None:
    assert endpoint(text) == place


@pytest.mark.parametrize("text", ["", "feeds.firm", "10.0.0.1:", ":80", "10.0.0.1:http"])
def test_an_entry_that_is_no_host_and_port_is_a_mistake_with_its_cure(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"no host:port, such as 10\.1\.2\.3:8080"):
        endpoint(text)


async def test_the_guard_sees_the_connect_that_dns_answers_with_an_inner_address() -> None:
    async with FeedOrigin() as origin:
        origin.script("/", Answer("x"))
        async with aiohttp.ClientSession(connector=connector()) as session:
            with pytest.raises(aiohttp.ClientConnectorError, match="is not a public address"):
                await session.get(f"http://localhost:{origin.port}/")
        assert origin.asked == []


async def test_a_host_that_is_allowed_by_name_is_reached_at_the_address_that_its_name_has() -> None:
    async with FeedOrigin() as origin:
        origin.script("/", Answer("x"))
        allow = [f"localhost:{origin.port}"]
        async with (
            aiohttp.ClientSession(connector=connector(allow)) as session,
            session.get(f"http://localhost:{origin.port}/") as response,
        ):
            assert response.status == 200


@pytest.mark.parametrize(
    ("given", "most"),
    [
        pytest.param({}, 2, id="feeds: two"),
        pytest.param({"a_host": 3}, 3, id="as many as are asked for"),
        pytest.param({"a_host": 0}, 6, id="no limit"),
    ],
)
async def test_a_host_gets_as_many_connections_as_the_caller_allows(given: dict[str, int], most: int) -> None:
    leave, busy = asyncio.Event(), 0

    async def held(_: web.Request) -> web.Response:
        nonlocal busy
        busy += 1
        await leave.wait()
        return web.Response()

    async with FeedOrigin() as origin:
        url = origin.script("/", Answer(send=held))
        async with aiohttp.ClientSession(connector=connector([origin.address], **given)) as session:
            requests = [asyncio.create_task(session.get(url)) for _ in range(6)]
            await origin.wait_for("/", most)
            await asyncio.sleep(0.1)
            assert busy == most
            leave.set()
            assert {answer.status for answer in await asyncio.gather(*requests)} == {200}


async def test_without_the_guard_the_inner_address_would_be_reached() -> None:
    async with FeedOrigin() as origin:
        origin.script("/", Answer("x"))
        unguarded = aiohttp.TCPConnector(family=socket.AF_INET)
        async with (
            aiohttp.ClientSession(connector=unguarded) as session,
            session.get(origin.url("/")) as response,
        ):
            assert response.status == 200
