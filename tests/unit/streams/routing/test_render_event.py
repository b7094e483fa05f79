import json
from typing import Any

import pytest

from streams.alerts.alert import AlertSource, DeskAlert, NewToken, Relation
from streams.ids import DeliveryId
from streams.latency import Ledger
from streams.routing.render_event import BODY_BYTES, cloud_event
from tests.support.golden import differences
from tests.support.notices import KINDS, alert, head, ledger

NAME = DeliveryId("d" * 26)


def event(given: DeskAlert) -> Any:  # noqa: ANN401 - JSON as a webhook gets it
    body = cloud_event(given, ledger(), delivery_id=NAME)
    assert len(body) <= BODY_BYTES
    return json.loads(body)


@pytest.mark.parametrize("relation", KINDS, ids=str)
def test_a_webhook_gets_every_kind_as_agreed(relation: Relation) -> None:
    said = json.loads(cloud_event(alert(relation, sample=True), ledger(), delivery_id=NAME))
    text = json.dumps(said, ensure_ascii=False, indent=1) + "\n"
    assert differences(f"notifications/webhook_{relation}.json", text) == []


def test_the_event_is_a_cloud_event_whose_data_is_the_desks_alert() -> None:
    said = event(alert())
    assert {"specversion", "id", "source", "type"} <= set(said)
    assert said["id"] == NAME
    assert DeskAlert.model_validate(said["data"]) == alert()
    assert all(name.isalnum() and name == name.lower() for name in said)


def test_the_same_delivery_has_the_same_bytes_at_every_attempt() -> None:
    assert cloud_event(alert(), ledger(), delivery_id=NAME) == cloud_event(alert(), ledger(), delivery_id=NAME)


def test_an_unknown_routing_time_gives_the_time_of_the_fetch() -> None:
    said = json.loads(cloud_event(alert(), Ledger(), delivery_id=NAME))
    assert said["time"] == "2026-03-02T14:55:02.130000Z"


LONG = "y" * 30_000
SPAN = alert().spans[0]
RULE = alert().rules[0].model_copy(update={"spans": (0,)})
MANY_RULES = tuple(RULE.model_copy(update={"rule_id": f"rule-{n}", "labels": {"topic": "x" * 900}}) for n in range(400))


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"related": [{"story_id": f"{n:016x}", "similarity": 0.2} for n in range(900)]}, id="neighbours"),
        pytest.param({"head": head(lead=LONG)}, id="a long lead with a mark near its start"),
        pytest.param({"head": head(lead=LONG), "spans": (SPAN,), "rules": (RULE,)}, id="a long lead without marks"),
        pytest.param({"spans": (SPAN,) * 900}, id="many spans"),
        pytest.param({"head": head(title="t" * 10_000_000)}, id="a title of ten megabytes"),
        pytest.param({"head": head(authors=("a" * 9_000,) * 9)}, id="long authors"),
        pytest.param({"rules": MANY_RULES}, id="many rules with long labels"),
        pytest.param({"head": head(url="https://x.test/" + LONG)}, id="a long address"),
        pytest.param({"whats_new": [NewToken(value=LONG, kind="money")] * 9}, id="long news"),
        pytest.param({"sources": [AlertSource(publisher=LONG, permission="p", lag_s=1)] * 50}, id="many sources"),
    ],
)
def test_a_large_alert_is_made_to_fit_and_says_so(given: dict[str, Any]) -> None:
    said = event(alert(**given))
    assert said["tocsinshortened"] is True
    read = DeskAlert.model_validate(said["data"])
    assert read.event_id == alert().event_id
    assert all(index < len(read.spans) for rule in read.rules for index in rule.spans)


@pytest.mark.parametrize(
    "title",
    [
        pytest.param("<!channel> <@U1> <script>alert(1)</script> [x](https://evil.test)", id="markup"),
        pytest.param("\u202eevil\u2066\x00\r\nwebhook-id: forged\r\n\r\n\x1b[2J", id="controls"),
        pytest.param('"}],"specversion":"9"\\', id="quotes"),
        pytest.param("\u2028\u2029\ufeff\ufffe", id="separators"),
        pytest.param("\U0001f600" * 10_000, id="wide"),
    ],
)
def test_a_hostile_headline_is_data_and_nothing_else(title: str) -> None:
    body = cloud_event(alert(head=head(title=title, lead=title)), ledger(), delivery_id=NAME)
    said = json.loads(body)
    assert (said["specversion"], said["id"]) == ("1.0", NAME)
    assert title.startswith(said["data"]["head"]["title"])
    assert len(body) <= BODY_BYTES
    assert not set(body) & set(b"\x00\r\n\x1b")


def test_a_span_that_was_cut_off_with_the_lead_is_no_longer_pointed_at() -> None:
    far = SPAN.model_copy(update={"field": "lead", "start": 5_000, "end": 5_007})
    read = DeskAlert.model_validate(event(alert(head=head(lead=LONG), spans=(far,), rules=(RULE,)))["data"])
    assert read.spans == ()
    assert read.rules[0].spans == ()
