"""Which incidents a desk's on-call is woken by, and what PagerDuty's answers mean."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from agents.deliver.attempt import Attempt
from agents.deliver.outcome import Outcome, OutcomeKind
from agents.deliver.pagerduty import PagerDuty
from agents.net.address_guard import connector
from streams.alerts.alert import Relation
from streams.errors import Reason
from streams.routing import render_pagerduty
from streams.routing.notification import Delivery
from streams.routing.receiver import PAGERDUTY_APIS, PagerDutyOptions
from tests.support.digests import members
from tests.support.notices import delivery, ledger
from tests.support.pagerduty_sink import ROUTING_KEY, PagerDutySink
from tests.support.slack_desk import STORY, confirmed, told

KEY = f"tocsin/fx-desk/{STORY}"


@pytest.fixture
async def sink() -> AsyncIterator[PagerDutySink]:
    async with PagerDutySink() as running:
        yield running


class OnCall:
    """One PagerDuty receiver that sends to the sink."""

    def __init__(self, folder: Path, sink: PagerDutySink) -> None:
        self.file, self.allow = folder / "key", sink.allow
        self.options: dict[str, object] = {"api_url": sink.api_url, "allow_insecure": True, "timeout_s": 1.0}
        self.file.write_text(ROUTING_KEY + "\n")

    async def send(self, sent: Delivery, *, members: tuple[Delivery, ...] = (), doubtful: bool = False) -> Outcome:
        options = PagerDutyOptions.model_validate({"routing_key_file": str(self.file)} | self.options)
        async with aiohttp.ClientSession(connector=connector(self.allow)) as session:
            pagerduty = PagerDuty(options, session, lambda: datetime.now(UTC), self.allow)
            return await pagerduty.send(Attempt(delivery=sent, ledger=ledger(), members=members, doubtful=doubtful))


@pytest.fixture
def on_call(tmp_path: Path, sink: PagerDutySink) -> OnCall:
    return OnCall(tmp_path, sink)


async def test_a_delivery_opens_an_incident_and_its_state_refers_to_it(on_call: OnCall, sink: PagerDutySink) -> None:
    outcome = await on_call.send(told(0))
    assert (outcome.kind, outcome.detail, outcome.provider_ref) == (OutcomeKind.DELIVERED, "http_202", KEY)
    assert sink.incidents == {KEY: 1}
    assert sink.events[0]["payload"]["severity"] == "critical"


async def test_a_story_is_one_incident(on_call: OnCall, sink: PagerDutySink) -> None:
    await on_call.send(told(0))
    await on_call.send(told(1, Relation.UPDATE))
    assert sink.incidents == {KEY: 2}
    assert sink.opened == {KEY: 1}


async def test_a_retry_in_doubt_never_opens_a_second_incident(on_call: OnCall, sink: PagerDutySink) -> None:
    told_twice = [
        (told(0), ()),
        (told(1, Relation.CORRECTION, manner="broadcast"), ()),
        (members(5)[0], tuple(members(5))),
    ]
    for sent, together in told_twice:
        sink.faults = ["drop_after"]
        lost = await on_call.send(sent, members=together)
        again = sent.model_copy(update={"attempts": 1, "seq": 1, "last_outcome": lost.text})
        found = await on_call.send(again, members=together, doubtful=True)
        assert [lost.kind, found.kind] == [OutcomeKind.AMBIGUOUS, OutcomeKind.DELIVERED]
    assert set(sink.incidents.values()) == {2}
    assert set(sink.opened.values()) == {1}
    assert len(sink.opened) == 3


async def test_mutation_a_key_of_each_attempt_opens_a_second_incident(
    on_call: OnCall, sink: PagerDutySink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(render_pagerduty, "dedup_key", lambda sent: f"{sent.delivery_id}/{sent.attempts}")
    sink.faults = ["drop_after"]
    await on_call.send(told(0))
    await on_call.send(told(0).model_copy(update={"attempts": 1}), doubtful=True)
    assert len(sink.opened) == 2


async def test_a_correction_pages_who_has_acknowledged_the_story(on_call: OnCall, sink: PagerDutySink) -> None:
    await on_call.send(told(0))
    correction = told(1, Relation.CORRECTION, manner="broadcast")
    await on_call.send(correction)
    assert sink.opened == {KEY: 1, f"{KEY}/{correction.delivery_id}": 1}


async def test_an_update_after_somebody_resolved_the_incident_pages_anew(on_call: OnCall, sink: PagerDutySink) -> None:
    await on_call.send(told(0))
    sink.resolve(KEY)
    await on_call.send(told(1, Relation.UPDATE))
    assert sink.opened == {KEY: 2}


async def test_a_confirmation_wakes_nobody(on_call: OnCall, sink: PagerDutySink) -> None:
    outcome = await on_call.send(confirmed(1, 4))
    assert (outcome.kind, outcome.detail) == (OutcomeKind.DELIVERED, "not_paged")
    assert sink.asked == []


@pytest.mark.parametrize(
    ("fault", "kind", "detail"),
    [
        pytest.param("400", OutcomeKind.REFUSED, "invalid_event", id="an invalid event"),
        pytest.param("429/7", OutcomeKind.THROTTLED, "http_429", id="throttled"),
        pytest.param("503/7", OutcomeKind.THROTTLED, "http_503", id="unavailable for so long"),
        pytest.param("500", OutcomeKind.FAILED, "http_500", id="broken"),
        pytest.param("202", OutcomeKind.DELIVERED, "http_202", id="202 without a word"),
        pytest.param("200", OutcomeKind.AMBIGUOUS, "answer_unreadable", id="200 without a word"),
        pytest.param("says/500", OutcomeKind.AMBIGUOUS, "answer_unreadable", id="200 that says an error"),
        pytest.param("half", OutcomeKind.AMBIGUOUS, "answer_unreadable", id="200 that breaks off"),
        pytest.param("endless", OutcomeKind.AMBIGUOUS, "answer_unreadable", id="200 and 10 GB"),
        pytest.param("json/[1]", OutcomeKind.AMBIGUOUS, "answer_unreadable", id="200 and a list"),
        pytest.param('json/{"status": "invalid event"}', OutcomeKind.FAILED, "not_accepted", id="200 that says no"),
        pytest.param('json/{"status": "success"}', OutcomeKind.DELIVERED, "http_200", id="200 that says success"),
    ],
)
async def test_an_answer_decides_what_happens_next(
    on_call: OnCall, sink: PagerDutySink, fault: str, kind: OutcomeKind, detail: str
) -> None:
    sink.faults = [fault]
    outcome = await on_call.send(told(0))
    assert (outcome.kind, outcome.detail) == (kind, detail)
    assert sink.events == []


async def test_a_routing_key_that_nobody_knows_is_told_apart(on_call: OnCall, sink: PagerDutySink) -> None:
    on_call.file.write_text("of-another-service")
    outcome = await on_call.send(told(0))
    assert (outcome.detail, outcome.reason) == ("invalid_routing_key", Reason.CREDENTIALS_REFUSED)
    assert sink.events == []


async def test_an_event_that_pagerduty_calls_invalid_is_refused(on_call: OnCall, sink: PagerDutySink) -> None:
    broken = delivery("pd", desk="d" * 300)
    outcome = await on_call.send(broken)
    assert (outcome.kind, outcome.detail) == (OutcomeKind.REFUSED, "invalid_event")
    assert sink.events == []


async def test_a_key_goes_to_no_address_that_the_routes_alone_name(on_call: OnCall, sink: PagerDutySink) -> None:
    on_call.allow = ()
    outcome = await on_call.send(told(0))
    assert (outcome.kind, outcome.detail) == (OutcomeKind.REFUSED, "api_url_not_allowed")
    assert outcome.reason is Reason.ADDRESS_REFUSED
    assert sink.asked == []


def test_the_address_of_the_eu_is_pagerdutys_own() -> None:
    assert PagerDutyOptions(routing_key_env="K").api_url in PAGERDUTY_APIS
    assert "https://events.eu.pagerduty.com/v2/enqueue" in PAGERDUTY_APIS
