import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from agents.deliver.attempt import Attempt
from agents.deliver.outcome import Outcome, OutcomeKind
from agents.deliver.webhook import Webhook
from agents.net.address_guard import connector
from streams.errors import Reason
from streams.routing.receiver import WebhookOptions
from tests.support.notices import delivery, ledger
from tests.support.webhook_sink import WebhookSink

KEY = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldY"
OTHER_KEY = "whsec_" + "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4"
RAW = (b"ABCDEFGHIJKLMNOPQRSTUVWX", b"abcdefghijklmnopqrstuvwx")


@pytest.fixture
async def sink() -> AsyncIterator[WebhookSink]:
    async with WebhookSink(keys=RAW[:1]) as running:
        yield running


class Sending:
    """One webhook receiver that sends to the sink."""

    def __init__(self, folder: Path, sink: WebhookSink) -> None:
        self.folder, self.sink = folder, sink
        self.write("url", sink.url())
        self.write("keys", KEY + "\n")
        self.allow: tuple[str, ...] = sink.allow

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        new = self.folder / f"{name}.new"
        new.write_text(text)
        new.rename(path)

    async def send(self, *, count: int = 1, **options: Any) -> list[Outcome]:  # noqa: ANN401 - options are what a user wrote
        usual = {
            "url_file": str(self.folder / "url"),
            "sign": {"keys_file": str(self.folder / "keys")},
            "allow_insecure": True,
            "timeout_s": 1.0,
        }
        given = WebhookOptions.model_validate(usual | options)
        async with aiohttp.ClientSession(connector=connector(self.allow)) as session:
            webhook = Webhook(given, session, lambda: datetime.now(UTC), self.allow)
            attempt = Attempt(delivery=delivery(), ledger=ledger())
            return [await webhook.send(attempt) for _ in range(count)]


@pytest.fixture
def sending(tmp_path: Path, sink: WebhookSink) -> Sending:
    return Sending(tmp_path, sink)


async def test_a_delivery_arrives_signed_with_its_id_as_a_cloud_event(sending: Sending, sink: WebhookSink) -> None:
    [outcome] = await sending.send()
    [received] = sink.received
    assert outcome.kind is OutcomeKind.DELIVERED
    assert received.signed
    assert received.webhook_id == delivery().delivery_id == received.event["id"]
    assert received.headers["content-type"].startswith("application/cloudevents+json")


async def test_two_active_keys_sign_while_one_is_rotated(sending: Sending, sink: WebhookSink) -> None:
    sending.write("keys", f"{OTHER_KEY}\n{KEY}\n")
    await sending.send()
    sink.keys = RAW[1:]
    await sending.send()
    assert [one.signed for one in sink.received] == [True, True]


async def test_a_receiver_without_keys_gets_no_signature(sending: Sending, sink: WebhookSink) -> None:
    await sending.send(sign=None)
    assert "webhook-signature" not in sink.received[0].headers


async def test_a_repeated_attempt_has_the_same_id_and_the_same_bytes(sending: Sending, sink: WebhookSink) -> None:
    await sending.send(count=2)
    assert len(set(sink.ids)) == 1
    assert sink.received[0].body == sink.received[1].body


@pytest.mark.parametrize(
    ("fault", "kind", "detail"),
    [
        pytest.param("204", OutcomeKind.DELIVERED, "http_204", id="taken without a word"),
        pytest.param("429/7", OutcomeKind.THROTTLED, "http_429", id="throttled"),
        pytest.param("503/2", OutcomeKind.THROTTLED, "http_503", id="unavailable for so long"),
        pytest.param("503", OutcomeKind.FAILED, "http_503", id="unavailable"),
        pytest.param("500", OutcomeKind.FAILED, "http_500", id="broken"),
        pytest.param("408", OutcomeKind.FAILED, "http_408", id="request timeout"),
        pytest.param("425", OutcomeKind.FAILED, "http_425", id="too early"),
        pytest.param("400", OutcomeKind.REFUSED, "http_400", id="refused"),
        pytest.param("404", OutcomeKind.REFUSED, "http_404", id="not found"),
        pytest.param("410", OutcomeKind.GONE, "http_410", id="gone"),
        pytest.param("redirect", OutcomeKind.FAILED, "http_307", id="a redirect"),
        pytest.param("hang", OutcomeKind.AMBIGUOUS, "timeout", id="no answer"),
        pytest.param("drop", OutcomeKind.AMBIGUOUS, "broken_ServerDisconnectedError", id="broken off"),
        pytest.param("flood", OutcomeKind.DELIVERED, "http_200", id="an answer without end"),
    ],
)
async def test_an_answer_decides_what_happens_next(
    sending: Sending, sink: WebhookSink, fault: str, kind: OutcomeKind, detail: str
) -> None:
    sink.faults = [fault]
    [outcome] = await sending.send()
    assert (outcome.kind, outcome.detail) == (kind, detail)
    assert sink.followed == 0
    assert len(sink.received) == 1


async def test_credentials_that_are_refused_are_told_apart(sending: Sending, sink: WebhookSink) -> None:
    sink.faults = ["403"]
    [outcome] = await sending.send()
    assert outcome.reason is Reason.CREDENTIALS_REFUSED


async def test_a_receiver_that_does_not_listen_is_a_failure(sending: Sending) -> None:
    sending.write("url", "http://127.0.0.1:9/hook/secret-path")
    sending.allow = ("127.0.0.1:9",)
    [outcome] = await sending.send()
    assert outcome.kind is OutcomeKind.FAILED
    assert "secret-path" not in repr(outcome)


@pytest.mark.parametrize(
    ("url", "detail"),
    [
        pytest.param("https://127.0.0.1:1/x", "address_refused", id="an inner address over https"),
        pytest.param("http://127.0.0.1:1/x", "plain_http", id="http on an address that is not allowed"),
        pytest.param("ftp://127.0.0.1/x", "not_an_address", id="another scheme"),
        pytest.param("https://[::1/x", "not_an_address", id="no address at all"),
        pytest.param("https:///x", "not_an_address", id="no host"),
    ],
)
async def test_an_address_inside_is_refused_and_never_connected_to(
    sending: Sending, sink: WebhookSink, url: str, detail: str
) -> None:
    sending.write("url", url)
    [outcome] = await sending.send()
    assert (outcome.kind, outcome.detail) == (OutcomeKind.REFUSED, detail)
    assert outcome.reason is Reason.ADDRESS_REFUSED
    assert sink.received == []


async def test_http_needs_the_receivers_own_word_even_on_an_allowed_address(
    sending: Sending, sink: WebhookSink
) -> None:
    [outcome] = await sending.send(allow_insecure=False)
    assert outcome.detail == "plain_http"
    assert sink.received == []


async def test_a_secret_that_changed_is_read_again(sending: Sending, sink: WebhookSink) -> None:
    secret = sending.folder / "url"
    options = WebhookOptions(url_file=str(secret), allow_insecure=True)
    async with aiohttp.ClientSession(connector=connector(sink.allow)) as session:
        webhook = Webhook(options, session, lambda: datetime.now(UTC), sink.allow)
        await webhook.send(Attempt(delivery=delivery(number=1), ledger=ledger()))
        sending.write("url", sink.url("another"))
        os.utime(secret, ns=(1, 1))
        await webhook.send(Attempt(delivery=delivery(number=2), ledger=ledger()))
        secret.unlink()
        lost = await webhook.send(Attempt(delivery=delivery(number=3), ledger=ledger()))
    assert len(sink.received) == 2
    assert (lost.kind, lost.detail) == (OutcomeKind.FAILED, "secret_missing")


async def test_keys_that_can_not_be_read_are_a_failure_without_a_secret_in_it(
    sending: Sending, sink: WebhookSink
) -> None:
    sending.write("keys", "whsec_%%%")
    [outcome] = await sending.send()
    assert (outcome.kind, outcome.detail) == (OutcomeKind.FAILED, "signing_key_unreadable")
    assert sink.received == []
