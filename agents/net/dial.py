"""A connected socket for what does not speak HTTP, past the same guard over every connect."""

import asyncio
import socket
from collections.abc import Collection

from agents.net.address_guard import AddressRefusedError, NotingResolver, check, endpoint


async def dial(host: str, port: int, *, allow: Collection[str] = ()) -> socket.socket:
    """Return a socket that is connected to the first address of a host that may be asked, and answers.

    `allow` are the exceptions, as `host:port`. The caller bounds the time, and owns the socket. Raises:
    AddressRefusedError if one was refused and no other answered, else the OSError of the last.
    """
    allowed = {endpoint(text) for text in allow}
    failures: list[OSError] = [OSError("the name has no address")]
    for found in await NotingResolver(frozenset(allowed), allowed).resolve(host, port, socket.AF_UNSPEC):
        try:
            check(found["host"], found["port"], allowed=allowed)
            return await _connected(found["family"], (found["host"], found["port"]))
        except OSError as err:
            failures.append(err)
    raise next((err for err in failures if isinstance(err, AddressRefusedError)), failures[-1])


async def _connected(family: int, address: tuple[str, int]) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setblocking(False)  # noqa: FBT003 - the socket's own signature
        await asyncio.get_running_loop().sock_connect(made, address)
    except BaseException:
        made.close()
        raise
    return made
