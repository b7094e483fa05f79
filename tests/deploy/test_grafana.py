import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
import yaml
from prometheus_client import CollectorRegistry

from agents.health import Health
from agents.metrics import ARTICLE_OUTCOMES, FETCH_OUTCOMES, Metrics
from streams.errors import Reason
from streams.latency import STAGES
from streams.topics import RETRY_DELAYS_S
from tests.support.metrics_used import metrics_in, names_of
from tests.support.prometheus import query, scraping, until_scraped

DEPLOY = Path(__file__).parents[2] / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana" / "pipeline.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
EXPRESSIONS = sorted({target["expr"] for panel in PANELS for target in panel["targets"]})
RULES = yaml.safe_load((DEPLOY / "prometheus" / "rules.yml").read_text())
CONDITIONS = [rule["expr"] for group in RULES["groups"] for rule in group["rules"]]
NOT_SHOWN = {"tocsin_stream_clients", "tocsin_stream_gaps_total"}  # the desk's, which has a dashboard of its own


def each_panel() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("panel", PANELS, ids=lambda panel: f"{panel['id']} {panel['title']}")


def exercise(metrics: Metrics) -> None:
    """Let everything happen once, as a short run would."""
    for outcome in ARTICLE_OUTCOMES:
        metrics.articles.labels(outcome).inc()
    for outcome in FETCH_OUTCOMES:
        metrics.feed_requests.labels("ustr", outcome).inc()
        metrics.fetch_duration.labels(outcome).observe(0.2)
    now = time.time()
    for gauge in (metrics.feed_last_success, metrics.feed_last_item):
        gauge.labels("ustr").set(now)
    metrics.feed_gap.labels("ustr").set(30)
    metrics.clock_skew.labels("ustr").set(-0.5)
    metrics.source_lead.labels("Reuters").observe(12)
    for stage in STAGES:
        metrics.stage_latency.labels(stage).observe(0.3, {"trace_id": "0af7651916cd43dd8448eb211c80319c"})
    metrics.match_duration.observe(0.001)
    metrics.dead_letters.labels("match", Reason.NOT_JSON).inc()
    metrics.consumer_lag.labels("articles", "0").set(3)
    metrics.delivery_outcomes("console")
    metrics.deliveries.labels("console", "delivered").inc()
    for gauge in (metrics.lane_depth, metrics.lane_frozen, metrics.breaker_open, metrics.receiver_needs_attention):
        gauge.labels("console").set(0)
    for delay in RETRY_DELAYS_S:
        metrics.retry_backlog.labels(delay).set(1)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a Prometheus that scraped three health servers whose metrics were exercised."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    servers = {name: Health(Metrics(CollectorRegistry()).registry) for name in ("poll", "agents", "deliver")}
    made = Metrics(CollectorRegistry())
    servers["poll"] = Health(made.registry)
    for server in servers.values():
        asyncio.run_coroutine_threadsafe(server.start(), loop).result()
    ports = {name: server.port for name, server in servers.items()}
    with scraping(tmp_path_factory.mktemp("prometheus"), ports, [DEPLOY / "prometheus" / "rules.yml"]) as port:
        until_scraped(port, 1)
        exercise(made)
        until_scraped(port, 5)
        yield port
    for server in servers.values():
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_expression_of_the_dashboard_gives_data(expression: str, prometheus: int) -> None:
    assert query(prometheus, expression.replace("$__rate_interval", "10s"))


@pytest.mark.parametrize("expression", CONDITIONS)
def test_every_expression_of_the_rules_runs(expression: str, prometheus: int) -> None:
    assert query(prometheus, expression) is not None


def test_the_recorded_series_are_there(prometheus: int) -> None:
    assert query(prometheus, "tocsin:s1_late:ratio_5m")


def test_a_wrong_expression_would_be_noticed(prometheus: int) -> None:
    with pytest.raises(AssertionError, match="parse error"):
        query(prometheus, "sum(rate(tocsin_matches_total))[")
    assert query(prometheus, "sum(rate(tocsin_misspelt_total[10s]))") == []


@each_panel()
def test_a_panel_has_a_title_a_description_a_unit_and_thresholds(panel: dict[str, object]) -> None:
    defaults = panel["fieldConfig"]["defaults"]
    assert panel["title"]
    assert str(panel["description"]).endswith(".")
    assert defaults["unit"]
    steps = defaults["thresholds"]["steps"]
    assert steps[0]["value"] is None
    assert [step["value"] for step in steps[1:]] == sorted(step["value"] for step in steps[1:])


@each_panel()
def test_a_panel_of_seconds_has_the_unit_seconds(panel: dict[str, object]) -> None:
    expressions = " ".join(target["expr"] for target in panel["targets"])
    seconds = "histogram_quantile" in expressions or "time()" in expressions
    assert not seconds or panel["fieldConfig"]["defaults"]["unit"] == "s"


@each_panel()
def test_a_panel_names_its_series(panel: dict[str, object]) -> None:
    assert all(target["legendFormat"] for target in panel["targets"])
    assert all(target["datasource"] == {"type": "prometheus", "uid": "prometheus"} for target in panel["targets"])


def test_titles_and_ids_are_unique_and_no_panel_covers_another() -> None:
    every = DASHBOARD["panels"]
    for what in ("id",):
        assert len({panel[what] for panel in every}) == len(every)
    cells = [
        (x, y) for panel in every for place in [panel["gridPos"]]
        for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])
    ]  # fmt: skip
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


def test_every_metric_of_the_dashboard_exists_and_none_is_forgotten(metrics: Metrics) -> None:
    used = {name for expression in EXPRESSIONS for name in metrics_in(expression)}
    assert used <= names_of(metrics)
    shown = {each.name for each in metrics.described() if any(name.startswith(each.name) for name in used)}
    assert {each.name for each in metrics.described()} - shown == NOT_SHOWN


def test_every_stage_has_a_row() -> None:
    rows = [panel["title"] for panel in DASHBOARD["panels"] if panel["type"] == "row"]
    assert rows == ["At a glance", "Latency", "Poll", "Match", "Alert and fan out", "Deliver", "Operations"]


def test_the_provisioning_names_the_data_source_that_the_panels_use() -> None:
    sources = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yaml").read_text())
    assert [source["uid"] for source in sources["datasources"]] == ["prometheus"]
