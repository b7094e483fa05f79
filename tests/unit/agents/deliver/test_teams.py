"""What stands in a Teams channel, and what the answers of a workflow and of an old connector mean."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from agents.deliver.attempt import Attempt
from agents.deliver.outcome import Outcome, OutcomeKind
from agents.deliver.teams import Teams
from agents.net.address_guard import connector
from streams.alerts.alert import Relation
from streams.errors import Reason
from streams.routing.digest import digest_of
from streams.routing.notification import Delivery
from streams.routing.receiver import TeamsOptions
from tests.support.digests import members
from tests.support.notices import delivery, ledger
from tests.support.slack_desk import told
from tests.support.teams_sink import TeamsSink


@pytest.fixture
async def sink() -> AsyncIterator[TeamsSink]:
    async with TeamsSink() as running:
        yield running


class Channel:
    """One Teams receiver that sends to the sink."""

    def __init__(self, folder: Path, sink: TeamsSink) -> None:
        self.file, self.allow = folder / "url", sink.allow
        self.file.write_text(sink.url("workflows/secret/triggers/manual?sig=secret") + "\n")

    async def send(self, sent: Delivery, *, members: tuple[Delivery, ...] = ()) -> Outcome:
        options = TeamsOptions(url_file=str(self.file), allow_insecure=True, timeout_s=1.0)
        async with aiohttp.ClientSession(connector=connector(self.allow)) as session:
            teams = Teams(options, session, lambda: datetime.now(UTC), self.allow)
            return await teams.send(Attempt(delivery=sent, ledger=ledger(), members=members))


@pytest.fixture
def channel(tmp_path: Path, sink: TeamsSink) -> Channel:
    return Channel(tmp_path, sink)


async def test_a_delivery_arrives_as_a_card_with_its_id(channel: Channel, sink: TeamsSink) -> None:
    outcome = await channel.send(delivery("teams"))
    [card] = sink.cards
    assert (outcome.kind, outcome.detail) == (OutcomeKind.DELIVERED, "http_202")
    assert card["body"][0]["id"] == delivery("teams").delivery_id
    assert sink.flaws == []
    assert sink.asked[0].headers["content-type"].startswith("application/json")


async def test_an_update_is_a_card_of_its_own_as_there_are_no_threads(channel: Channel, sink: TeamsSink) -> None:
    for sent in (told(0), told(1, Relation.UPDATE), told(2, Relation.RETRACT, manner="broadcast")):
        assert (await channel.send(sent)).thread is None
    assert len(sink.cards) == 3


async def test_a_digest_is_one_card(channel: Channel, sink: TeamsSink) -> None:
    all_members = tuple(members(25))
    outcome = await channel.send(all_members[0], members=all_members)
    [card] = sink.cards
    assert outcome.kind is OutcomeKind.DELIVERED
    assert card["body"][0]["id"] == digest_of(all_members).digest_id
    assert sink.flaws == []


async def test_the_word_of_an_old_connector_is_understood(channel: Channel, sink: TeamsSink) -> None:
    sink.old = True
    assert (await channel.send(delivery("teams"))).kind is OutcomeKind.DELIVERED


@pytest.mark.parametrize(
    ("fault", "kind", "detail"),
    [
        pytest.param("says/413", OutcomeKind.REFUSED, "inner_http_413", id="200 that says too large"),
        pytest.param("says/400", OutcomeKind.REFUSED, "inner_http_400", id="200 that says no card"),
        pytest.param("says/429", OutcomeKind.THROTTLED, "inner_http_429", id="200 that says throttled"),
        pytest.param("says/502", OutcomeKind.FAILED, "inner_http_502", id="200 that says broken"),
        pytest.param("says/404", OutcomeKind.REFUSED, "inner_http_404", id="200 that says not found"),
        pytest.param("says/200", OutcomeKind.AMBIGUOUS, "answer_unreadable", id="200 that says an error of 200"),
        pytest.param("says/", OutcomeKind.AMBIGUOUS, "answer_unreadable", id="200 that says something else"),
        pytest.param("half", OutcomeKind.AMBIGUOUS, "answer_unreadable", id="200 that breaks off"),
        pytest.param("endless", OutcomeKind.AMBIGUOUS, "answer_unreadable", id="200 and 10 GB"),
        pytest.param("200", OutcomeKind.DELIVERED, "http_200", id="200 without a word"),
        pytest.param("429/7", OutcomeKind.THROTTLED, "http_429", id="throttled"),
        pytest.param("503/7", OutcomeKind.THROTTLED, "http_503", id="unavailable for so long"),
        pytest.param("502", OutcomeKind.FAILED, "http_502", id="broken"),
        pytest.param("400", OutcomeKind.REFUSED, "http_400", id="a workflow that is switched off"),
        pytest.param("404", OutcomeKind.REFUSED, "http_404", id="a workflow that was deleted"),
        pytest.param("410", OutcomeKind.GONE, "http_410", id="gone"),
    ],
)
async def test_an_answer_decides_what_happens_next(
    channel: Channel, sink: TeamsSink, fault: str, kind: OutcomeKind, detail: str
) -> None:
    sink.faults = [fault]
    outcome = await channel.send(delivery("teams"))
    assert (outcome.kind, outcome.detail) == (kind, detail)
    assert sink.cards == []


async def test_a_retry_after_is_kept(channel: Channel, sink: TeamsSink) -> None:
    sink.faults = ["429/7"]
    assert (await channel.send(delivery("teams"))).retry_after_s == 7.0


async def test_a_signature_that_is_refused_is_told_apart(channel: Channel, sink: TeamsSink) -> None:
    sink.faults = ["401"]
    assert (await channel.send(delivery("teams"))).reason is Reason.CREDENTIALS_REFUSED
