import subprocess
from pathlib import Path

import pytest
import yaml

from agents.metrics import Metrics
from tests.support.metrics_used import metrics_in, names_of
from tests.support.prometheus import program

FOLDER = Path(__file__).parents[2] / "deploy" / "prometheus"
RULES = yaml.safe_load((FOLDER / "rules.yml").read_text())
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"] if "alert" in rule]
TESTS = (FOLDER / "rules_test.yml").read_text()


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program("promtool"), *arguments], capture_output=True, text=True, check=False, cwd=FOLDER)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("check", "config", "prometheus.yml"), id="configuration"),
        pytest.param(("check", "rules", "rules.yml"), id="rules"),
        pytest.param(("test", "rules", "rules_test.yml"), id="the rules' own tests"),
    ],
)
def test_promtool_is_content(arguments: tuple[str, ...]) -> None:
    done = promtool(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        pytest.param("wto has given no good answer", "wto has given a good answer", id="another text"),
        pytest.param("alertname: TocsinDeadLetters\n        exp_alerts: []", "alertname: TocsinDeadLetters\n"
                     "        exp_alerts: [{exp_labels: {severity: ticket}}]", id="an alert that does not fire"),
        pytest.param('"0+80x90"', '"0+100x90"', id="nothing is late"),
    ],
)  # fmt: skip
def test_a_wrong_rule_test_fails(right: str, wrong: str, tmp_path: Path) -> None:
    assert TESTS.count(right) >= 1
    (tmp_path / "rules_test.yml").write_text(TESTS.replace(right, wrong, 1))
    (tmp_path / "rules.yml").write_bytes((FOLDER / "rules.yml").read_bytes())
    done = promtool("test", "rules", str(tmp_path / "rules_test.yml"))
    assert done.returncode != 0
    assert "FAILED" in done.stdout + done.stderr


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_has_a_severity_a_runbook_and_a_test_of_its_own(alert: dict[str, dict[str, str]]) -> None:
    assert alert["labels"]["severity"] in {"page", "ticket"}
    assert {"summary", "description", "runbook"} == set(alert["annotations"])
    fires = [
        case for test in yaml.safe_load(TESTS)["tests"] for case in test["alert_rule_test"]
        if case["alertname"] == alert["alert"]
    ]  # fmt: skip
    assert any(case["exp_alerts"] for case in fires)
    assert any(not case["exp_alerts"] for case in fires)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_a_runbook_is_there(alert: dict[str, dict[str, str]]) -> None:
    page, _, anchor = alert["annotations"]["runbook"].partition("#")
    text = (FOLDER.parents[1] / page).read_text(encoding="utf-8")
    headings = [line.lstrip("# ").lower().replace(" ", "-") for line in text.splitlines() if line.startswith("#")]
    assert anchor in headings


def test_every_metric_in_a_rule_exists(metrics: Metrics) -> None:
    used = {name for group in RULES["groups"] for rule in group["rules"] for name in metrics_in(rule["expr"])}
    assert used
    assert used <= names_of(metrics)


def test_the_rule_tests_speak_of_metrics_that_exist(metrics: Metrics) -> None:
    series = {
        name for test in yaml.safe_load(TESTS)["tests"] for each in test["input_series"]
        for name in metrics_in(each["series"])
    }  # fmt: skip
    assert series <= names_of(metrics)
