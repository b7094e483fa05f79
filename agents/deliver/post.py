"""One POST to a receiver: no redirects, a bounded answer, every failure a value without a secret in it."""

import ssl
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from agents.deliver.outcome import Outcome, ambiguous, failed, refused
from agents.net.address_guard import AddressRefusedError
from streams.errors import Reason

ANSWER_BYTES = 64_000
CONNECT_S = 5.0
HTTPS_PORT, HTTP_PORT = 443, 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a receiver answered; `whole` is False if the body broke off or was longer than its bound."""

    status: int
    retry_after: str | None
    body: bytes
    whole: bool = True


def refusal(url: str, *, allow_insecure: bool, allow: Collection[str]) -> str | None:
    """Return why this address is never sent to, or None. Plain http needs the option and an allowed address."""
    try:
        parts = urlsplit(url)
        port = parts.port or (HTTPS_PORT if parts.scheme == "https" else HTTP_PORT)
    except ValueError:
        return "not_an_address"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "not_an_address"
    if parts.scheme == "http" and not (allow_insecure and f"{parts.hostname}:{port}" in allow):
        return "plain_http"
    return None


def api_refusal(url: str, *, own: Collection[str], allow_insecure: bool, allow: Collection[str]) -> str | None:
    """Return why an API's address is refused, or None: routes may name one that is not its own only if we allow it.

    Else whoever may write the routes could have a secret sent to an address of his own.
    """
    if url in own:
        return None
    if urlsplit(url).netloc not in allow:
        return "api_url_not_allowed"
    return refusal(url, allow_insecure=allow_insecure, allow=allow)


async def post(
    session: aiohttp.ClientSession,
    url: str,
    *,
    body: bytes,
    headers: Mapping[str, str],
    timeout_s: float,
    most_bytes: int = ANSWER_BYTES,
) -> Answer | Outcome:
    """Return the answer, or what its absence means: `failed` if nothing was sent, `ambiguous` if that is not sure."""
    timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=CONNECT_S)
    try:
        async with session.post(url, data=body, headers=headers, timeout=timeout, allow_redirects=False) as response:
            content, whole = await _bounded(response, most_bytes)
            return Answer(
                status=response.status,
                retry_after=response.headers.get("Retry-After"),
                body=content,
                whole=whole,
            )
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as err:
        return of_error(err)


def of_error(err: BaseException) -> Outcome:
    """Return what a client's error means for a delivery. Only class names go on: messages hold addresses."""
    if any(isinstance(cause, AddressRefusedError) for cause in _causes(err)):
        return refused("address_refused", Reason.ADDRESS_REFUSED)
    if isinstance(err, aiohttp.ClientConnectorCertificateError) or _is_bad_certificate(err):
        return refused("bad_certificate", Reason.ADDRESS_REFUSED)
    if isinstance(err, (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError)):
        return refused("not_an_address")
    if isinstance(err, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)):
        return failed(f"connect_{type(err).__name__}")
    return ambiguous("timeout" if isinstance(err, TimeoutError) else f"broken_{type(err).__name__}")


async def _bounded(response: aiohttp.ClientResponse, most_bytes: int) -> tuple[bytes, bool]:
    kept = bytearray()
    try:
        async for chunk in response.content.iter_chunked(8_192):
            kept += chunk
            if len(kept) > most_bytes:
                return bytes(kept[:most_bytes]), False
    except (aiohttp.ClientError, TimeoutError, OSError):
        return bytes(kept), False  # the status is known, and it is what counts
    return bytes(kept), True


def _is_bad_certificate(err: BaseException) -> bool:
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(err))


def _causes(err: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while err is not None and id(err) not in seen:
        seen.add(id(err))
        yield err
        if isinstance(err, aiohttp.ClientConnectorError):
            yield err.os_error
        err = err.__cause__ or err.__context__
