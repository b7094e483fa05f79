"""Mail to a real server on 127.0.0.1: what each refusal and each break means, and who has the mail after it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from agents.deliver import mail as channel
from agents.deliver.attempt import Attempt
from agents.deliver.mail import Mail
from agents.deliver.outcome import Outcome, OutcomeKind
from agents.deliver.smtp import Security
from agents.net.address_guard import AddressRefusedError
from agents.net.dial import dial
from streams.errors import Reason
from streams.latency import Ledger
from streams.routing.digest import digest_of
from streams.routing.receiver import EmailOptions
from tests.support.digests import members
from tests.support.notices import delivery, ledger
from tests.support.smtp_sink import PASSWORD, SmtpSink, certificate, part

TO = ("fx@example.test", "rates@example.test", "ops@example.test")
NAME = f"<{delivery().delivery_id}@alerts.example.test>"


@pytest.fixture(autouse=True)
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process trust the sink's certificate, as an operator does with that of the firm."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate()))


@pytest.fixture
async def sink() -> AsyncIterator[SmtpSink]:
    async with SmtpSink() as running:
        yield running


class Sending:
    """A list of people at a sink."""

    def __init__(self, folder: Path, sink: SmtpSink, url: str | None = None, **options: Any) -> None:  # noqa: ANN401 - options are what a user wrote
        secret = folder / "smtp"
        secret.write_text((url or sink.url()) + "\n")
        usual = {"smtp_file": str(secret), "from": "tocsin@alerts.example.test", "to": TO, "timeout_s": 5.0}
        self.mail = Mail(EmailOptions.model_validate(usual | options), sink.allow)

    async def send(self, attempt: Attempt | None = None) -> Outcome:
        return await self.mail.send(attempt or Attempt(delivery=delivery(), ledger=ledger()))


@pytest.mark.parametrize("security", [one.value for one in Security])
async def test_a_mail_arrives_at_all_recipients_by_every_way(tmp_path: Path, security: str) -> None:
    async with SmtpSink(security=security) as sink:
        outcome = await Sending(tmp_path, sink, allow_insecure=security == "plain").send()
        ((to, message),) = sink.received
    assert (outcome.kind, outcome.detail, outcome.provider_ref) == (OutcomeKind.DELIVERED, "ok", "2.0.0 queued as 4Q1")
    assert (to, message["Message-ID"]) == (TO, NAME)
    assert "[gallium]" in part(message, "plain")
    assert sink.encrypted == [security != "plain"]
    assert set(sink.greeted) == {"[127.0.0.1]"}


async def test_a_digest_is_one_mail_under_its_own_id(tmp_path: Path, sink: SmtpSink) -> None:
    told = tuple(members(25))
    attempt = Attempt(delivery=told[0], ledger=Ledger(), members=told, most_items=5)
    outcomes = [await Sending(tmp_path, sink).send(attempt) for _ in range(2)]
    assert [outcome.kind for outcome in outcomes] == [OutcomeKind.DELIVERED] * 2
    assert sink.ids == [f"<{digest_of(told).digest_id}@alerts.example.test>"] * 2
    assert "and 20 more" in part(sink.received[0][1], "plain")
    assert sink.bodies[0] == sink.bodies[1]


async def test_a_login_is_sent_under_tls_with_its_signs_decoded(tmp_path: Path) -> None:
    async with SmtpSink(login="right") as sink:
        outcome = await Sending(tmp_path, sink, sink.url(user=True)).send()
    assert outcome.kind is OutcomeKind.DELIVERED


@pytest.mark.parametrize(
    ("given", "kind", "detail", "reason"),
    [
        pytest.param({"login": "535"}, "refused", "smtp_535", Reason.CREDENTIALS_REFUSED, id="a wrong password"),
        pytest.param({"login": "454"}, "failed", "smtp_454", None, id="a login for later"),
        pytest.param({}, "refused", "login_not_offered", Reason.CREDENTIALS_REFUSED, id="no login there"),
    ],
)
async def test_a_refused_login_is_told_as_such_and_holds_no_password(
    tmp_path: Path, given: dict[str, Any], kind: str, detail: str, reason: Reason | None
) -> None:
    async with SmtpSink(**given) as sink:
        outcome = await Sending(tmp_path, sink, sink.url(user=True)).send()
    assert (outcome.kind, outcome.detail) == (kind, detail)
    assert reason is None or outcome.reason is reason
    assert sink.received == []
    assert PASSWORD not in repr(outcome)


@pytest.mark.parametrize(
    ("fault", "kind", "detail"),
    [
        pytest.param("451", "failed", "smtp_451", id="later"),
        pytest.param("421", "failed", "smtp_421", id="closing"),
        pytest.param("554", "refused", "smtp_554", id="never"),
        pytest.param("busy", "failed", "smtp_421", id="too busy to greet"),
        pytest.param("mute", "failed", "timeout", id="no greeting"),
        pytest.param("hang", "ambiguous", "timeout", id="no answer to the data"),
        pytest.param("reset", "ambiguous", "broken_SMTPServerDisconnected", id="broken off after the data"),
    ],
)
async def test_each_fault_of_the_server_is_an_outcome_of_its_own(
    tmp_path: Path, sink: SmtpSink, fault: str, kind: str, detail: str
) -> None:
    sink.faults = [fault]
    sending = Sending(tmp_path, sink, timeout_s=1.0)
    outcome = await sending.send()
    again = await sending.send()
    assert (outcome.kind, outcome.detail) == (kind, detail)
    assert again.kind is OutcomeKind.DELIVERED
    assert sink.ids == [NAME] * (2 if kind == "ambiguous" else 1)


async def test_a_recipient_who_is_put_off_gets_the_mail_later_and_the_others_once(
    tmp_path: Path, sink: SmtpSink
) -> None:
    sink.refuse = {TO[1]: 450}
    sending = Sending(tmp_path, sink)
    first = await sending.send()
    sink.refuse = {}
    second = await sending.send()
    assert (first.kind, first.detail, second.kind) == (OutcomeKind.AMBIGUOUS, "smtp_450", OutcomeKind.DELIVERED)
    assert [to for to, _ in sink.received] == [(TO[0], TO[2]), (TO[1],)]
    assert sink.ids == [NAME] * 2
    third = await sending.send()  # what is settled is forgotten
    assert (third.kind, sink.received[-1][0]) == (OutcomeKind.DELIVERED, TO)


async def test_greylisting_of_all_is_a_failure_that_sends_nothing(tmp_path: Path, sink: SmtpSink) -> None:
    sink.refuse = dict.fromkeys(TO, 451)
    outcome = await Sending(tmp_path, sink).send()
    assert (outcome.kind, outcome.detail, sink.received) == (OutcomeKind.FAILED, "smtp_451", [])


async def test_a_recipient_who_is_unknown_keeps_the_mail_from_nobody_else(tmp_path: Path, sink: SmtpSink) -> None:
    sink.refuse = {TO[1]: 550}
    outcome = await Sending(tmp_path, sink).send()
    assert (outcome.kind, outcome.detail) == (OutcomeKind.DELIVERED, "1_of_3_recipients_refused")
    assert [to for to, _ in sink.received] == [(TO[0], TO[2])]


async def test_recipients_who_are_all_unknown_are_a_dead_letter(tmp_path: Path, sink: SmtpSink) -> None:
    sink.refuse = dict.fromkeys(TO, 550)
    outcome = await Sending(tmp_path, sink).send()
    assert (outcome.kind, outcome.detail, sink.received) == (OutcomeKind.REFUSED, "smtp_550", [])


async def test_who_is_partly_told_is_remembered_for_a_bounded_number_of_mails(
    tmp_path: Path, sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "MOST_PARTLY_TOLD", 2)
    sink.refuse = {TO[1]: 450}
    sending = Sending(tmp_path, sink)
    for number in range(4):
        await sending.send(Attempt(delivery=delivery(number=number), ledger=ledger()))
    assert len(sending.mail._partly_told) == 2


@pytest.mark.parametrize(
    ("security", "scheme", "detail"),
    [
        pytest.param("plain", "smtp", "plain_smtp", id="a URL without TLS"),
        pytest.param("plain", None, "no_starttls", id="a server that offers none"),
    ],
)
async def test_without_tls_nothing_is_sent(tmp_path: Path, security: str, scheme: str | None, detail: str) -> None:
    async with SmtpSink(security=security) as sink:
        url = sink.url(user=True, scheme=scheme)
        outcome = await Sending(tmp_path, sink, url if scheme else f"{url}?starttls").send()
    assert (outcome.kind, outcome.detail, outcome.reason) == ("refused", detail, Reason.ADDRESS_REFUSED)
    assert sink.received == []


async def test_plain_smtp_needs_the_option_and_an_allowed_address(tmp_path: Path) -> None:
    async with SmtpSink(security="plain") as sink:
        sending = Sending(tmp_path, sink, allow_insecure=True)
        sending.mail.allow = ()
        outcome = await sending.send()
    assert (outcome.detail, sink.connected) == ("plain_smtp", 0)


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_certificate_that_nobody_vouches_for_is_refused_at_once(
    tmp_path: Path, security: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    async with SmtpSink(security=security) as sink:
        outcome = await Sending(tmp_path, sink).send()
    assert (outcome.kind, outcome.detail, outcome.reason) == ("refused", "bad_certificate", Reason.ADDRESS_REFUSED)
    assert sink.received == []


async def test_a_server_that_speaks_only_older_tls_is_a_failure(tmp_path: Path, sink: SmtpSink) -> None:
    context = channel._tls_context()
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate())
    server_side.maximum_version = ssl.TLSVersion.TLSv1_2
    async with await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0, ssl=server_side) as old:
        port = old.sockets[0].getsockname()[1]
        sending = Sending(tmp_path, sink, f"smtps://127.0.0.1:{port}")
        sending.mail.allow, sending.mail._context = (f"127.0.0.1:{port}",), context
        outcome = await sending.send()
    assert (outcome.kind, outcome.detail) == ("failed", "broken_SMTPConnectError")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"], ids=["an address", "a name"])
async def test_the_guard_lets_no_mail_into_the_firms_own_network(tmp_path: Path, sink: SmtpSink, host: str) -> None:
    sending = Sending(tmp_path, sink, sink.url(host=host))
    sending.mail.allow = ()
    outcome = await sending.send()
    assert (outcome.kind, outcome.detail, outcome.reason) == ("refused", "address_refused", Reason.ADDRESS_REFUSED)
    assert sink.connected == 0


async def test_mutation_without_the_guard_the_inner_server_is_reached(
    tmp_path: Path, sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.net.dial.check", lambda *_, **__: None)
    sending = Sending(tmp_path, sink)
    sending.mail.allow = ()
    assert (await sending.send()).kind is OutcomeKind.DELIVERED


async def test_a_server_that_is_allowed_by_name_is_reached(tmp_path: Path, sink: SmtpSink) -> None:
    sending = Sending(tmp_path, sink, sink.url(host="localhost"))
    sending.mail.allow = (f"localhost:{sink.port}",)
    assert (await sending.send()).kind is OutcomeKind.DELIVERED


async def test_a_closed_port_is_a_failure_and_its_error_holds_no_address(tmp_path: Path, sink: SmtpSink) -> None:
    url, allow = sink.url(user=True), sink.allow
    await sink.__aexit__()
    sending = Sending(tmp_path, sink, url)
    sending.mail.allow = allow
    outcome = await sending.send()
    assert (outcome.kind, outcome.detail) == ("failed", "broken_ConnectionRefusedError")


async def test_a_name_without_an_address_can_be_dialled_by_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AddressRefusedError):
        await dial("127.0.0.1", 25)

    async def none(*_: object) -> list[object]:
        return []

    monkeypatch.setattr("agents.net.dial.NotingResolver.resolve", none)
    with pytest.raises(OSError, match="no address"):
        await dial("nowhere.test", 25)


async def test_a_secret_that_is_missing_or_is_no_url_sends_nothing(tmp_path: Path, sink: SmtpSink) -> None:
    sending = Sending(tmp_path, sink, "https://u:secret@host")
    wrong = await sending.send()
    (tmp_path / "smtp").unlink()
    missing = await sending.send()
    assert (wrong.kind, wrong.detail) == ("refused", "not_an_smtp_url")
    assert (missing.kind, missing.detail) == ("failed", "secret_missing")


async def test_a_mail_that_is_cut_off_leaves_no_connection(tmp_path: Path, sink: SmtpSink) -> None:
    sink.faults = ["hang"]
    sending = asyncio.create_task(Sending(tmp_path, sink).send())
    await asyncio.wait_for(sink.taken.wait(), 5)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
