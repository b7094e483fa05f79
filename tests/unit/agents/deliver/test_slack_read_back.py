"""What happens to a message that may have arrived: the channel is asked before it is posted again."""

from datetime import UTC, datetime

from agents.deliver.outcome import OutcomeKind
from streams.alerts.alert import Relation
from tests.support.slack_desk import CHANNEL, Desk, confirmed, told
from tests.support.slack_emulator import SlackEmulator


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
    await desk.send(confirmed(1, 5))
    assert [len(slack.roots(CHANNEL)), len(slack.replies(CHANNEL))] == [1, 1]


async def test_a_doubtful_reply_to_a_root_that_was_deleted_is_posted(desk: Desk, slack: SlackEmulator) -> None:
    await desk.send(told(0))
    slack.channels[CHANNEL].clear()
    await desk.send(told(1, Relation.UPDATE), doubtful=True)
    await desk.send(told(1, Relation.UPDATE), doubtful=True)
    assert slack.delivery_ids(CHANNEL) == [told(1).delivery_id]


async def test_a_message_is_found_behind_many_long_ones(desk: Desk, slack: SlackEmulator) -> None:
    slack.faults = ["drop_after"]
    await desk.send(told(0))
    now = datetime.now(UTC).timestamp()
    slack.channels[CHANNEL] += [{"ts": f"{now + n:.6f}", "text": "chatter " * 300} for n in range(1, 450)]
    outcome = await desk.send(told(0), doubtful=True)
    assert outcome.detail == "read_back"
    assert slack.methods["conversations.history"] == 5
