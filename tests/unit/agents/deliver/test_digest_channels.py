"""A digest at Slack, at a webhook and on a terminal: one message, found again if it may have arrived."""

import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from agents.deliver.attempt import Attempt
from agents.deliver.console import Console
from agents.deliver.outcome import OutcomeKind
from agents.deliver.slack import Slack
from agents.deliver.webhook import Webhook
from agents.net.address_guard import connector
from streams.latency import Ledger
from streams.routing.digest import Digest, digest_of
from streams.routing.receiver import ConsoleOptions, SlackOptions, WebhookOptions
from tests.support.digests import member, members
from tests.support.notices import AT, ledger
from tests.support.slack_desk import CHANNEL, Desk
from tests.support.slack_emulator import SlackEmulator
from tests.support.webhook_sink import WebhookSink

KEY, RAW = "whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldY", b"ABCDEFGHIJKLMNOPQRSTUVWX"


def attempt(count: int = 25, *, doubtful: bool = False, known: bool = True) -> Attempt:
    """Return an attempt at the digest of so many members; `known`: when they expired."""
    told = tuple(members(count))
    times = ledger().stamped(routed=datetime.now(UTC)) if known else Ledger()
    return Attempt(delivery=told[0], ledger=times, members=told, doubtful=doubtful)


async def test_slack_gets_one_message_that_is_no_storys_root(desk: Desk, slack: SlackEmulator) -> None:
    outcome = await desk.channel.send(attempt())
    (message,) = slack.roots(CHANNEL)
    assert (outcome.kind, outcome.thread) == (OutcomeKind.DELIVERED, None)
    assert outcome.provider_ref == message["ts"]
    assert slack.delivery_ids(CHANNEL) == [digest_of(attempt().members).digest_id]
    assert slack.violations == []


async def test_after_a_lost_answer_the_digest_is_found_and_holds_for_whom_it_names(
    desk: Desk, slack: SlackEmulator
) -> None:
    slack.faults = ["drop_after"]
    lost = await desk.channel.send(attempt(4))
    found = await desk.channel.send(attempt(6, doubtful=True))
    assert lost.kind is OutcomeKind.AMBIGUOUS
    assert (found.kind, found.detail) == (OutcomeKind.DELIVERED, "read_back")
    assert found.members == frozenset(one.delivery_id for one in attempt(4).members)
    assert len(slack.channels[CHANNEL]) == 1


async def test_a_doubtful_digest_that_did_not_arrive_is_posted(desk: Desk, slack: SlackEmulator) -> None:
    slack.faults = ["drop"]
    await desk.channel.send(attempt())
    outcome = await desk.channel.send(attempt(doubtful=True))
    assert (outcome.kind, outcome.detail, outcome.members) == (OutcomeKind.DELIVERED, "ok", None)
    assert len(slack.channels[CHANNEL]) == 1


@pytest.mark.parametrize(
    ("doubtful", "detail"),
    [pytest.param(True, "read_back_http_500", id="doubt"), pytest.param(False, "http_500", id="post")],
)
async def test_a_digest_stays_as_it_was_when_slack_is_broken(
    desk: Desk, slack: SlackEmulator, doubtful: bool, detail: str
) -> None:
    slack.faults = ["500"]
    outcome = await desk.channel.send(attempt(doubtful=doubtful))
    assert outcome.detail == detail
    assert slack.channels[CHANNEL] == []


async def test_an_incoming_webhook_of_slack_gets_the_digest_too(tmp_path: Path, slack: SlackEmulator) -> None:
    (tmp_path / "url").write_text(slack.incoming_url)
    options = SlackOptions(url_file=str(tmp_path / "url"), allow_insecure=True)
    async with aiohttp.ClientSession(connector=connector(slack.allow)) as session:
        outcome = await Slack(options, session, lambda: AT, slack.allow).send(attempt())
    assert outcome.kind is OutcomeKind.DELIVERED
    (message,) = [one for channel in slack.channels.values() for one in channel]
    assert message["text"] == "While this channel could not be reached, 25 alerts expired"


@pytest.fixture
async def sink() -> AsyncIterator[WebhookSink]:
    async with WebhookSink(keys=(RAW,)) as running:
        yield running


@pytest.mark.parametrize("known", [pytest.param(True, id="known"), pytest.param(False, id="times unknown")])
async def test_a_webhook_gets_one_signed_event_the_same_at_every_attempt(
    tmp_path: Path, sink: WebhookSink, known: bool
) -> None:
    (tmp_path / "url").write_text(sink.url())
    (tmp_path / "keys").write_text(KEY)
    options = WebhookOptions.model_validate(
        {"url_file": str(tmp_path / "url"), "sign": {"keys_file": str(tmp_path / "keys")}, "allow_insecure": True}
    )
    sent = attempt(known=known)
    async with aiohttp.ClientSession(connector=connector(sink.allow)) as session:
        webhook = Webhook(options, session, lambda: datetime.now(UTC), sink.allow)
        outcomes = [await webhook.send(sent) for _ in range(2)]
    first, second = sink.received
    assert [outcome.kind for outcome in outcomes] == [OutcomeKind.DELIVERED] * 2
    assert (first.body, first.webhook_id) == (second.body, second.webhook_id)
    assert first.signed
    digest = digest_of(sent.members)
    assert first.webhook_id == first.event["id"] == digest.digest_id
    assert Digest.from_json(json.dumps(first.event["data"]).encode()) == digest


async def test_a_terminal_shows_the_digest_in_one_write() -> None:
    screen = io.StringIO()
    outcome = await Console(ConsoleOptions(), lambda: AT, screen).send(attempt(3))
    assert outcome.kind is OutcomeKind.DELIVERED
    assert screen.getvalue().startswith("14:55:02 DIGEST While this channel could not be reached, 3 alerts expired\n")
    assert member(2).alert.head.title in screen.getvalue()
