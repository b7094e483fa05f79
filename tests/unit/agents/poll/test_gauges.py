from datetime import datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry

from agents.metrics import Metrics
from agents.net.fetch import Fetched
from agents.poll.gauges import asked, clock, published
from agents.poll.records import ledger_of
from streams.articles.article import Article
from streams.articles.notes import heartbeat
from streams.feeds.after_poll import Outcome, Timing
from streams.feeds.feed import Gap
from streams.ids import FeedId
from streams.latency import Hop
from tests.fakes import START

WIRE = FeedId("wire")


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(CollectorRegistry())


def sample(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"tocsin_{name}", labels)


def answer(date: datetime | str | None, **headers: str) -> Fetched:
    """Return an answer to a request that took one second, from START."""
    said = f"{date:%a, %d %b %Y %H:%M:%S} GMT" if isinstance(date, datetime) else date
    return Fetched(
        status=200,
        headers={**({} if said is None else {"Date": said}), **headers},
        body=b"",
        url="http://feeds.test/",
        moved_to=None,
        started_at=START,
        answered_at=START + timedelta(seconds=1),
    )


def article(**fields: object) -> Article:
    given = {
        "kind": "new",
        "published_at": None,
        "first_seen_at": START,
        "fetched_at": START + timedelta(milliseconds=60),
        **fields,
    }
    return Article.model_validate(heartbeat(1, now=START).model_dump() | given)


@pytest.mark.parametrize(
    ("given", "skew_s"),
    [
        pytest.param(answer(START), 0, id="the same clock"),
        pytest.param(answer(START + timedelta(minutes=5)), 300, id="five minutes ahead"),
        pytest.param(answer(START - timedelta(seconds=90)), -90, id="behind"),
        pytest.param(answer(START - timedelta(seconds=90), Age="90"), 0, id="the origin's Date by way of a cache"),
        pytest.param(answer(None), None, id="no Date"),
        pytest.param(answer("yesterday"), None, id="no date in Date"),
        pytest.param(answer("Mon, 02 Mar 2026 99999999999:00:00 GMT"), None, id="an hour beyond every clock"),
        pytest.param(answer(START, Age="-5"), None, id="an Age that is none"),
    ],
)
def test_a_servers_clock_is_compared_with_ours_in_the_midst_of_the_request(
    metrics: Metrics, given: Fetched, skew_s: float | None
) -> None:
    clock(metrics, WIRE, given)

    assert sample(metrics, "clock_skew_seconds", feed="wire") == skew_s


@pytest.mark.parametrize(
    ("fields", "spent_s"),
    [
        pytest.param({"published_at": START - timedelta(seconds=12)}, 12, id="published before we saw it"),
        pytest.param({"published_at": START + timedelta(seconds=0.4)}, 0, id="ahead by rounding"),
        pytest.param({"published_at": START + timedelta(minutes=5)}, None, id="a publisher five minutes ahead"),
        pytest.param({}, None, id="no date"),
        pytest.param(
            {"kind": "updated", "published_at": START - timedelta(hours=3)}, None, id="an edit that nobody dated"
        ),
        pytest.param(
            {
                "kind": "updated",
                "published_at": START - timedelta(hours=3),
                "updated_at": START - timedelta(seconds=7),
            },
            7,
            id="an edit by its own date, not by the article's",
        ),
    ],
)
def test_the_publishers_own_time_is_measured_where_it_is_known(
    metrics: Metrics, fields: dict[str, object], spent_s: float | None
) -> None:
    published(metrics, article(**fields))

    assert sample(metrics, "stage_latency_seconds_count", stage="source") == (0 if spent_s is None else 1)
    assert sample(metrics, "stage_latency_seconds_sum", stage="source") == (spent_s or 0)
    assert sample(metrics, "stage_latency_seconds_sum", stage="fetch") == 0.06


@pytest.mark.parametrize("kind", ["backfill", "heartbeat", "health"])
def test_what_is_no_news_took_no_time(metrics: Metrics, kind: str) -> None:
    published(metrics, article(kind=kind, published_at=START - timedelta(days=2)))

    assert sample(metrics, "articles_total", outcome=kind) == 1
    assert sample(metrics, "stage_latency_seconds_count", stage="source") == 0


def test_a_publisher_ahead_of_us_stands_in_the_ledger_as_it_is() -> None:
    ledger = ledger_of(article(published_at=START + timedelta(minutes=5)))

    assert ledger.lag_ms(Hop.PUBLISHED, Hop.FIRST_SEEN) == -300_000


def test_a_clock_that_is_set_back_during_a_request_never_lowers_a_sum(metrics: Metrics) -> None:
    back = START - timedelta(seconds=10)
    timing = Timing(started=START, answered=back, gap_s=1, within=Gap(min_s=1, max_s=1), jitter=0)

    asked(metrics, WIRE, Outcome.SAME_BODY, timing)

    assert sample(metrics, "fetch_duration_seconds_sum", outcome="same_body") == 0
    assert sample(metrics, "fetch_duration_seconds_count", outcome="same_body") == 1
