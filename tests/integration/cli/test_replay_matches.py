"""Articles are matched again under the rules of then, though the rules have changed since."""

import asyncio
from datetime import datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from agents.broker.server import Broker
from agents.cli.replaying.matches import Rulebook
from agents.kafka import Incoming, Outgoing, outgoing
from agents.match import Matching
from agents.metrics import Metrics
from agents.topic_admin import apply
from config.settings import Settings
from streams.articles.article import Article
from streams.dead_letter import DeadLetter
from streams.matching.matcher import Matcher
from streams.topics import ARTICLES, MATCHES, RULES
from tests.integration.cli.test_replay_alerts import MIDNIGHT
from tests.support.command_line import Tocsin
from tests.support.dated import append, dated
from tests.support.matching import article, change

pytestmark = pytest.mark.kafka
CHANGES = [
    (change("rule", "tariffs", {"query": "tariff"}), MIDNIGHT),
    (change("rule", "oil", {"query": "oil"}), MIDNIGHT + timedelta(minutes=30)),
    (
        change("rule", "tariffs", {"query": "tariff AND steel"}, base="tariffs-1", number=2),
        MIDNIGHT + timedelta(hours=2),
    ),
]
TITLES = ("A new tariff", "A tariff on steel", "Oil falls", "Rain in Spain")


def articles() -> list[tuple[Article, datetime]]:
    """Return an article a minute, each twelfth of them the heartbeat of a partition."""
    return [
        (
            article(
                TITLES[number % 4],
                article_id=f"a{number}",
                kind="heartbeat" if number % 5 == 0 else "new",
                url=f"tocsin:heartbeat/{number // 5 % 12}",
            ),
            MIDNIGHT + timedelta(minutes=number),
        )
        for number in range(1, 180)
    ]


def partition_of(one: Article) -> int:
    heartbeat = one.kind == "heartbeat"
    return int(one.url.rpartition("/")[2]) if heartbeat else ARTICLES.partition(one.article_id)


def read(one: Outgoing, at: datetime) -> Incoming:
    return Incoming(
        topic="articles", partition=one.partition, offset=0, key=one.key, value=one.value, headers=one.headers,
        appended_at=at,
    )  # fmt: skip


def matches(given: list[tuple[Outgoing, datetime]]) -> list[tuple[Outgoing, datetime]]:
    """Return what the match stage writes, a second later, with the rules that are there by then."""
    found = []
    for one, at in given:
        live = [(offset, rule) for offset, (rule, since) in enumerate(CHANGES) if since <= at]
        matching = Matching(Matcher.empty().apply(live), Metrics(CollectorRegistry()))
        outputs = matching(read(one, at), stamped_at=at)
        found += [(output, at + timedelta(seconds=1)) for output in outputs]
    return found


def recorded(settings: Settings) -> None:
    asyncio.run(apply(settings, [dated(ARTICLES), dated(MATCHES), dated(RULES)]))
    rules = [(outgoing(RULES, one, key=one.key, ce_id=one.change_id, stage="t", at=at), at) for one, at in CHANGES]
    given = [
        (outgoing(ARTICLES, one, key=one.article_id, partition=partition_of(one), ce_id="a", stage="t", at=at), at)
        for one, at in articles()
    ]
    poison = DeadLetter(
        topic="t", partition=0, offset=0, headers=(), first_64k="", size_bytes=0, stage="t", reason="not_json",
        error="", first_seen_at=MIDNIGHT, last_seen_at=MIDNIGHT,
    )  # fmt: skip
    at = MIDNIGHT + timedelta(hours=1)
    bad = outgoing(ARTICLES, poison, key="bad", by="bad", ce_id="bad", stage="t", at=at)
    asyncio.run(append(settings, [*rules, *given[:60], (bad, at), *given[60:], *matches(given)]))


def test_articles_are_replayed_under_the_rules_of_then(
    tocsin: Tocsin, broker: Broker, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(Settings(bootstrap=broker.bootstrap, topic_prefix=topic_prefix))
    times = ("--from", MIDNIGHT.isoformat(), "--to", (MIDNIGHT + timedelta(minutes=150)).isoformat())

    said = tocsin("replay", *times, "--stage", "match")
    assert (said.code, said.out) == (0, "match: 149 equal, 0 missing, 0 extra, 0 different, 1 unreadable\n"), said

    matcher = Rulebook.matcher
    with monkeypatch.context() as patch:
        patch.setattr(Rulebook, "matcher", lambda rules, _: matcher(rules, 2))
        said = tocsin("replay", *times, "--stage", "match")
    assert said.code == 1
    assert "rule tariffs: no longer matches" in said.out or "no match under ruleset_version 0" in said.out
    assert "extra" in said.out, "oil fell before there was a rule for it"
