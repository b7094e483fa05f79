import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from agents.broker.server import Broker
from streams.latency import STAGES
from tests.support.prometheus import query, scraping, until_scraped
from tests.support.tocsin_run import ROOT, TocsinRun, is_running, send, write_files

pytestmark = pytest.mark.kafka
Start = Callable[..., TocsinRun]
PIPELINE = json.loads((ROOT / "deploy" / "grafana" / "pipeline.json").read_text())
# The sample wire is one source, so there is no race in this run; tests/unit/agents/test_alert.py runs one.
NOT_MEASURED = ("tocsin_source_lead_seconds",)
# What the first alert must have moved, else a metric is wired to nothing.
MOVED = (
    'tocsin_articles_total{outcome="new"}', "tocsin_feed_requests_total", "tocsin_feed_last_success_timestamp_seconds",
    "tocsin_feed_last_item_timestamp_seconds", "tocsin_feed_gap_seconds", "tocsin_fetch_duration_seconds_count",
    *(f'tocsin_stage_latency_seconds_count{{stage="{stage}"}}' for stage in STAGES),
    "tocsin_match_duration_seconds_count", "tocsin_match_candidates_total", "tocsin_match_evaluated_total",
    "tocsin_matches_total", "tocsin_rules_loaded", "tocsin_ruleset_version", "tocsin_stories_open",
    'tocsin_alerts_total{outcome="told"}', 'tocsin_deliveries_total{outcome="delivered"}',
    "tocsin_delivery_duration_seconds_count", "tocsin_build_info",
)  # fmt: skip
EXPRESSIONS = {target["expr"] for panel in PIPELINE["panels"] for target in panel.get("targets", ())}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """A function that starts `tocsin run` in one folder, again and again; nothing is left of it."""
    runs: list[TocsinRun] = []

    def started(*flags: str, config: Path | None = None) -> TocsinRun:
        runs.append(TocsinRun(tmp_path, *flags, config=config))
        return runs[-1]

    yield started
    for run in runs:
        run.kill()


def tocsin(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "agents.cli.main", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_first_start_and_the_second_show_alerts_and_end_cleanly(start: Start) -> None:
    first = start()
    first.until_said("first alert after ")
    first.until(lambda: "SAMPLE" in first.alerts, "an alert")
    for name in ("broker", "routes", "rules", "feeds", "SAMPLE", "deliver", "agents", "poll"):
        first.until_said(f"\n  {name} ")
    assert "first alert" not in first.alerts  # stdout is for alerts
    assert "\x1b[" not in first.said + first.alerts  # a file gets no colours
    for stage, port in first.metrics_ports().items():
        assert json.load(urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10))["ready"], stage
    beside = tocsin("run", "--data-dir", str(first.data))
    assert beside.returncode == 69
    assert f"{first.data}: another tocsin runs there (process {first.process.pid}); stop it" in beside.stderr
    found = tocsin("topics", "plan", "--data-dir", str(first.data))
    assert (found.returncode, found.stdout) == (0, "every topic is as the catalogue says\n")
    assert found.stderr.startswith("using the broker of `tocsin run` (process ")
    processes = first.processes()
    assert sorted(processes) == ["agents", "broker", "deliver", "poll"]
    assert first.stop() == 0
    assert first.said.endswith("  stopping\n  stopped\n")
    assert "was killed" not in first.said
    assert not [name for name, pid in processes.items() if is_running(pid)]

    second = start()
    second.until_said("first alert after ")
    assert "0 published, 1 as before" in second.said
    second.until(lambda: "SAMPLE" in second.alerts, "an alert")
    assert second.stop() == 0


def test_the_dashboard_has_data_of_a_real_run(start: Start, tmp_path: Path) -> None:
    run = start()
    run.until_said("first alert after ")
    with scraping(tmp_path, run.metrics_ports(), [ROOT / "deploy/prometheus/rules.yml"]) as port:
        until_scraped(port, 5)
        found = {each: query(port, each.replace("$__rate_interval", "10s")) for each in EXPRESSIONS}
        still = [each for each in MOVED if not query(port, f"sum({each}) > 0")]
    assert run.stop() == 0
    still += [each for each, series in found.items() if not series]
    assert [each for each in still if not any(name in each for name in NOT_MEASURED)] == []


def test_whatever_is_killed_comes_back_and_alerts_go_on(start: Start) -> None:
    run = start()
    run.until_said("first alert after ")
    before = run.processes()
    for name, pid in before.items():
        send(pid, signal.SIGKILL)
        run.until_said(f"{name:<8} ended (")
        run.until(lambda name=name, pid=pid: run.processes().get(name, pid) != pid, f"another {name}")
    run.until_said("back\n")
    alerts = run.alerts
    run.until(lambda: run.alerts != alerts, "an alert after all of it")
    assert run.stop() == 0


def test_nothing_outlives_a_killed_supervisor_and_the_next_start_finds_its_data(start: Start) -> None:
    run = start()
    run.until_said("first alert after ")
    processes = run.processes()
    run.process.kill()
    run.process.wait()
    again = start()
    again.until(lambda: not [pid for pid in processes.values() if is_running(pid)], "an end of the first run")
    again.until_said("first alert after ")
    assert "0 published, 1 as before" in again.said
    assert again.stop() == 0


def test_without_the_sample_wire_its_feeds_are_gone_and_a_fresh_start_forgets_everything(start: Start) -> None:
    with_sample = start()
    with_sample.metrics_ports()
    assert "sample-harbour" in tocsin("feeds", "list", "--bootstrap", with_sample.bootstrap()).stdout
    assert with_sample.stop() == 0

    without = start("--no-sample")
    without.metrics_ports()
    assert "sample-harbour" not in tocsin("feeds", "list", "--bootstrap", without.bootstrap()).stdout
    assert "SAMPLE" not in without.said
    assert "2 as before" in without.said
    assert without.stop() == 0

    fresh = start("--no-sample", "--fresh")
    fresh.metrics_ports()
    assert "everything that an earlier run kept was deleted" in fresh.said
    assert "2 as before" not in fresh.said
    assert fresh.stop() == 0


def test_wrong_files_are_all_told_before_anything_runs(start: Start, tmp_path: Path) -> None:
    config = write_files(tmp_path / "config", feeds="version: 1\nfeed: []\n", rules="version: 1\nrules: [{id: a}]\n")
    run = start(config=config)
    assert run.process.wait(60) == 78
    assert "feeds.yaml:2:1" in run.said
    assert "rules.yaml:2:9" in run.said
    assert "broker" not in run.said


def test_on_a_broker_of_the_users_own_nothing_is_embedded(start: Start, broker: Broker, topic_prefix: str) -> None:
    run = start("--bootstrap", broker.bootstrap, "--topic-prefix", topic_prefix)
    run.until_said("first alert after ")
    assert sorted(run.processes()) == ["agents", "deliver", "poll"]
    assert run.stop() == 0


def test_fresh_is_refused_on_a_broker_of_the_users_own(start: Start) -> None:
    run = start("--bootstrap", "127.0.0.1:1", "--fresh")
    assert run.process.wait(60) == 78
    assert "--fresh deletes the embedded broker's data" in run.said
