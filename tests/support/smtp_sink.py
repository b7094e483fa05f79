"""A mail server on 127.0.0.1, with TLS of a certificate that only this run trusts, that keeps what it takes."""

import asyncio
import ssl
import warnings
from atexit import register
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cache
from logging import getLogger
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from trustme import CA

getLogger("mail.log").propagate = False  # the server's own log holds what it was sent, and what it answered
USER, PASSWORD = "desk@firm", "p:ss/w@rd-planted"  # both need %-signs in a URL


@dataclass
class SmtpSink:
    """Takes mail at `port`. `faults` are met by the next mails, one each; `refuse` are codes by recipient.

    A fault is a code that answers the data, `hang` (takes the mail, then says nothing), `reset` (takes it, then breaks
    off), `mute` (says nothing at the start) or `busy` (greets with 421). `security` is tls, starttls or plain.
    """

    security: str = "starttls"
    faults: list[str] = field(default_factory=list)
    refuse: dict[str, int] = field(default_factory=dict)
    login: str | None = None  # `right`, or a code that answers each login; None asks for none
    echo: str = PASSWORD  # what a server should not say in its refusal
    logins: int = 0
    received: list[tuple[tuple[str, ...], EmailMessage]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    greeted: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    taken: asyncio.Event = field(default_factory=asyncio.Event)
    connected: int = 0
    port: int = 0
    _server: asyncio.Server | None = None
    _open: set[asyncio.BaseTransport] = field(default_factory=set)
    _leave: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> Self:
        tls = context() if self.security == "tls" else None
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, "127.0.0.1", 0, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._leave.set()
        assert self._server is not None
        self._server.close()
        for transport in self._open:
            transport.close()
        await asyncio.sleep(0)

    def url(self, *, user: bool = False, scheme: str | None = None, host: str = "127.0.0.1") -> str:
        """Return the address for a receiver, with the right login if it is asked for."""
        login = "desk%40firm:p%3Ass%2Fw%40rd-planted@" if user else ""
        query = "?starttls" if self.security == "starttls" and scheme is None else ""
        return f"{scheme or ('smtps' if self.security == 'tls' else 'smtp')}://{login}{host}:{self.port}{query}"

    @property
    def allow(self) -> tuple[str, ...]:
        """Return what `allow_addresses` must hold."""
        return (f"127.0.0.1:{self.port}",)

    @property
    def ids(self) -> list[str]:
        """Return the Message-IDs in the order in which the mails came, twins included."""
        return [str(message["Message-ID"]) for _, message in self.received]

    def _protocol(self) -> asyncio.BaseProtocol:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a login without TLS: that is what some tests are about
            return _Quiet(
                self,
                hostname="sink.test",
                tls_context=context() if self.security == "starttls" else None,
                authenticator=self._judge,
                auth_required=self.login is not None,
                auth_require_tls=False,
                auth_exclude_mechanism=None if self.login else ["LOGIN", "PLAIN"],
                loop=asyncio.get_running_loop(),
            )

    def _judge(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:  # noqa: ANN401, ARG002 - the server's signature
        self.logins += 1
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        if right and self.login == "right":
            return AuthResult(success=True)
        return AuthResult(success=False, handled=False, message=f"{self.login} login {self.echo} refused")

    async def handle_EHLO(  # noqa: N802 - the server's name
        self,
        server: SMTP,  # noqa: ARG002 - the server's signature
        session: Session,
        envelope: Envelope,  # noqa: ARG002 - as above
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        """Note the name that the client gives itself."""
        session.host_name = hostname
        self.greeted.append(hostname)
        return responses

    async def handle_RCPT(  # noqa: N802 - the server's name
        self,
        server: SMTP,  # noqa: ARG002 - the server's signature
        session: Session,  # noqa: ARG002 - as above
        envelope: Envelope,
        address: str,
        options: list[str],  # noqa: ARG002
    ) -> str:
        """Answer for one recipient."""
        if code := self.refuse.get(address):
            return f"{code} not for {address}"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802, ARG002 - as above
        """Take the mail, or meet the next fault."""
        fault = self.faults.pop(0) if self.faults else None
        if fault and fault.isdecimal():
            return f"{fault} no"
        assert isinstance(envelope.content, bytes)
        self.bodies.append(envelope.content)
        self.received.append((tuple(envelope.rcpt_tos), message_from_bytes(envelope.content, policy=default)))  # type: ignore[arg-type]  # the policy makes them so
        self.encrypted.append(server.transport.get_extra_info("sslcontext") is not None)
        self.taken.set()
        if fault == "hang":
            await self._leave.wait()
        if fault == "reset":
            server.transport.abort()
        return "250 2.0.0 queued as 4Q1"


class _Quiet(SMTP):
    """The server, which notes its connections, breaks off without a word, and can be slow to greet."""

    def __init__(self, sink: SmtpSink, **given: Any) -> None:  # noqa: ANN401 - the server's options
        super().__init__(sink, **given)
        self._sink = sink

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._sink.connected += 1
        self._sink._open.add(transport)
        super().connection_made(transport)

    async def push(self, status: Any) -> None:  # noqa: ANN401 - as the server has it
        faults = self._sink.faults
        if str(status).startswith("220 sink.test") and faults and faults[0] in ("mute", "busy"):
            if faults.pop(0) == "mute":
                await self._sink._leave.wait()
            status = "421 too busy"
        with suppress(ConnectionError):
            await super().push(status)


@cache
def certificate() -> Path:
    """Return a file with the server's key and certificate and with who vouches for it, made for this process alone."""
    authority = CA()
    server = authority.issue_cert("localhost", "127.0.0.1")
    folder = Path(mkdtemp(prefix="tocsin-tls-"))
    register(rmtree, folder)
    path = folder / "localhost.pem"
    for part_of_it in (server.private_key_and_cert_chain_pem, authority.cert_pem):
        part_of_it.write_to_path(path, append=True)
    return path


def context() -> ssl.SSLContext:
    """Return the server's side of TLS."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate())
    return made


def part(message: EmailMessage, kind: str) -> str:
    """Return the mail's text of one kind, plain or html."""
    found = message.get_body(preferencelist=(kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


def headers(message: EmailMessage) -> Mapping[str, str]:
    """Return the headers that a person could ask for, decoded."""
    kept = ("From", "To", "Subject", "Date", "Message-ID", "References", "Auto-Submitted", "Importance")
    return {name: str(message[name]) for name in kept if message[name] is not None}
