"""One mail to an SMTP server: TLS, login, recipients, data; every failure a value without a secret in it."""

import asyncio
import socket
import ssl
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import unquote, urlsplit

from aiosmtplib import SMTP
from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
)

from agents.deliver.outcome import Outcome, ambiguous, failed, refused
from agents.net.address_guard import AddressRefusedError
from agents.net.dial import dial
from streams.errors import Reason

QUIT_S: Final = 1.0  # a farewell: the mail is taken already
LATER, FOR_GOOD = range(400, 500), range(500, 600)
PORTS: Final = {"tls": 465, "starttls": 587, "plain": 25}


class Security(StrEnum):
    """How the way to a server is protected."""

    TLS = "tls"
    STARTTLS = "starttls"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A mail server, as its URL names it."""

    host: str
    port: int
    security: Security
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """Which recipients have the mail, and with which code the server put off or refused the others; its answer."""

    taken: tuple[str, ...]
    not_taken: Mapping[str, int]
    answer: str = ""


@dataclass(slots=True)
class Submission:
    """One attempt; `in_doubt` from when the mail's end may have been sent until the server answers."""

    server: Server
    context: ssl.SSLContext
    allow: Collection[str]
    timeout_s: float
    in_doubt: bool = False

    async def run(self, message: bytes, *, sender: str, to: Sequence[str]) -> Submitted | Outcome:
        """Return who has the mail, or what the failure means: `ambiguous` if the server may have taken it."""
        client: SMTP | None = None
        try:
            async with asyncio.timeout(self.timeout_s):
                client = self._client(await dial(self.server.host, self.server.port, allow=self.allow))
                await client.connect()
                if (why := await self._secured(client)) is not None:
                    return why
                return await self._sent(client, message, sender, to)
        except (SMTPException, TimeoutError, OSError, ValueError) as err:
            return self._of_error(err)
        finally:
            if client is not None:
                await _left(client, politely=not self.in_doubt)

    def _client(self, connected: socket.socket) -> SMTP:
        """Return a client that upgrades and logs in by our word alone, and names itself by its address (RFC 5321)."""
        name = str(connected.getsockname()[0])
        return SMTP(
            hostname=self.server.host,
            sock=connected,
            use_tls=self.server.security is Security.TLS,
            start_tls=False,
            tls_context=self.context,
            local_hostname=f"[IPv6:{name.partition('%')[0]}]" if ":" in name else f"[{name}]",
            timeout=self.timeout_s,
        )

    async def _secured(self, client: SMTP) -> Outcome | None:
        await client.ehlo()
        if self.server.security is Security.STARTTLS:
            if not client.supports_extension("starttls"):
                return refused("no_starttls", Reason.ADDRESS_REFUSED)
            await client.starttls()
            await client.ehlo()
        if self.server.username is None:
            return None
        if not client.supported_auth_methods:
            return refused("login_not_offered", Reason.CREDENTIALS_REFUSED)
        await client.login(self.server.username, self.server.password or "")
        return None

    async def _sent(self, client: SMTP, message: bytes, sender: str, to: Sequence[str]) -> Submitted:
        """Return who has the mail; who is refused keeps it from nobody else."""
        await client.mail(sender)
        taken: list[str] = []
        not_taken: dict[str, int] = {}
        for each in to:
            try:
                await client.rcpt(each)
            except SMTPRecipientRefused as err:
                not_taken[each] = err.code
            else:
                taken.append(each)
        if not taken:
            return Submitted(taken=(), not_taken=not_taken)
        self.in_doubt = True
        answer = await client.data(message)
        self.in_doubt = False
        return Submitted(taken=tuple(taken), not_taken=not_taken, answer=answer.message)

    def _of_error(self, err: Exception) -> Outcome:
        causes = list(_causes(err))
        if any(isinstance(cause, AddressRefusedError) for cause in causes):
            return refused("address_refused", Reason.ADDRESS_REFUSED)
        if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
            return refused("bad_certificate", Reason.ADDRESS_REFUSED)
        if isinstance(err, SMTPResponseException) and err.code in (*LATER, *FOR_GOOD):
            self.in_doubt = False
            login = isinstance(err, SMTPAuthenticationError)
            return of_code(err.code, Reason.CREDENTIALS_REFUSED if login else Reason.REFUSED_BY_RECEIVER)
        what = "timeout" if isinstance(err, TimeoutError) else f"broken_{type(err).__name__}"
        return ambiguous(what) if self.in_doubt else failed(what)


def of_code(code: int, reason: Reason = Reason.REFUSED_BY_RECEIVER) -> Outcome:
    """Return what a reply that is no success means: 4yz may be tried again, 5yz would be refused again."""
    return refused(f"smtp_{code}", reason) if code in FOR_GOOD else failed(f"smtp_{code}")


def server_of(url: str) -> Server | None:
    """Return the server of a URL such as smtps://user:password@host:465 or smtp://host:587?starttls; None for no such.

    What a name or password may not hold in a URL is written as %40 and the like.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    known = {("smtps", ""): Security.TLS, ("smtp", "starttls"): Security.STARTTLS, ("smtp", ""): Security.PLAIN}
    security = known.get((parts.scheme, parts.query))
    if security is None or not parts.hostname or parts.path not in ("", "/"):
        return None
    return Server(
        host=parts.hostname,
        port=port or PORTS[security],
        security=security,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


async def _left(client: SMTP, *, politely: bool) -> None:
    if politely and client.is_connected:
        with suppress(SMTPException, OSError, TimeoutError):
            await client.quit(timeout=QUIT_S)
    client.close()


def _causes(err: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while err is not None and id(err) not in seen:
        seen.add(id(err))
        yield err
        err = err.__cause__ or err.__context__
