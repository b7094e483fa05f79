"""What stands in the channel: one root for each story, replies, edits of the root, and roots that were deleted."""

import json
from pathlib import Path

from agents.deliver.outcome import OutcomeKind
from streams.alerts.alert import Relation
from tests.support.slack_desk import CHANNEL, Desk, built, confirmed, many, told
from tests.support.slack_emulator import SlackEmulator


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
    outcome = await desk.send(confirmed(1, 3))
    root = slack.roots(CHANNEL)[0]
    assert (outcome.kind, outcome.detail) == (OutcomeKind.DELIVERED, "edited")
    assert len(slack.channels[CHANNEL]) == 1
    assert [block["type"] for block in root["blocks"]] == [block["type"] for block in before]
    assert root["blocks"][0] == before[0]
    assert "3 sources" in json.dumps(root["blocks"])
    assert root["metadata"]["event_payload"]["delivery_id"] == told(0).delivery_id


async def test_a_second_edit_within_ten_seconds_waits(desk: Desk, slack: SlackEmulator) -> None:
    await desk.send(told(0, sources=many(1)))
    await desk.send(confirmed(1, 3))
    outcome = await desk.send(confirmed(2, 4))
    assert outcome.kind is OutcomeKind.POSTPONED
    assert 5 < outcome.retry_after_s <= 10
    assert slack.methods["chat.update"] == 1


async def test_a_confirmation_that_shows_nothing_new_calls_nobody(desk: Desk, slack: SlackEmulator) -> None:
    await desk.send(told(0, sources=many(3)))
    outcome = await desk.send(confirmed(1, 2))
    assert (outcome.kind, outcome.detail) == (OutcomeKind.DELIVERED, "already_shown")
    assert sum(slack.methods.values()) == 1


async def test_a_loose_confirmation_shows_its_headline_below_the_root(desk: Desk, slack: SlackEmulator) -> None:
    await desk.send(told(0))
    await desk.send(confirmed(1, 9, firm=False))
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
    edit = await desk.send(confirmed(1, 5))
    assert edit.kind is OutcomeKind.DELIVERED
    assert slack.delivery_ids(CHANNEL) == [told(1).delivery_id]


async def test_a_message_that_was_not_made_by_us_is_not_edited(desk: Desk, slack: SlackEmulator) -> None:
    await desk.send(told(0, sources=many(1)))
    slack.channels[CHANNEL][0]["blocks"] = []
    await desk.send(confirmed(1, 5))
    assert slack.methods["chat.update"] == 0
    assert slack.delivery_ids(CHANNEL) == [told(0).delivery_id, told(1).delivery_id]


async def test_an_edit_that_fails_is_tried_again_and_not_posted(desk: Desk, slack: SlackEmulator) -> None:
    await desk.send(told(0, sources=many(1)))
    for faults in (["500"], ["none", "500"]):
        slack.faults = faults
        outcome = await desk.send(confirmed(1, 4))
        assert outcome.kind is OutcomeKind.FAILED
    assert len(slack.channels[CHANNEL]) == 1
