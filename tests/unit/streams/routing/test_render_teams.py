import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.alerts.alert import Relation
from streams.ids import DeliveryId
from streams.matching.match import Span
from streams.matching.rule import Urgency
from streams.routing.digest import digest_of
from streams.routing.render_teams import digest_teams, harmless, teams_message
from tests.support.digests import member, members
from tests.support.golden import differences
from tests.support.notices import KINDS, TITLE, alert, head, ledger
from tests.support.teams_sink import MOST_BYTES, counted_bytes, flaws

NAME = DeliveryId("d" * 26)
HOSTILE = {
    "mentions": "<at>everyone</at> </AT> <attachment id='1'></attachment> <!channel>",
    "markdown": "[Reuters](https://evil.test) **bold** _it_ ~~gone~~ `c` # h\n- item\n1. one\n> quote ![x](y) \\[z\\]",
    "functions": "{{DATE(2026-03-02T14:55:00Z, SHORT)}} {{TIME(2026-03-02T14:55:00Z)}} ${title} @{triggerBody()}",
    "html": "<b>bold</b><script>alert(1)</script><a href='https://evil.test'>Reuters</a>",
    "controls": "\u202eevil\u2066\x00\r\n\x1b[2J",
    "ten megabytes": "x" * 10_000_000,
    "escapes": '\\"' * 500,
    "astral": "\U0001f600" * 500,
    "nothing visible": "\u200b\x00",
}


def body(**given: Any) -> bytes:  # noqa: ANN401 - an alert's fields
    return teams_message(alert(**given), ledger(), delivery_id=NAME)


def card(**given: Any) -> Any:  # noqa: ANN401 - JSON as Teams gets it
    return json.loads(body(**given))["attachments"][0]["content"]


def found(value: Any, kind: str) -> Iterator[Any]:  # noqa: ANN401 - walks JSON
    if isinstance(value, dict):
        if value.get("type") == kind:
            yield value
        yield from (one for each in value.values() for one in found(each, kind))
    elif isinstance(value, list):
        yield from (one for each in value for one in found(each, kind))


def texts(value: Any) -> list[str]:  # noqa: ANN401 - JSON
    return [run["text"] for run in found(value, "TextRun")]


@pytest.mark.parametrize("relation", KINDS, ids=str)
def test_teams_gets_every_kind_as_agreed(relation: Relation) -> None:
    said = teams_message(alert(relation, sample=True), ledger(), delivery_id=NAME)
    text = json.dumps(json.loads(said), ensure_ascii=False, indent=1) + "\n"
    assert differences(f"notifications/teams_{relation}.json", text) == []


def test_teams_gets_a_digest_as_agreed() -> None:
    text = json.dumps(json.loads(digest_teams(digest_of(members(37)))), ensure_ascii=False, indent=1) + "\n"
    assert differences("notifications/teams_digest.json", text) == []


@pytest.mark.parametrize("title", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_headline_pings_nobody_and_stays_text_within_the_limit(title: str) -> None:
    said = body(head=head(title=title, lead=title, publisher=title[:300]), spans=())
    assert flaws(said) == []
    shown = "".join(texts(json.loads(said)))
    assert not [sign for sign in ("<at", "</at", "<!", "{{") if sign in shown.lower()]
    assert not set(shown) & set("\u202e\u2066\x00\r\n\x1b\u200b")


@pytest.mark.parametrize("title", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_digest_of_hostile_headlines_is_as_harmless(title: str) -> None:
    told = [
        member(number, title=title, publisher=title[:300], url="https://x.test/" + "y" * 1_900) for number in range(25)
    ]
    said = digest_teams(digest_of(told))
    assert flaws(said) == []
    shown = "".join(texts(json.loads(said)))
    assert not [sign for sign in ("<at", "</at", "<!", "{{") if sign in shown.lower()]
    assert "While this channel could not be reached, 25 alerts expired" in shown


def test_matched_words_are_marked_in_the_middle_of_a_word_too() -> None:
    title = "财长贝森特称不排除"
    spans = (Span.model_validate({"field": "title", "start": 2, "end": 5, "surface": "贝森特"}),)
    said = card(head=head(title=title, lead=""), spans=spans)
    runs = [(run["text"], run.get("weight") == "Bolder") for run in found(said["body"][1], "TextRun")]
    assert runs == [("财长", False), ("贝森特", True), ("称不排除", False)]


@pytest.mark.parametrize(
    ("urgency", "style"), [(Urgency.FLASH, "attention"), (Urgency.URGENT, "warning"), (Urgency.ROUTINE, "accent")]
)
def test_the_urgency_is_a_colour_and_a_word(urgency: Urgency, style: str) -> None:
    rules = tuple(rule.model_copy(update={"urgency": urgency}) for rule in alert().rules)
    banner = card(rules=rules)["body"][0]
    assert banner["style"] == style
    assert texts(banner) == [f"{urgency.upper()} NEW · Sample Wire"]


def test_the_headline_and_a_button_lead_to_the_article() -> None:
    said = card()
    assert {action["url"] for action in found(said, "Action.OpenUrl")} == {alert().head.url}
    assert said["body"][1]["selectAction"]["url"] == said["actions"][0]["url"]
    assert "".join(texts(said["body"][1])) == TITLE


def test_the_card_says_what_is_new_why_who_was_first_and_how_long_each_hop_took() -> None:
    told = json.loads(teams_message(alert(Relation.UPDATE), ledger(), delivery_id=NAME))
    *_, new, why, other, sources, took = texts(told)
    assert new == "New: 25 %"
    assert why.startswith('Why rare-earths (revision 2): "gallium"')
    assert other.startswith("Why treasury")
    assert sources == "2 sources, first Sample Wire, Example Post +12.4 s"
    assert took.startswith("total 14 ms (fetch 60 ms, queue 3.1 ms")


def test_an_alert_of_which_little_is_known_has_no_empty_element() -> None:
    said = card(head=head(lead="", url="ftp://x", publisher=""), spans=(), rules=())
    assert all(texts(said))
    assert list(found(said, "Action.OpenUrl")) == []
    assert texts(said)[0] == "ROUTINE NEW"


def test_the_same_delivery_has_the_same_bytes_and_its_id_in_them() -> None:
    assert body() == body()
    assert card()["body"][0]["id"] == NAME


def test_a_card_that_is_too_large_loses_what_is_least_needed_first() -> None:
    text = "贝特" * 200
    spans = tuple(
        Span.model_validate({"field": field, "start": at, "end": at + 1, "surface": "贝"})
        for field, every in (("title", 8), ("lead", 2)) for at in range(0, 400, every)
    )  # fmt: skip
    said = card(head=head(title=text, lead=text), spans=spans)
    headline, lead = said["body"][1], said["body"][2]
    assert len(texts(lead)) == 1
    assert len(texts(headline)) > 50
    assert len(said["actions"]) == 1


def test_the_largest_card_keeps_headline_rule_and_times() -> None:
    wide = "\U0001f600" * 400
    said = body(head=head(title=wide, lead=wide, url="https://x.test/" + "\U0001f600" * 1_900), spans=())
    assert counted_bytes(said) <= MOST_BYTES
    shown = texts(json.loads(said))
    assert shown[1].startswith(wide[:200])
    assert any(text.startswith("Why rare-earths") for text in shown)
    assert shown[-1].startswith("total ")


@given(st.text(max_size=300), st.text(max_size=400), st.text(max_size=60))
def test_no_text_makes_a_card_too_large_or_invalid(title: str, lead: str, word: str) -> None:
    spans = tuple(
        Span.model_validate({"field": "title", "start": at, "end": at + 1, "surface": word or "w"})
        for at in range(0, len(title), 2)
    )
    assert flaws(body(head=head(title=title, lead=lead, publisher=word), spans=spans)) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("GDP < 2 %", "GDP < 2 %", id="a lesser sign stays"),
        pytest.param("<at>Anna</at>", "\u2039at>Anna\u2039/at>", id="a mention"),
        pytest.param("{{{DATE(x)}}}", "{\u2060{\u2060{DATE(x)}}}", id="a date"),
        pytest.param("{x}", "{x}", id="one brace stays"),
    ],
)
def test_what_a_card_would_read_is_taken_apart(text: str, shown: str) -> None:
    assert harmless(text) == shown
