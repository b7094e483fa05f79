import os
import socket
from pathlib import Path

import pytest
from pydantic import SecretStr

from agents.run.child_settings import Ports, child_environment
from config.settings import Settings


def test_flags_reach_the_children_as_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("PATH_OF_A_USER", "kept")
    settings = Settings(
        bootstrap="kafka:9092", config_dir=Path("desk"), allow_addresses=("127.0.0.1:8099",), instance="blue",
        sasl_password=SecretStr("pw"), log_format="console",
    )  # fmt: skip
    told = child_environment(settings, "poll", 20_001)
    assert told["PATH_OF_A_USER"] == "kept"
    assert {name: value for name, value in told.items() if name.startswith("TOCSIN_")} == {
        "TOCSIN_BOOTSTRAP": "kafka:9092",
        "TOCSIN_CONFIG_DIR": "desk",
        "TOCSIN_ALLOW_ADDRESSES": '["127.0.0.1:8099"]',
        "TOCSIN_SASL_PASSWORD": "pw",
        "TOCSIN_LOG_LEVEL": "DEBUG",
        "TOCSIN_INSTANCE": "blue-poll",
        "TOCSIN_METRICS_PORT": "20001",
        "TOCSIN_LOG_FORMAT": "json",
    }
    assert Settings(bootstrap="x:1").bootstrap == "x:1"


def test_what_the_children_are_told_reads_back_as_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(bootstrap="kafka:9092", allow_addresses=("127.0.0.1:8099", "10.0.0.1:80"), feed_gap_min_s=5)
    for name, value in child_environment(settings, "poll", 0).items():
        monkeypatch.setenv(name, value)
    read = Settings()
    assert read.allow_addresses == settings.allow_addresses
    assert read.feed_gap_min_s == 5
    assert read.bootstrap == "kafka:9092"


@pytest.mark.parametrize(
    ("bootstrap", "expected"),
    [
        pytest.param(None, "run-poll", id="on the embedded broker"),
        pytest.param("kafka:9092", f"run-{os.uname().nodename}-poll", id="machines that share a broker differ"),
    ],
)
def test_an_instance_name_is_stable(bootstrap: str | None, expected: str) -> None:
    given = {"bootstrap": bootstrap} if bootstrap else {}
    assert child_environment(Settings(**given), "poll", 0)["TOCSIN_INSTANCE"] == expected


def test_ports_follow_the_one_that_was_given() -> None:
    ports = Ports(9100)
    assert [ports[stage] for stage in ("deliver", "agents", "poll")] == [9100, 9101, 9102]
    assert ports.at_start("poll") == 9102


def test_a_free_port_that_somebody_took_gives_way_to_another_at_the_next_start() -> None:
    ports = Ports(0)
    kept, lost = ports["deliver"], ports["poll"]
    with socket.socket() as other:
        other.bind(("127.0.0.1", lost))
        other.listen()
        assert ports.at_start("poll") != lost
        assert ports["poll"] == ports.at_start("poll") != lost
    assert ports.at_start("deliver") == kept


def test_a_port_that_was_given_stays_though_somebody_took_it() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        ports = Ports(other.getsockname()[1])
        assert ports.at_start("deliver") == other.getsockname()[1]
