from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from agents.kafka import Incoming
from agents.match import Matching, picker
from agents.metrics import Metrics
from streams.articles.article import Article, ArticleKind
from streams.errors import NewerSchemaError, PoisonError, Reason
from streams.ids import ArticleId, FeedId, RevisionKey, UserId
from streams.latency import Hop, Ledger, read_ledger
from streams.matching.match import Match
from streams.matching.matcher import Matcher
from streams.matching.rule import RuleChange, change_id
from streams.topics import MATCHES

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
FETCHED, MATCHED = NOW - timedelta(milliseconds=20), NOW + timedelta(milliseconds=5)


def matcher() -> Matcher:
    body = {"id": "tariffs", "query": "tariff", "urgency": "flash", "labels": {"topic": "trade"}}
    change = RuleChange(
        kind="rule", id="tariffs", change_id=change_id("rule", "tariffs", None, "{}"), body=body,
        author=UserId("u"), managed_by="files", made_at=NOW,
    )  # fmt: skip
    return Matcher.empty().apply([(7, change)])


def article(**given: object) -> Article:
    fields = {
        "article_id": ArticleId("a1"), "revision": RevisionKey("1-00000000"), "kind": ArticleKind.NEW,
        "feed_id": FeedId("f"), "publisher": "p", "tier": 1, "permission": "public", "language": "en", "url": "u",
        "title": "A new tariff", "first_seen_at": FETCHED, "fetched_at": FETCHED,
    }  # fmt: skip
    return Article(**{**fields, **given})


def record(value: bytes, *, schema: str = "article/1") -> Incoming:
    ledger = Ledger().stamped(fetched=FETCHED)
    headers = (("tocsin-schema", schema.encode()), ("tocsin-ledger", ledger.to_header()), ("traceparent", b"trace"))
    return Incoming(
        topic="tocsin.articles", partition=4, offset=9, key="a1", value=value, headers=headers, appended_at=NOW
    )


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(CollectorRegistry())


@pytest.fixture
def decide(metrics: Metrics) -> Matching:
    return picker(matcher, metrics)()


def sample(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"tocsin_{name}", labels)


def test_an_article_that_matches_is_written_with_its_ledger_and_trace(decide: Matching, metrics: Metrics) -> None:
    (output,) = decide(record(article().to_json()), stamped_at=MATCHED)
    match, headers = Match.from_json(output.value), dict(output.headers)
    ledger = read_ledger(headers["tocsin-ledger"])
    assert (output.topic, output.key) == (MATCHES, "a1")
    assert ([hit.rule_id for hit in match.rules], match.ruleset_version) == (["tariffs"], 7)
    assert [ledger.at(hop) for hop in (Hop.FETCHED, Hop.PRODUCED, Hop.MATCHED)] == [FETCHED, NOW, MATCHED]
    assert (headers["traceparent"], headers["ce_id"]) == (b"trace", b"a1/1-00000000/0")
    assert sample(metrics, "matches_total") == 1
    assert sample(metrics, "stage_latency_seconds_sum", stage="match") == pytest.approx(0.005)
    assert sample(metrics, "stage_latency_seconds_sum", stage="queue") == pytest.approx(0.02)


def test_the_same_article_gives_the_same_bytes_whenever_it_is_matched(decide: Matching) -> None:
    (first,) = decide(record(article().to_json()), stamped_at=MATCHED)
    (again,) = decide(record(article().to_json()), stamped_at=MATCHED + timedelta(days=1))
    assert first.value == again.value


@pytest.mark.parametrize(
    ("fields", "written"),
    [
        pytest.param({}, 0, id="no-rule"),
        pytest.param({"revision": "2-00000000"}, 1, id="a-later-revision"),
        pytest.param({"title": "CORRECTED: Copper falls"}, 1, id="a-correction"),
        pytest.param({"title": "WITHDRAWN: Copper falls"}, 1, id="a-retraction"),
        pytest.param({"kind": ArticleKind.HEARTBEAT, "title": "tariff"}, 1, id="a-heartbeat"),
    ],
)
def test_an_article_without_a_rule_is_written_only_when_someone_has_to_know(
    decide: Matching, metrics: Metrics, fields: Mapping[str, object], written: int
) -> None:
    outputs = decide(record(article(**{"title": "Copper falls", **fields}).to_json()), stamped_at=MATCHED)
    assert [Match.from_json(output.value).rules for output in outputs] == [()] * written
    assert sample(metrics, "matches_total") == 0


def test_a_clock_that_runs_behind_is_no_latency(decide: Matching, metrics: Metrics) -> None:
    decide(record(article().to_json()), stamped_at=NOW - timedelta(seconds=1))
    assert sample(metrics, "stage_latency_seconds_count", stage="match") == 0


def test_a_record_that_is_no_article_is_poison(decide: Matching) -> None:
    with pytest.raises(PoisonError) as caught:
        decide(record(b"no"), stamped_at=MATCHED)
    assert caught.value.reason is Reason.NOT_JSON


def test_an_article_of_a_newer_program_stops_the_stage(decide: Matching) -> None:
    with pytest.raises(NewerSchemaError):
        decide(record(article().to_json(), schema="article/2"), stamped_at=MATCHED)
