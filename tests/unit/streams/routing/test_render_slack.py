import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.alerts.alert import AlertSource, Relation
from streams.ids import DeliveryId
from streams.routing.render_slack import escaped, metadata_ids, slack_message, with_sources
from tests.support.golden import differences
from tests.support.notices import KINDS, alert, head, ledger

NAME = DeliveryId("d" * 26)
HOSTILE = (
    "<!channel> <!here|x> <@U1> <#C1> *bold* _it_ ~gone~ `code` &amp; <http://evil.test|Reuters>",
    "\u202eevil\u2066\x00\r\n\x1b[2J",
    "x" * 10_000_000,
    "&" * 500,
)


def message(**given: Any) -> Any:  # noqa: ANN401 - JSON as Slack gets it
    return json.loads(json.dumps(slack_message(alert(**given), ledger(), delivery_id=NAME)))


def every_text(value: Any) -> list[str]:  # noqa: ANN401 - walks JSON
    if isinstance(value, dict):
        own = [value["text"]] if isinstance(value.get("text"), str) else []
        return own + [text for each in value.values() for text in every_text(each)]
    return [text for each in value for text in every_text(each)] if isinstance(value, list) else []


@pytest.mark.parametrize("relation", KINDS, ids=str)
def test_slack_gets_every_kind_as_agreed(relation: Relation) -> None:
    said = slack_message(alert(relation, sample=True), ledger(), delivery_id=NAME)
    text = json.dumps(said, ensure_ascii=False, indent=1) + "\n"
    assert differences(f"notifications/slack_{relation}.json", text) == []


@pytest.mark.parametrize("title", HOSTILE, ids=["markup", "controls", "ten megabytes", "escapes"])
def test_a_hostile_headline_pings_nobody_and_breaks_no_limit(title: str) -> None:
    said = message(head=head(title=title, lead=title, publisher=title[:300]), spans=())
    assert all("<!" not in text and "<@" not in text and "<#" not in text for text in every_text(said))
    assert "<" not in said["text"]
    assert len(said["blocks"]) <= 50
    assert len(said["blocks"][0]["text"]["text"]) <= 150
    assert sum(map(len, every_text(said))) <= 12_000
    assert max(map(len, every_text(said))) <= 3_000


def test_no_block_is_read_as_markup() -> None:
    assert "mrkdwn" not in json.dumps(message())


def test_matched_words_are_marked_and_the_metadata_names_delivery_story_and_revision() -> None:
    said = message()
    runs = said["blocks"][1]["elements"][0]["elements"]
    marked = [run["text"] for run in runs if run.get("style", {}).get("code")]
    assert marked == ["gallium", "exports", "贝森特", "germanium"]
    assert said["metadata"]["event_payload"] == {
        "delivery_id": NAME,
        "story_id": "5t0ry00000000001",
        "event_id": "5t0ry00000000001-a1b2c3d4e5f60718-1-0badcafe-0",
        "revision": "1-0badcafe",
    }


def test_an_alert_of_which_little_is_known_has_no_empty_block() -> None:
    said = message(head=head(lead="", url="ftp://x"), spans=(), rules=())
    assert [block["type"] for block in said["blocks"]] == ["header", "rich_text", "context", "context", "context"]
    assert all(every_text(said))


def test_a_headline_of_nothing_visible_still_makes_a_valid_message() -> None:
    said = message(head=head(title="\u200b\x00", lead=""), spans=())
    runs = said["blocks"][1]["elements"][0]["elements"]
    assert runs == [{"type": "text", "text": "(no headline)", "style": {"bold": True}}]


@given(st.text(max_size=80))
def test_escaped_text_holds_no_bare_markup_sign(text: str) -> None:
    shown = escaped(text)
    assert "<" not in shown
    assert ">" not in shown
    for sign in "*_~`":
        assert shown.count(sign) == shown.count(f"\u2060{sign}")


def test_a_confirmation_changes_the_sources_of_the_root_and_nothing_else() -> None:
    root = message()["blocks"]
    more = (*alert().sources, AlertSource(publisher="Third", permission="public", lag_s=40))
    changed = with_sources(root, alert(sources=more))
    assert changed is not None
    assert [place for place, block in enumerate(root) if changed[place] != block] == [3]
    assert "3 sources" in json.dumps(changed[3])


def test_a_message_without_a_sources_block_is_not_edited() -> None:
    assert with_sources([{"type": "header"}, "odd"], alert()) is None


def test_a_read_back_finds_deliveries_by_their_metadata() -> None:
    messages = [
        {"ts": "1.1", "metadata": {"event_payload": {"delivery_id": "d1"}}},
        {"ts": "1.2"},
        {"metadata": {"event_payload": {"delivery_id": "d2"}}},
        "odd",
    ]
    assert metadata_ids(messages) == {"d1": "1.1"}
