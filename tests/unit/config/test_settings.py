import getpass
from pathlib import Path

import pytest

from config.feeds import FeedFile
from config.poll_settings import from_file, with_file
from config.settings import Settings, author, flag, load_settings, origin, unknown_variables, variable
from streams.errors import ConfigurationError


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)


def test_a_flag_comes_before_a_variable_and_a_variable_before_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_METRICS_PORT", "9")
    monkeypatch.setenv("TOCSIN_LOG_LEVEL", "DEBUG")
    settings = load_settings(metrics_port="8", log_level=None)
    assert (settings.metrics_port, settings.log_level, settings.session_timeout_s) == (8, "DEBUG", 6.0)
    where = {name: origin(settings, name, flags={"metrics_port"}) for name in ("metrics_port", "log_level", "contact")}
    assert where == {"metrics_port": "--metrics-port", "log_level": "TOCSIN_LOG_LEVEL", "contact": "default"}


def test_every_wrong_value_is_shown_with_its_flag_or_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_LOG_LEVEL", "LOUD")
    monkeypatch.setenv("TOCSIN_ALLOW_ADDRESSES", "[broken")
    with pytest.raises(ConfigurationError) as caught:
        load_settings(metrics_port="x")
    assert sorted(line.split(":")[0] for line in caught.value.problems) == [
        "--metrics-port",
        "TOCSIN_ALLOW_ADDRESSES",
        "TOCSIN_LOG_LEVEL",
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("127.0.0.1:80, [::1]:81,", ("127.0.0.1:80", "[::1]:81"), id="commas"),
        pytest.param('["127.0.0.1:80"]', ("127.0.0.1:80",), id="JSON"),
        pytest.param("", (), id="nothing"),
    ],
)
def test_a_list_is_written_with_commas_or_as_json(
    monkeypatch: pytest.MonkeyPatch, value: str, expected: tuple[str, ...]
) -> None:
    monkeypatch.setenv("TOCSIN_ALLOW_ADDRESSES", value)
    assert load_settings().allow_addresses == expected


def test_a_folder_that_was_named_and_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"--config-dir: .*/typo is no folder"):
        load_settings(config_dir=tmp_path / "typo")


def test_the_default_folder_need_not_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings().config_dir == Path("tocsin.d")


def test_a_variable_that_nobody_reads_is_told() -> None:
    environment = {"TOCSIN_BOOTSTRP": "x", "TOCSIN_CONTACT": "y", "TOCSIN_SHARED_DATA": "z", "PATH": "/bin"}
    assert unknown_variables(environment) == [
        "TOCSIN_BOOTSTRP: no setting has this variable (did you mean TOCSIN_BOOTSTRAP?)"
    ]


def test_names_of_flags_and_variables() -> None:
    assert (flag("config_dir"), variable("config_dir")) == ("--config-dir", "TOCSIN_CONFIG_DIR")


def test_the_file_decides_where_nobody_else_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_CONTACT", "env@x.test")
    file = FeedFile(contact="file@x.test", requests_per_second=3.0)
    settings = load_settings()
    assert from_file(settings, file) == {"requests_per_second": 3.0}
    changed = with_file(settings, file)
    assert (changed.contact, changed.requests_per_second, changed.allow_addresses) == ("env@x.test", 3.0, ())
    assert origin(settings, "requests_per_second", flags=(), file=from_file(settings, file)) == "feeds.yaml"


def test_the_author_is_the_user_or_the_login_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert author(load_settings(user="ann")) == "ann"
    monkeypatch.setenv("LOGNAME", "bob")
    assert author(load_settings()) == "bob" == getpass.getuser()


def test_a_user_without_a_name_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.getuid", lambda: 4_294_000_000)
    assert author(load_settings()) == "unknown"
