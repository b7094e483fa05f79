import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from agents.cli.main import COMMANDS
from config.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "tocsin"}
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
TOCSIN_VARIABLE = re.compile(r"\bTOCSIN_(\w+)=")


def check(path: Path) -> subprocess.CompletedProcess[str]:
    """Hold a file to the schema of the Compose specification."""
    command = Path(sys.executable).with_name("check-jsonschema")
    return subprocess.run(
        [str(command), "--builtin-schema", "vendor.compose-spec", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_compose_file_is_of_the_compose_specification() -> None:
    done = check(DEPLOY / "compose.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"services": {"poll": {"image": "tocsin", "comand": ["poll"]}}}, id="a key that is none"),
        pytest.param({"services": {"poll": {"image": "tocsin", "ports": "9100"}}}, id="a value of another kind"),
    ],
)
def test_a_wrong_compose_file_would_be_noticed(wrong: object, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(yaml.safe_dump(wrong))
    assert check(tmp_path / "compose.yaml").returncode == 1


def hadolint(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("hadolint")), str(path)], capture_output=True, text=True, check=False
    )


def test_hadolint_has_nothing_against_the_dockerfile() -> None:
    done = hadolint(DEPLOY / "Dockerfile")
    assert (done.returncode, done.stdout) == (0, "")


def test_hadolint_would_notice_a_bad_dockerfile(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(DOCKERFILE.replace("python:3.13-slim-trixie", "python:latest"))
    assert "DL3007" in hadolint(tmp_path / "Dockerfile").stdout


def test_the_image_runs_without_root_or_a_shell() -> None:
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    assert "\nUSER 65532:65532\n" in last
    assert "\nRUN " not in last
    for instruction in ("ENTRYPOINT", "CMD"):
        assert re.search(rf"^{instruction} \[", last, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK .*\\\n\s+CMD \[", last, re.MULTILINE)


def test_what_is_installed_is_locked_with_hashes() -> None:
    assert DOCKERFILE.count("pip install") == 2
    assert "--require-hashes --no-deps --requirement requirements/run.lock" in DOCKERFILE
    assert "--no-deps --no-index ." in DOCKERFILE


def test_every_file_that_the_image_needs_is_in_the_repository_and_let_through() -> None:
    sources = [
        source for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    ]  # fmt: skip
    let_through = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert sources
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert [source for source in sources if f"!{source}" not in let_through] == []


@pytest.mark.parametrize("service", OURS)
def test_a_container_of_ours_can_write_nowhere_and_gain_nothing(service: str) -> None:
    made = OURS[service]
    assert made["read_only"] is True
    assert made["cap_drop"] == ["ALL"]
    assert made["security_opt"] == ["no-new-privileges:true"]
    assert "ports" not in made


@pytest.mark.parametrize("service", OURS)
def test_a_service_runs_a_command_that_there_is(service: str) -> None:
    command = OURS[service]["command"]
    assert command[0] in COMMANDS
    assert len(command) == (2 if COMMANDS[command[0]].group else 1)


@pytest.mark.parametrize("service", [*OURS, "Dockerfile"])
def test_every_variable_is_a_setting(service: str) -> None:
    names = TOCSIN_VARIABLE.findall(DOCKERFILE) if service == "Dockerfile" else OURS[service]["environment"]
    settings = {name.removeprefix("TOCSIN_").lower() for name in names}
    assert settings
    assert settings <= set(Settings.model_fields)


def test_nothing_is_started_before_what_it_needs() -> None:
    order = ["topics", "routes", "rules", "feeds"]
    assert SERVICES["topics"]["depends_on"] == {"kafka": {"condition": "service_healthy"}}
    for before, after in pairwise(order):
        assert SERVICES[after]["depends_on"] == {before: {"condition": "service_completed_successfully"}}
    for stage in ("deliver", "agents", "poll"):
        assert SERVICES[stage]["depends_on"] == {"feeds": {"condition": "service_completed_successfully"}}


@pytest.mark.parametrize("service", SERVICES)
def test_a_health_check_needs_neither_a_shell_nor_curl(service: str) -> None:
    check = SERVICES[service].get("healthcheck", {})
    if service in OURS:
        assert check in ({}, {"disable": True})  # the image has one; a job has none
    else:
        assert check["test"][0] == "CMD"
        assert "curl" not in check["test"][1]


@pytest.mark.parametrize("service", [name for name in SERVICES if name not in OURS])
def test_an_image_of_others_has_a_version_and_no_registry(service: str) -> None:
    name, _, tag = SERVICES[service]["image"].partition(":")
    assert re.fullmatch(r"v?\d+\.\d+\.\d+", tag)
    assert "." not in name.split("/")[0]


def test_instance_names_differ() -> None:
    names = [OURS[stage]["environment"]["TOCSIN_INSTANCE"] for stage in ("deliver", "agents", "poll")]
    assert len(set(names)) == 3


def test_prometheus_scrapes_every_stage() -> None:
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    targets = {
        target: each["labels"]["process"] for each in config["scrape_configs"][0]["static_configs"]
        for target in each["targets"]
    }  # fmt: skip
    assert targets == {f"{stage}:9100": stage for stage in ("deliver", "agents", "poll")}
