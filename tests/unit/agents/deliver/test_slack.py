import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from agents.deliver.attempt import Attempt
from agents.deliver.outcome import Outcome, OutcomeKind
from agents.deliver.slack import Slack
from agents.net.address_guard import connector
from streams.alerts.alert import AlertSource, Relation
from streams.errors import Reason
from streams.routing.notification import Delivery, Thread
from streams.routing.receiver import SlackOptions
from tests.support.notices import alert, delivery, ledger
from tests.support.slack_emulator import TOKEN, SlackEmulator

CHANNEL = "C0FXDESK"
STORY = "5t0ry00000000001"


@pytest.fixture
async def slack() -> AsyncIterator[SlackEmulator]:
    async with SlackEmulator() as running:
        yield running


class Desk:
    """One Slack receiver, with the thread that its ledger would keep."""

    def __init__(self, channel: Slack, session: aiohttp.ClientSession) -> None:
        self.channel, self.session = channel, session
        self.thread: Thread | None = None

    async def send(self, sent: Delivery, *, doubtful: bool = False) -> Outcome:
        journey = ledger().stamped(routed=datetime.now(UTC))
        outcome = await self.channel.send(
            Attempt(delivery=sent, ledger=journey, thread=self.thread, doubtful=doubtful)
        )  # fmt: skip
        self.thread = outcome.thread or self.thread
        return outcome


@pytest.fixture
async def desk(tmp_path: Path, slack: SlackEmulator) -> AsyncIterator[Desk]:
    async with aiohttp.ClientSession(connector=connector(slack.allow)) as session:
        yield Desk(built(tmp_path, slack, session), session)


def built(folder: Path, slack: SlackEmulator, session: aiohttp.ClientSession, **given: Any) -> Slack:  # noqa: ANN401 - options are what a user wrote
    (folder / "token").write_text(TOKEN + "\n")
    usual = {
        "token_file": str(folder / "token"),
        "channel": CHANNEL,
        "api_url": slack.api_url,
        "allow_insecure": True,
        "timeout_s": 1.0,
    }
    return Slack(SlackOptions.model_validate(usual | given), session, lambda: datetime.now(UTC), slack.allow)


def told(number: int, relation: Relation = Relation.FIRST, *, manner: str = "thread", **given: Any) -> Delivery:  # noqa: ANN401 - a record's fields
    sent = delivery("slack-fx", number=number, story=STORY, manner=manner)
    return sent.model_copy(update={"alert": alert(relation, event_id=sent.alert.event_id, story_id=STORY, **given)})


def many(count: int) -> tuple[AlertSource, ...]:
    return tuple(AlertSource(publisher=f"P{n}", permission="public", lag_s=n) for n in range(count))


async def test_a_story_has_one_root_and_its_updates_are_replies(desk: Desk, slack: SlackEmulator) -> None:
    await desk.send(told(0))
    await desk.send(told(1, Relation.UPDATE))
    await desk.send(told(2, Relation.CORRECTION, manner="broadcast"))
    assert len(slack.roots(CHANNEL)) == 1
    assert [reply["reply_broadcast"] for reply in slack.replies(CHANNEL)] == [False, True]
    assert {reply["thread_ts"] for reply in slack.replies(CHANNEL)} == {slack.roots(CHANNEL)[0]["ts"]}
    assert slack.violations == []


async def test_the_first_notification_that_gets_through_becomes_the_root(desk: Desk, slack: SlackEmulator) -> None:
    await desk.send(told(1, Relation.UPDATE))
    await desk.send(told(0))
    assert slack.delivery_ids(CHANNEL) == [told(1).delivery_id, told(0).delivery_id]
    assert len(slack.roots(CHANNEL)) == 1


async def test_a_flat_receiver_gets_no_threads(tmp_path: Path, desk: Desk, slack: SlackEmulator) -> None:
    desk.channel = built(tmp_path, slack, desk.session, mode="flat")
    await desk.send(told(0))
    await desk.send(told(1, Relation.UPDATE))
    assert len(slack.roots(CHANNEL)) == 2


async def test_a_confirmation_edits_the_roots_sources_and_leaves_its_headline(desk: Desk, slack: SlackEmulator) -> None:
    await desk.send(told(0, sources=many(1)))
    before = json.loads(json.dumps(slack.roots(CHANNEL)[0]["blocks"]))
    outcome = await desk.send(told(1, Relation.CONFIRMATION, manner="edit_root", sources=many(3)))
    root = slack.roots(CHANNEL)[0]
    assert (outcome.kind, outcome.detail) == (OutcomeKind.DELIVERED, "edited")
    assert len(slack.channels[CHANNEL]) == 1
    assert [block["type"] for block in root["blocks"]] == [block["type"] for block in before]
    assert root["blocks"][0] == before[0]
    assert "3 sources" in json.dumps(root["blocks"])
    assert root["metadata"]["event_payload"]["delivery_id"] == told(0).delivery_id


async def test_a_second_edit_within_ten_seconds_waits(desk: Desk, slack: SlackEmulator) -> None:
    await desk.send(told(0, sources=many(1)))
    await desk.send(told(1, Relation.CONFIRMATION, manner="edit_root", sources=many(3)))
    outcome = await desk.send(told(2, Relation.CONFIRMATION, manner="edit_root", sources=many(4)))
    assert outcome.kind is OutcomeKind.POSTPONED
    assert 5 < outcome.retry_after_s <= 10
    assert slack.methods["chat.update"] == 1


async def test_a_confirmation_that_shows_nothing_new_calls_nobody(desk: Desk, slack: SlackEmulator) -> None:
    await desk.send(told(0, sources=many(3)))
    outcome = await desk.send(told(1, Relation.CONFIRMATION, manner="edit_root", sources=many(2)))
    assert (outcome.kind, outcome.detail) == (OutcomeKind.DELIVERED, "already_shown")
    assert sum(slack.methods.values()) == 1


async def test_a_loose_confirmation_shows_its_headline_below_the_root(desk: Desk, slack: SlackEmulator) -> None:
    await desk.send(told(0))
    await desk.send(told(1, Relation.CONFIRMATION, manner="edit_root", firm=False, sources=many(9)))
    assert len(slack.replies(CHANNEL)) == 1


async def test_a_reply_to_a_root_that_somebody_deleted_becomes_the_next_root(desk: Desk, slack: SlackEmulator) -> None:
    await desk.send(told(0))
    slack.channels[CHANNEL].clear()
    first = await desk.send(told(1, Relation.UPDATE))
    assert (first.kind, first.detail) == (OutcomeKind.POSTPONED, "root_was_deleted")
    await desk.send(told(1, Relation.UPDATE))
    await desk.send(told(2, Relation.UPDATE))
    assert [len(slack.roots(CHANNEL)), len(slack.replies(CHANNEL))] == [1, 1]


async def test_an_edit_of_a_root_that_somebody_deleted_becomes_the_next_root(desk: Desk, slack: SlackEmulator) -> None:
    await desk.send(told(0, sources=many(1)))
    slack.channels[CHANNEL].clear()
    edit = await desk.send(told(1, Relation.CONFIRMATION, manner="edit_root", sources=many(5)))
    assert edit.kind is OutcomeKind.DELIVERED
    assert slack.delivery_ids(CHANNEL) == [told(1).delivery_id]


async def test_a_message_that_was_not_made_by_us_is_not_edited(desk: Desk, slack: SlackEmulator) -> None:
    await desk.send(told(0, sources=many(1)))
    slack.channels[CHANNEL][0]["blocks"] = []
    await desk.send(told(1, Relation.CONFIRMATION, manner="edit_root", sources=many(5)))
    assert slack.methods["chat.update"] == 0
    assert slack.delivery_ids(CHANNEL) == [told(0).delivery_id, told(1).delivery_id]


async def test_after_a_lost_answer_the_message_is_found_and_not_posted_twice(desk: Desk, slack: SlackEmulator) -> None:
    slack.faults = ["drop_after"]
    lost = await desk.send(told(0))
    found = await desk.send(told(0), doubtful=True)
    assert lost.kind is OutcomeKind.AMBIGUOUS
    assert (found.kind, found.detail) == (OutcomeKind.DELIVERED, "read_back")
    assert desk.thread is not None
    assert desk.thread.root_ref == slack.roots(CHANNEL)[0]["ts"]
    assert slack.delivery_ids(CHANNEL) == [told(0).delivery_id]


async def test_a_reply_is_found_in_its_thread_and_a_lost_root_in_the_channel(desk: Desk, slack: SlackEmulator) -> None:
    slack.faults = ["drop_after"]
    await desk.send(told(0))
    await desk.send(told(1, Relation.UPDATE))
    slack.faults = ["drop_after"]
    await desk.send(told(2, Relation.UPDATE))
    outcomes = [await desk.send(told(number), doubtful=True) for number in (0, 2)]
    assert [outcome.detail for outcome in outcomes] == ["read_back"] * 2
    assert len(slack.channels[CHANNEL]) == 3


async def test_a_doubtful_message_that_did_not_arrive_is_posted(desk: Desk, slack: SlackEmulator) -> None:
    slack.faults = ["drop"]
    await desk.send(told(0))
    outcome = await desk.send(told(0), doubtful=True)
    assert (outcome.kind, outcome.detail) == (OutcomeKind.DELIVERED, "ok")
    assert slack.delivery_ids(CHANNEL) == [told(0).delivery_id]


async def test_a_doubt_stays_when_nobody_can_say(desk: Desk, slack: SlackEmulator) -> None:
    slack.faults = ["500"]
    outcome = await desk.send(told(0), doubtful=True)
    assert (outcome.kind, outcome.detail) == (OutcomeKind.AMBIGUOUS, "read_back_http_500")
    assert slack.channels[CHANNEL] == []


async def test_a_token_that_may_not_read_posts_rather_than_fall_silent(desk: Desk, slack: SlackEmulator) -> None:
    slack.faults = ["missing_scope"]
    outcome = await desk.send(told(0), doubtful=True)
    assert outcome.kind is OutcomeKind.DELIVERED
    slack.faults = ["missing_scope"]
    await desk.send(told(1, Relation.CONFIRMATION, manner="edit_root", sources=many(5)))
    assert [len(slack.roots(CHANNEL)), len(slack.replies(CHANNEL))] == [1, 1]


async def test_a_doubtful_reply_to_a_root_that_was_deleted_is_posted(desk: Desk, slack: SlackEmulator) -> None:
    await desk.send(told(0))
    slack.channels[CHANNEL].clear()
    await desk.send(told(1, Relation.UPDATE), doubtful=True)
    await desk.send(told(1, Relation.UPDATE), doubtful=True)
    assert slack.delivery_ids(CHANNEL) == [told(1).delivery_id]


async def test_a_message_is_found_behind_many_others(desk: Desk, slack: SlackEmulator) -> None:
    slack.faults = ["drop_after"]
    await desk.send(told(0))
    now = datetime.now(UTC).timestamp()
    slack.channels[CHANNEL] += [{"ts": f"{now + n:.6f}", "text": "chatter"} for n in range(1, 450)]
    outcome = await desk.send(told(0), doubtful=True)
    assert outcome.detail == "read_back"
    assert slack.methods["conversations.history"] == 3


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


async def test_an_edit_that_fails_is_tried_again_and_not_posted(desk: Desk, slack: SlackEmulator) -> None:
    await desk.send(told(0, sources=many(1)))
    for faults in (["500"], ["none", "500"]):
        slack.faults = faults
        outcome = await desk.send(told(1, Relation.CONFIRMATION, manner="edit_root", sources=many(4)))
        assert outcome.kind is OutcomeKind.FAILED
    assert len(slack.channels[CHANNEL]) == 1


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
