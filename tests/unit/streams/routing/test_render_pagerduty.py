import json
from datetime import datetime
from typing import Any

import pytest

from streams.alerts.alert import Relation
from streams.latency import Ledger
from streams.matching.rule import Urgency
from streams.routing.digest import digest_of
from streams.routing.render_pagerduty import dedup_key, digest_pagerduty, pagerduty_event
from streams.routing.sending import DEFAULT_MANNER
from tests.support.digests import member, members
from tests.support.golden import differences
from tests.support.notices import KINDS, alert, delivery, head, ledger
from tests.support.pagerduty_sink import flaws

STORY = "5t0ry00000000001"
HOSTILE = {
    "mentions": "<!channel> <@U1> <#C1> <at>everyone</at>",
    "markup": "[Reuters](https://evil.test) **bold** <script>alert(1)</script>",
    "controls": "\u202eevil\u2066\x00\r\n\x1b[2J",
    "ten megabytes": "x" * 10_000_000,
    "astral": "\U0001f600" * 2_000,
    "nothing visible": "\u200b\x00",
}


def event(*, manner: str = "thread", **given: Any) -> Any:  # noqa: ANN401 - JSON as PagerDuty gets it
    told = delivery("pd", story=STORY, manner=manner).model_copy(update={"alert": alert(**given)})
    return json.loads(json.dumps(pagerduty_event(told, ledger())))


@pytest.mark.parametrize("relation", KINDS, ids=str)
def test_pagerduty_gets_every_kind_as_agreed(relation: Relation) -> None:
    said = event(relation=relation, sample=True, manner=DEFAULT_MANNER[relation])
    text = json.dumps(said, ensure_ascii=False, indent=1) + "\n"
    assert differences(f"notifications/pagerduty_{relation}.json", text) == []


def test_pagerduty_gets_a_digest_as_agreed() -> None:
    text = json.dumps(digest_pagerduty(digest_of(members(37))), ensure_ascii=False, indent=1) + "\n"
    assert differences("notifications/pagerduty_digest.json", text) == []


@pytest.mark.parametrize("title", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_headline_stays_one_line_of_text_within_the_limits(title: str) -> None:
    said = event(head=head(title=title, lead=title, publisher=title[:300]), spans=())
    assert flaws(said) == []
    assert not [sign for sign in ("<!", "<@", "<#") if sign in json.dumps(said)]
    assert not set(said["payload"]["summary"]) & set("\u202e\u2066\x00\r\n\x1b\u200b")


@pytest.mark.parametrize("title", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_digest_of_hostile_headlines_is_as_harmless(title: str) -> None:
    said = digest_pagerduty(digest_of([member(n, title=title, publisher=title[:300]) for n in range(25)]))
    assert flaws(said) == []
    assert not [sign for sign in ("<!", "<@", "<#", "\\u202e", "\\u0000") if sign in json.dumps(said)]


@pytest.mark.parametrize(
    ("urgency", "severity"), [(Urgency.FLASH, "critical"), (Urgency.URGENT, "error"), (Urgency.ROUTINE, "info")]
)
def test_the_urgency_is_the_severity(urgency: Urgency, severity: str) -> None:
    rules = tuple(rule.model_copy(update={"urgency": urgency}) for rule in alert().rules)
    assert event(rules=rules)["payload"]["severity"] == severity
    assert digest_pagerduty(digest_of([member(0, urgency=urgency)]))["payload"]["severity"] == severity  # type: ignore[index,call-overload]  # JSON


def test_a_story_of_a_desk_has_one_key_whatever_the_attempt_and_the_alert() -> None:
    told = [delivery("pd", number=number, story=STORY) for number in range(3)]
    again = told[0].model_copy(update={"attempts": 3, "seq": 2, "last_outcome": "ambiguous: timeout"})
    assert {dedup_key(one) for one in (*told, again)} == {f"tocsin/fx-desk/{STORY}"}


def test_another_story_and_another_desk_have_keys_of_their_own() -> None:
    keys = {dedup_key(delivery("pd", number=1)), dedup_key(delivery("pd", number=2)), dedup_key(delivery(desk="ops"))}
    assert len(keys) == 3


def test_what_is_told_loudly_pages_again_and_its_retry_does_not() -> None:
    loud = delivery("pd", story=STORY, manner="broadcast")
    quiet = delivery("pd", story=STORY)
    again = loud.model_copy(update={"attempts": 1, "seq": 1})
    assert dedup_key(loud) == dedup_key(again) == f"{dedup_key(quiet)}/{loud.delivery_id}"
    assert len(dedup_key(loud)) < 255


def test_a_withdrawal_resolves_nothing() -> None:
    said = event(relation=Relation.RETRACT, manner="broadcast")
    assert said["event_action"] == "trigger"
    assert said["payload"]["summary"].startswith("FLASH WITHDRAWN: ")


def test_the_details_say_why_what_where_who_first_and_how_long_each_hop_took() -> None:
    details = event(relation=Relation.UPDATE)["payload"]["custom_details"]
    assert details["rules"][0].startswith('rare-earths (revision 2): "gallium"')
    assert {"in": "title", "text": "贝森特", "entity": "scott-bessent"} in details["matched"]
    assert details["new"] == "25 %"
    assert details["sources"] == "2 sources, first Sample Wire, Example Post +12.4 s"
    assert details["hops_ms"] == {
        "source": 2820.0, "fetch": 60.0, "queue": 3.1, "match": 2.1, "alert": 4.7, "route": 4.1, "deliver": None,
        "total": None,
    }  # fmt: skip


def test_an_alert_of_which_little_is_known_is_still_a_valid_event() -> None:
    told = delivery("pd").model_copy(
        update={"alert": alert(head=head(lead="", url="ftp://x", publisher=""), spans=(), rules=())}
    )
    said = pagerduty_event(told, Ledger())
    assert flaws(said) == []
    assert said["links"] == []
    assert said["payload"]["source"] == "tocsin"  # type: ignore[index,call-overload]  # JSON
    datetime.fromisoformat(said["payload"]["timestamp"])  # type: ignore[index,call-overload,arg-type]  # JSON


def test_equal_members_have_one_incident_in_any_order() -> None:
    told = members(7)
    assert digest_pagerduty(digest_of(told)) == digest_pagerduty(digest_of(told[::-1]))
