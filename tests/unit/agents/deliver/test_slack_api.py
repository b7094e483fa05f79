"""What Slack's answers mean, and where a token goes."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents.deliver.outcome import Outcome, OutcomeKind
from agents.deliver.slack import Slack
from streams.alerts.alert import Relation
from streams.errors import Reason
from streams.routing.receiver import SlackOptions
from tests.support.slack_desk import Desk, built, told
from tests.support.slack_emulator import SlackEmulator


@pytest.mark.parametrize(
    ("fault", "kind", "detail"),
    [
        pytest.param("ratelimited", OutcomeKind.THROTTLED, "ratelimited", id="throttled by its code"),
        pytest.param("500", OutcomeKind.FAILED, "http_500", id="broken"),
        pytest.param("internal_error", OutcomeKind.FAILED, "internal_error", id="broken by its code"),
        pytest.param("something_new", OutcomeKind.FAILED, "something_new", id="a code that nobody knows"),
        pytest.param("<b>", OutcomeKind.FAILED, "unknown", id="no code at all"),
        pytest.param("nonsense", OutcomeKind.AMBIGUOUS, "answer_unreadable", id="an answer that is no JSON"),
        pytest.param("hang", OutcomeKind.AMBIGUOUS, "timeout", id="no answer"),
        pytest.param("channel_not_found", OutcomeKind.REFUSED, "channel_not_found", id="no such channel"),
        pytest.param("is_archived", OutcomeKind.REFUSED, "is_archived", id="archived"),
        pytest.param("msg_blocks_too_long", OutcomeKind.REFUSED, "msg_blocks_too_long", id="too long"),
        pytest.param("invalid_auth", OutcomeKind.REFUSED, "invalid_auth", id="credentials"),
    ],
)
async def test_slacks_answer_decides_what_happens_next(
    desk: Desk, slack: SlackEmulator, fault: str, kind: OutcomeKind, detail: str
) -> None:
    slack.faults = [fault]
    outcome = await desk.send(told(0))
    assert (outcome.kind, outcome.detail) == (kind, detail)


async def test_a_429_says_how_long_to_wait(desk: Desk, slack: SlackEmulator) -> None:
    slack.per_second, slack.retry_after_s = 0.1, 7
    await desk.send(told(0))
    outcome = await desk.send(told(1, Relation.UPDATE))
    assert (outcome.kind, outcome.retry_after_s) == (OutcomeKind.THROTTLED, 7.0)


async def test_a_token_goes_to_no_address_that_the_routes_alone_name(
    tmp_path: Path, desk: Desk, slack: SlackEmulator
) -> None:
    desk.channel = built(tmp_path, slack, desk.session)
    desk.channel._api.allow = ()
    outcome = await desk.send(told(0))
    assert (outcome.kind, outcome.detail) == (OutcomeKind.REFUSED, "api_url_not_allowed")
    assert outcome.reason is Reason.ADDRESS_REFUSED
    assert slack.methods == {}


async def test_a_token_that_is_missing_is_a_failure(tmp_path: Path, desk: Desk) -> None:
    (tmp_path / "token").unlink()
    outcome = await desk.send(told(0))
    assert (outcome.kind, outcome.detail) == (OutcomeKind.FAILED, "secret_missing")


async def incoming(folder: Path, desk: Desk, slack: SlackEmulator, url: str) -> Outcome:
    (folder / "url").write_text(url)
    options = {"token_file": None, "url_file": str(folder / "url"), "channel": None}
    desk.channel = built(folder, slack, desk.session, **options)
    return await desk.send(told(0))


async def test_an_incoming_webhook_is_the_lesser_mode(tmp_path: Path, desk: Desk, slack: SlackEmulator) -> None:
    outcome = await incoming(tmp_path, desk, slack, slack.incoming_url)
    assert outcome.kind is OutcomeKind.DELIVERED
    assert set(slack.channels["incoming"][0]) == {"text", "blocks", "unfurl_links", "unfurl_media", "ts"}
    slack.faults = ["404"]
    assert (await desk.send(told(1))).kind is OutcomeKind.REFUSED


async def test_an_incoming_webhook_that_can_not_be_reached_says_why(
    tmp_path: Path, desk: Desk, slack: SlackEmulator
) -> None:
    assert (await incoming(tmp_path, desk, slack, "http://127.0.0.1:9/x")).detail == "plain_http"
    assert (await incoming(tmp_path, desk, slack, "https://127.0.0.1:9/x")).detail == "address_refused"
    (tmp_path / "url").unlink()
    assert (await desk.send(told(1))).detail == "secret_missing"


def test_slacks_own_address_needs_no_permission() -> None:
    options = SlackOptions(token_env="T", channel="C")
    slack = Slack(options, None, lambda: datetime.now(UTC))  # type: ignore[arg-type]  # nothing is sent
    assert slack._api._refusal() is None
