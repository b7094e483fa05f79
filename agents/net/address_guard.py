"""The guard over every connect: no origin, redirect or DNS answer leads into the firm's own network."""

import asyncio
import socket
from collections.abc import Collection, Iterator
from errno import EACCES
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import aiohttp
from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver

from agents.net.daemon import in_daemon
from streams.errors import ConfigurationError, TocsinError

CONNECTIONS_A_HOST = 2
DNS_CACHE_S = 300
DNS_THREADS = 16
KEEP_ALIVE_S = 75.0  # a new TLS handshake costs as much as six kept-alive polls
MOST_CONNECTIONS = 512

Address = IPv4Address | IPv6Address

# Beside `is_global`, whose tables grow with Python's version: shared, relay, metadata, local NAT64, segment routing.
_REFUSED = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4", "::/128", "::1/128", "64:ff9b:1::/48", "100::/64", "2001:db8::/32", "3fff::/20",
        "5f00::/16", "fc00::/7", "fd00:ec2::254/128", "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip
_MAPPED = ip_network("::ffff:0:0/96")
_COMPATIBLE = ip_network("::/96")
_NAT64 = ip_network("64:ff9b::/96")
_SIX_TO_FOUR = ip_network("2002::/16")
_TEREDO = ip_network("2001::/32")


class AddressRefusedError(TocsinError, OSError):
    """An address is not one that the poller may connect to; an OSError, so that the client treats it as a failure."""

    def __init__(self, address: str, port: int) -> None:
        self.address = address
        super().__init__(EACCES, f"{address}:{port} is not a public address (allow_addresses can name it)")


def check(address: str, port: int, *, allowed: Collection[tuple[str, int]] = ()) -> None:
    """Return nothing for a public address or an allowed one; anything that is no address is refused.

    Raises: AddressRefusedError.
    """
    if (address, port) in allowed:
        return
    try:
        real = list(_unwrapped(ip_address(address.partition("%")[0])))
    except ValueError:
        raise AddressRefusedError(address, port) from None
    if not all(_is_public(each) for each in real):
        raise AddressRefusedError(address, port)


def _is_public(address: Address) -> bool:
    listed = any(address.version == network.version and address in network for network in _REFUSED)
    return address.is_global and not address.is_multicast and not listed


def _unwrapped(address: Address) -> Iterator[Address]:
    """Return the addresses that a packet may end at: the IPv4 ones inside a transition form, or the address itself."""
    if isinstance(address, IPv4Address):
        yield address
    elif address in _MAPPED or address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        yield IPv4Address(int(address) & 0xFFFF_FFFF)
    elif address in _SIX_TO_FOUR:
        yield IPv4Address((int(address) >> 80) & 0xFFFF_FFFF)
    elif address in _TEREDO:
        yield IPv4Address((int(address) >> 64) & 0xFFFF_FFFF)
        yield IPv4Address(~int(address) & 0xFFFF_FFFF)
    else:
        yield address


class NotingResolver(ThreadedResolver):
    """Resolves names in threads of its own, and notes the addresses of those that are allowed by name.

    Of its own, because a name server that doesn't answer holds a thread for many seconds: the loop has few, and waits
    for each of them when the process ends.
    """

    def __init__(self, names: Collection[tuple[str, int]], allowed: set[tuple[str, int]]) -> None:
        super().__init__()
        self._names = names
        self._allowed = allowed
        self._places = asyncio.Semaphore(DNS_THREADS)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the numeric addresses of a host, in the order in which they are to be tried."""
        ask = partial(
            socket.getaddrinfo, host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
        )
        await self._places.acquire()
        found = await in_daemon(ask, name="dns", then=self._places.release)
        results = [_result(host, kind, protocol, place) for kind, _, protocol, _, place in found]
        if (host, port) in self._names:
            self._allowed.update((result["host"], port) for result in results)
        return results


def _result(host: str, family: int, protocol: int, place: tuple[Any, ...]) -> ResolveResult:
    """Return an answer as the connector wants it: numeric, so that nothing is resolved a second time."""
    return ResolveResult(
        hostname=host,
        host=str(place[0]),
        port=int(place[1]),
        family=family,
        proto=protocol,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )


def endpoint(text: str) -> tuple[str, int]:
    """Return host and port of an entry of the allow-list: `10.1.2.3:8080`, `[::1]:8080` or `feeds.firm:80`.

    Raises: ConfigurationError.
    """
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()):
        raise ConfigurationError(f'allow_addresses: "{text}" is no host:port, such as 10.1.2.3:8080')
    return host.strip("[]").lower(), int(port)


def connector(allow: Collection[str] = (), *, a_host: int = CONNECTIONS_A_HOST) -> aiohttp.TCPConnector:
    """Return a connector that checks the address of every single connect, after DNS and after each redirect.

    `allow` are the exceptions, as `host:port`; `a_host` is the most connections to one host, 0 for no limit.
    DNS is kept 300 s, idle connections 75 s.
    """
    allowed = {endpoint(text) for text in allow}
    named = frozenset(allowed)

    def guarded_socket(found: tuple[Any, Any, int, str, tuple[Any, ...]]) -> socket.socket:
        family, kind, protocol, _, place = found
        check(str(place[0]), int(place[1]), allowed=allowed)
        return socket.socket(family=family, type=kind, proto=protocol)

    return aiohttp.TCPConnector(
        limit=MOST_CONNECTIONS,
        limit_per_host=a_host,
        ttl_dns_cache=DNS_CACHE_S,
        keepalive_timeout=KEEP_ALIVE_S,
        resolver=NotingResolver(named, allowed),
        socket_factory=guarded_socket,
    )
