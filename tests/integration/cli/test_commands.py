import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents.dead_letters import dead_letter
from agents.kafka import Outgoing, Producer, outgoing
from config.settings import load_settings
from streams.alerts.alert import DeskAlert, Relation
from streams.articles.article import Article, ArticleKind
from streams.errors import Reason
from streams.ids import DeliveryId, DeskId, ReceiverId, RoutingId, delivery_id
from streams.routing.notification import DeliveryState, DeliveryStatus
from streams.routing.told import Routing, RoutingDecision
from streams.topics import ALERTS, ARTICLES, DELIVERY_STATES, MATCHES, ROUTINGS, desk_topic
from tests.support.alerting import alert, head, match, read_match
from tests.support.command_line import Tocsin

pytestmark = pytest.mark.kafka
HEADLINE = "[China] halts rare earths exports"
ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
FILES = {
    "feeds": "version: 1\nfeeds: [{id: a, url: 'https://a.test/', publisher: A}]\n",
    "entities": "version: 1\nentities: [{id: e, type: t, names: {en: [Rare earths]}}]\n",
    "rules": "version: 1\nrules: [{id: rare-earths, query: '@e'}]\n",
    "routes": "version: 1\nreceivers: {console: {type: console}}\ndesks: {fx: {permissions: [public]}}\n"
    "route: {desk: fx, receivers: [console]}\n",
}


@pytest.fixture(autouse=True)
def applied(tocsin: Tocsin, tmp_path: Path) -> None:
    """Files, and everything that they say made so."""
    for name, text in FILES.items():
        (tmp_path / f"tocsin.d/{name}.yaml").write_text(text)
    for group in ("topics", "routes", "rules", "feeds"):
        said = tocsin(group, "apply")
        assert said.code == 0, said.err


def deliver(*outputs: Outgoing) -> None:
    async def run() -> None:
        producer = Producer(load_settings())
        await producer.start()
        await producer.deliver(outputs)
        await producer.stop()

    asyncio.run(run())


def rows(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def raised() -> DeskAlert:
    """Put one article's whole journey on the topics; return the alert as the desk sees it."""
    given, found = alert(), match()
    desk = DeskAlert(**given.model_dump(), desk=DeskId("fx"), told_as=Relation.FIRST, routes_version="v1")
    article = Article(**head().model_dump(), body="Rare earths.")
    receiver = ReceiverId("console")
    routings = [routing(given.event_id, RoutingDecision.TOLD, receiver), routing("other", RoutingDecision.KNOWN)]
    state = DeliveryState(
        delivery_id=delivery_id(receiver, desk.desk, given.event_id, "alert"), receiver=receiver, seq=1, attempts=1,
        state=DeliveryStatus.DELIVERED, outcome="written", changed_at=NOW,
    )  # fmt: skip
    common = {"ce_id": "x", "stage": "test", "at": NOW}
    deliver(
        outgoing(ARTICLES, article, key=article.article_id, by=article.article_id, **common),
        outgoing(MATCHES, found, key="a1", **common),
        outgoing(ALERTS, given, key=given.story_id, by=given.story_id, **common),
        outgoing(desk_topic("fx"), desk, key=given.story_id, **common),
        *(outgoing(ROUTINGS, one, key=one.story_id, by=one.story_id, **common) for one in routings),
        outgoing(DELIVERY_STATES, state, key=state.delivery_id, by=receiver, **common),
    )
    return desk


def routing(event: str, decision: RoutingDecision, *receivers: ReceiverId) -> Routing:
    return Routing.model_validate(
        {
            "routing_id": RoutingId(f"{event}@fx"), "event_id": event, "story_id": "s", "desk": "fx",
            "decision": decision, "reason": f"because it is {decision}", "receivers": receivers,
            "rules": {"rare-earths": decision}, "routes_version": "v1",
        }
    )  # fmt: skip


def test_after_an_apply_nothing_differs(tocsin: Tocsin) -> None:
    assert (tocsin("topics", "plan").code, tocsin("topics", "plan").out) == (
        0,
        "every topic is as the catalogue says\n",
    )
    assert tocsin("rules", "diff").out == "what is live is what the files say\n"
    assert tocsin("rules", "apply").out == "0 published, 2 unchanged\n"
    assert rows(tocsin("routes", "apply", "--json").out) == [
        {"published": [], "deleted": [], "unchanged": 1, "lost": []}
    ]
    assert tocsin("topics", "apply").out == "nothing to do\n"


def test_what_apply_would_do_is_shown_and_is_exit_1(tocsin: Tocsin, tmp_path: Path) -> None:
    (tmp_path / "tocsin.d/rules.yaml").write_text("version: 1\nrules: [{id: b, query: x}]\n")
    said = tocsin("rules", "diff", "--json")
    assert said.code == 1
    assert [(row["kind"], row["id"], row["what"], row["was"]) for row in rows(said.out)] == [
        ("rule", "b", "new", None),
        ("rule", "rare-earths", "delete", "ann"),
    ]


def test_topics_that_are_missing_are_planned_and_are_exit_1(tocsin: Tocsin, topic_prefix: str) -> None:
    said = tocsin("topics", "plan", "--topic-prefix", f"{topic_prefix}other.", "--json")
    assert said.code == 1
    assert {row["what"] for row in rows(said.out)} == {"missing"}


def test_a_rule_of_another_owner_is_exit_78(tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_MANAGED_BY", "other")
    said = tocsin("rules", "apply")
    assert said.code == 78
    assert 'rule "rare-earths" belongs to "files"' in said.err


def test_live_feeds_are_listed(tocsin: Tocsin) -> None:
    (row,) = rows(tocsin("feeds", "list", "--json").out)
    assert (row["id"], row["managed_by"]) == ("a", "files")


def test_an_alert_is_found_in_every_list(tocsin: Tocsin) -> None:
    desk = raised()
    (row,) = rows(tocsin("alerts", "list", "--rule", "rare-earths", "--json").out)
    assert (row["event"], row["desk"], row["as"]) == (desk.event_id, "fx", "first")
    said = tocsin("alerts", "list", "--rule", "rare-earth").out
    assert said == "no alert of rare-earth: no rule of this name is live (did you mean rare-earths?)\n"
    (held_back,) = rows(tocsin("alerts", "list", "--suppressed", "--desk", "fx", "--json").out)
    assert (held_back["decision"], held_back["reason"]) == ("known", "because it is known")


def test_a_desk_that_is_not_live_is_named(tocsin: Tocsin) -> None:
    said = tocsin("alerts", "list", "--desk", "fy")
    assert said.code == 78
    assert said.err == 'no desk "fy" is live: there are fx\n'


def test_one_alert_is_shown_with_what_each_desk_was_told(tocsin: Tocsin) -> None:
    desk = raised()
    said = tocsin("alerts", "show", desk.event_id[:12])
    assert said.code == 0
    assert "China" in said.out
    assert "because it is told" in said.out
    (shown,) = rows(tocsin("alerts", "show", desk.event_id, "--json").out)
    assert shown["routings"][0]["receivers"] == ["console"]  # type: ignore[index]  # JSON


def test_a_heartbeat_is_no_news(tocsin: Tocsin) -> None:
    given = alert()
    beat = DeskAlert(
        **given.model_copy(update={"head": given.head.model_copy(update={"kind": ArticleKind.HEARTBEAT})}).model_dump(),
        desk=DeskId("fx"), told_as=Relation.FIRST, routes_version="v1",
    )  # fmt: skip
    deliver(outgoing(desk_topic("fx"), beat, key=beat.story_id, ce_id="x", stage="test", at=NOW))
    assert tocsin("alerts", "list").out == "no alert\n"
    assert tocsin("alerts", "list", "--rule", "rare-earths", "--desk", "fx").out == "no alert of rare-earths at fx\n"


@pytest.mark.parametrize("command", [("explain",), ("alerts", "show"), ("deliveries", "show")])
def test_no_id_at_all_is_no_beginning_of_one(tocsin: Tocsin, command: tuple[str, ...]) -> None:
    said = tocsin(*command, " ")
    assert said.code == 2
    assert "an id, or the beginning of one, is needed" in said.err


def test_an_alert_that_is_not_there_is_named(tocsin: Tocsin) -> None:
    said = tocsin("alerts", "show", "nope")
    assert said.code == 78
    assert said.err.startswith("no alert nope: ")


def test_an_articles_journey_is_told_from_the_article_and_from_the_alert(tocsin: Tocsin) -> None:
    desk = raised()
    for name in ("a1", desk.event_id):
        said = tocsin("explain", name)
        assert said.code == 0
        assert "match     rare-earths urgent, version c1, rules as of 7" in said.out
        assert "desk fx: told through console\nwhy       because it is told" in said.out
        assert "sent      console: delivered after 1 attempt: written" in said.out
    (shown,) = rows(tocsin("explain", "a1", "--json").out)
    assert [len(part) for part in shown.values()] == [1, 1, 1, 1, 1, 0], "nobody acknowledged it"  # type: ignore[arg-type]  # JSON
    assert tocsin("explain", "nope").code == 78


def test_an_article_that_no_rule_found_says_so(tocsin: Tocsin) -> None:
    article = Article(**head("b2", title="Floods displace thousands").model_dump())
    deliver(outgoing(ARTICLES, article, key="b2", by="b2", ce_id="x", stage="test", at=NOW))
    assert "match     no rule holds: 1 were tried" in tocsin("explain", "b2").out


def test_the_state_of_a_delivery_that_counts_is_shown(tocsin: Tocsin) -> None:
    states = [(1, DeliveryStatus.HANDED_OFF), (3, DeliveryStatus.DEAD), (2, DeliveryStatus.HANDED_OFF)]
    deliver(*(state_record(seq, state) for seq, state in states))
    (row,) = rows(tocsin("deliveries", "list", "--json").out)
    assert (row["delivery"], row["state"]) == ("d" * 26, "dead")
    assert tocsin("deliveries", "list", "--state", "delivered").out == "none\n"
    said = tocsin("deliveries", "list", "--receiver", "other").out
    assert said == 'none: nothing went to "other" in eight days, but to hook\n'
    assert rows(tocsin("deliveries", "show", "dd", "--json").out)[0]["seq"] == 3
    assert tocsin("deliveries", "show", "x").code == 78


def state_record(seq: int, state: DeliveryStatus) -> Outgoing:
    record = DeliveryState(
        delivery_id=DeliveryId("d" * 26), receiver=ReceiverId("hook"), seq=seq, state=state, attempts=seq,
        outcome="500", changed_at=NOW,
    )  # fmt: skip
    return outgoing(DELIVERY_STATES, record, key="d" * 26, by="hook", ce_id="x", stage="test", at=NOW)


def test_a_dead_letter_is_shown_with_its_reason_and_what_it_held(tocsin: Tocsin) -> None:
    incoming = read_match(match())
    deliver(dead_letter(incoming, stage="alert", reason=Reason.NOT_VALID, error="no story"))
    (row,) = rows(tocsin("dead-letters", "list", "--json").out)
    assert (row["stage"], row["reason"]) == ("alert", "not_valid")
    assert tocsin("dead-letters", "list", "--stage", "match").out == "none\n"
    said = tocsin("dead-letters", "show", str(row["origin"]))
    assert "no story" in said.out
    assert '"rare-earths"' in said.out
    assert rows(tocsin("dead-letters", "show", str(row["origin"]), "--json").out)[0]["error"] == "no story"


def test_a_silence_is_added_listed_and_ended(tocsin: Tocsin) -> None:
    arguments: Sequence[str] = ('topic="trade"', "--target", "rule=rare-earths", "--desk", "fx")
    said = tocsin("silences", "add", *arguments, "--for", "8h", "--comment", "earnings day", "--json")
    assert said.code == 0
    assert said.err.startswith("warning: no live rule has a label topic (there are relation, rule, urgency): as the")
    (added,) = rows(said.out)
    assert (added["what"], added["user"]) == (['topic="trade"', "rule=rare-earths", "desk=fx"], "ann")
    assert rows(tocsin("silences", "list", "--json").out) == [added]
    assert tocsin("silences", "end", str(added["id"])).code == 0
    assert tocsin("silences", "list").out == "no silence is in force\n"
    assert tocsin("silences", "end", str(added["id"])).code == 78


def test_a_silence_may_begin_later_and_means_only_what_is_there(tocsin: Tocsin) -> None:
    said = tocsin(
        "silences", "add", "topic=trade", "--from", "2126-03-02T22:00+08:00", "--for", "1h", "--comment", "c", "--json"
    )
    (added,) = rows(said.out)
    assert (added["from"], added["until"]) == ("2126-03-02T14:00:00.000Z", "2126-03-02T15:00:00.000Z")
    for wrong, code, problem in (
        (("--target", "rule=rare-earth"), 78, 'no rule "rare-earth" is live (did you mean rare-earths?)'),
        (("--target", "entity=f"), 78, 'no entity "f" is live'),
        (("topic=trade", "--desk", "fy"), 78, 'no desk "fy" is live'),
        (("topic=trade", "--from", "22:00"), 2, "write 2026-03-02T22:00Z"),
        (("topic=trade", "--from", "2026-03-02T22:00"), 2, "is no moment with its zone"),
    ):
        said = tocsin("silences", "add", *wrong, "--for", "1h", "--comment", "c")
        assert (said.code, problem in " ".join(said.err.split())) == (code, True), said.err
    assert tocsin("silences", "add", "--target", "story=any", "--for", "1h", "--comment", "c").code == 0


def test_who_follows_a_desk_without_alerts_is_told_that_there_are_none(tocsin: Tocsin) -> None:  # noqa: ARG001 - the environment
    command = [sys.executable, "-m", "agents.cli.main", "alerts", "tail"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "no alert yet at fx: each is shown as it comes, until Ctrl-C\n"
        process.send_signal(signal.SIGINT)


def test_alerts_are_followed_as_they_come(tocsin: Tocsin, tmp_path: Path) -> None:  # noqa: ARG001 - the environment
    raised()
    command = [sys.executable, "-m", "agents.cli.main", "alerts", "tail", "--desk", "fx"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        try:
            assert HEADLINE in process.stdout.readline()
            raised()
            assert any(HEADLINE in line for line in process.stdout)
        finally:
            process.send_signal(signal.SIGINT)
            process.stdout.read()
    assert process.returncode == 0
