import json
from datetime import timedelta
from typing import Any

import pytest

from streams.routing.digest import Digest, digest_of
from streams.routing.notification import Delivery
from streams.routing.render_digest import SHORT_ID, digest_event, digest_lines, digest_slack, members_shown
from streams.routing.render_event import BODY_BYTES
from streams.routing.render_width import columns
from tests.support.digests import HOSTILE, member, members
from tests.support.golden import differences
from tests.support.notices import AT

LONG = "稀土 gallium " * 40


def event(told: list[Delivery]) -> Any:  # noqa: ANN401 - JSON as a webhook gets it
    body = digest_event(digest_of(told), time=AT)
    assert len(body) <= BODY_BYTES
    return json.loads(body)


def slack(told: list[Delivery]) -> Any:  # noqa: ANN401 - JSON as Slack gets it
    return json.loads(json.dumps(digest_slack(digest_of(told))))


def texts(value: object) -> list[str]:
    """Return every text below a value of JSON."""
    if isinstance(value, str):
        return [value]
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for each in below for text in texts(each)]


def test_a_webhook_gets_a_digest_as_agreed() -> None:
    text = json.dumps(event(members(37)), ensure_ascii=False, indent=1) + "\n"
    assert differences("notifications/webhook_digest.json", text) == []


def test_slack_gets_a_digest_as_agreed() -> None:
    text = json.dumps(slack(members(37)), ensure_ascii=False, indent=1) + "\n"
    assert differences("notifications/slack_digest.json", text) == []


def test_a_terminal_shows_a_digest_as_agreed() -> None:
    lines = digest_lines(digest_of(members(37)), at=AT, styled=False)
    assert differences("notifications/console_digest.txt", "\n".join(lines) + "\n") == []


def test_one_alert_is_one_and_over_midnight_each_has_its_date() -> None:
    one = digest_lines(digest_of([member(1)]), at=AT, styled=False)
    assert one[0].endswith("DIGEST While this channel could not be reached, 1 alert expired")
    two = digest_lines(digest_of([member(1), member(600)]), at=AT, styled=False)
    assert two[1].strip() == "2 urgent; 2026-03-02 14:56 to 03-03 00:55 UTC"
    assert two[2].strip().startswith("03-03 00:55 URGENT NEW Sample Wire: Headline 600")


def test_what_another_receiver_missed_is_said_so() -> None:
    told = [member(1).model_copy(update={"purpose": "digest/fallback"})]
    assert "another channel" in digest_lines(digest_of(told), at=AT, styled=False)[0]


def test_a_terminal_of_forty_columns_holds_every_line_but_links() -> None:
    lines = digest_lines(digest_of(members(3, title=LONG)), at=AT, styled=False, width=40)
    assert lines[-1] == ""
    assert all(columns(line) <= 39 for line in lines if "https://" not in line)


def test_a_styled_digest_has_its_tags_in_colour() -> None:
    lines = digest_lines(digest_of(members(1, url="x")), at=AT, styled=True)
    assert lines[2] == "         14:55 \x1b[1;31mFLASH NEW\x1b[0m Sample Wire: Headline 0"


def test_hostile_headlines_ping_nobody_and_hide_nothing() -> None:
    said = slack(members(25, title=HOSTILE, publisher=HOSTILE))
    assert not any("<!" in text or "\u202e" in text or "\x00" in text for text in texts(said))
    marked = [run for block in said["blocks"] for run in texts(block) if run == "mrkdwn"]
    assert marked == []
    lines = digest_lines(digest_of(members(25, title=HOSTILE)), at=AT, styled=False)
    assert not any(sign in line for line in lines for sign in "\r\n\x00\x1b\u202e")


def test_a_digest_of_long_headlines_and_links_fits_into_a_message_of_slack() -> None:
    said = slack(members(300, title=LONG, url="https://news.example.test/" + "y" * 1_500, publisher=LONG))
    assert len(said["blocks"][0]["text"]["text"]) <= 150
    assert sum(len(text) for block in said["blocks"] for text in texts(block)) <= 12_000
    assert len(json.dumps(said["metadata"])) <= 4_000


@pytest.mark.parametrize(
    ("count", "given"),
    [
        pytest.param(300, {"title": "稀" * 400}, id="300 with long Chinese headlines"),
        pytest.param(300, {"url": "https://x.test/" + "y" * 1_900}, id="300 with long links"),
        pytest.param(20, {"title": "稀" * 400, "url": "https://x.test/" + "y" * 1_900}, id="both"),
    ],
)
def test_a_digest_that_is_too_large_for_a_webhook_loses_headlines_and_no_member(
    count: int, given: dict[str, str]
) -> None:
    told = members(count, **given)
    said = event(told)
    assert said["tocsinshortened"] is True
    read = Digest.model_validate(said["data"])
    assert len(read.items) >= 2
    assert read.members == digest_of(told).members
    assert read.counts == digest_of(told).counts


def test_a_digest_whose_two_first_are_too_large_has_no_headlines_left() -> None:
    digest = digest_of(members(300))
    item = digest.items[0].model_copy(update={"rules": ("r" * 11_000,)})
    body = digest_event(digest.model_copy(update={"items": (item, item)}), time=AT)
    assert json.loads(body)["data"]["items"] == []


def test_the_event_names_the_digest_and_is_the_same_at_every_attempt() -> None:
    told = members(5)
    said = event(told)
    assert (said["id"], said["type"]) == (digest_of(told).digest_id, "tocsin.digest.v1")
    assert "tocsinshortened" not in said
    assert event(told[::-1]) == said
    assert Digest.model_validate(said["data"]) == digest_of(told)


def test_a_message_that_is_read_back_tells_its_members() -> None:
    ids = digest_of(members(5)).members
    small = slack(members(2)) | {"ts": "1.0"}
    large = slack(members(4)) | {"ts": "2.0"}
    assert members_shown([{}, "x", small, large], ids) == ("2.0", frozenset(digest_of(members(4)).members))
    assert members_shown([small | {"metadata": {"event_type": "another"}}], ids) == ("", frozenset())
    assert members_shown([small], [member(9).delivery_id]) == ("", frozenset())


def test_short_ids_of_a_full_message_are_all_different() -> None:
    assert len({each.delivery_id[:SHORT_ID] for each in members(300)}) == 300


def test_the_clock_of_a_terminal_is_that_of_the_sending() -> None:
    later = AT + timedelta(hours=2)
    assert digest_lines(digest_of(members(1)), at=later, styled=False)[0].startswith("16:55:02 DIGEST")
