"""Process settings: from flags, then `TOCSIN_...` variables, then the defaults here; units are in the names."""

import json
from collections.abc import Collection, Mapping
from getpass import getuser
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from config.problems import did_you_mean
from streams.errors import ConfigurationError
from streams.ids import UserId
from streams.topics import PREFIX

VARIABLE_PREFIX = "TOCSIN_"
TEST_VARIABLES = ("TOCSIN_SHARED_DATA",)  # read by the tests alone


def _listed(value: object) -> object:
    """Return the parts of a text with commas between them, or of a JSON list."""
    if not isinstance(value, str):
        return value
    if value.startswith("["):
        return json.loads(value)
    return tuple(filter(None, (part.strip() for part in value.split(","))))


class Settings(BaseSettings):
    """Everything that a process is told from outside. Feeds, entities, rules and routes are not settings."""

    model_config = SettingsConfigDict(env_prefix=VARIABLE_PREFIX, frozen=True, extra="forbid")

    bootstrap: str | None = Field(None, description="Kafka as host:port,...; none: `tocsin run` starts its own")
    topic_prefix: str = Field(PREFIX, description="stands before every topic and consumer group")
    replication_factor: int = Field(-1, description="for `topics apply`; -1 is the cluster's default")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ssl_ca_file: Path | None = None

    config_dir: Path = Field(Path("tocsin.d"), description="holds feeds, entities, rules and routes .yaml")
    data_dir: Path = Field(Path("~/.local/share/tocsin"), description="the embedded broker's data")
    managed_by: str = Field("files", description="the owner that `apply` writes into feeds and rules")
    user: str | None = Field(None, description="stands as author in changes; none: the login name")

    contact: str | None = Field(None, description="goes into the poller's user agent")
    requests_per_second: float = Field(10.0, gt=0, description="the budget that all polled feeds share")
    allow_addresses: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)] = Field(
        (), description="host:port, the exceptions to the address guard; commas between them"
    )
    feed_gap_min_s: float = Field(15.0, gt=0)
    feed_gap_max_s: float = Field(900.0, gt=0)

    instance: str | None = Field(None, description="a stable name of one process: a crash costs no rebalance")
    session_timeout_s: float = Field(6.0, gt=0)
    produce_patience_s: float = Field(60.0, gt=0, description="how long a refusal is retried before exit 70")
    watchdog_s: float = Field(60.0, gt=0, description="work waits and none is committed: exit 71")
    restore_timeout_s: float = Field(120.0, gt=0)

    metrics_host: str = "127.0.0.1"
    metrics_port: int = Field(0, ge=0, le=65_535, description="0 takes a free one and logs it")
    log_format: Literal["auto", "console", "json"] = "auto"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    pages: str = Field("", description="the desk's address, as links in notifications name it")


def variable(name: str) -> str:
    """Return the name of the environment variable of a setting."""
    return VARIABLE_PREFIX + name.upper()


def flag(name: str) -> str:
    """Return the name of the command line's flag of a setting, where there is one."""
    return f"--{name.replace('_', '-')}"


def origin(settings: Settings, name: str, *, flags: Collection[str], file: Collection[str] = ()) -> str:
    """Return where a setting's value comes from: its flag, its variable, feeds.yaml or the default."""
    if name in flags:
        return flag(name)
    if name in file:
        return "feeds.yaml"
    return variable(name) if name in settings.model_fields_set else "default"


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Return a line for each `TOCSIN_...` variable that no setting reads: most likely a slip of the keyboard."""
    known = [*map(variable, Settings.model_fields), *TEST_VARIABLES]
    found = sorted(name for name in environment if name.startswith(VARIABLE_PREFIX) and name not in known)
    return [f"{name}: no setting has this variable{did_you_mean(name, known)}" for name in found]


def load_settings(**given: object) -> Settings:
    """Return the settings; `given` are flags, and None there means that the flag was absent.

    Raises: ConfigurationError with every wrong value, its variable or flag, and what would be right.
    """
    flags = {name: value for name, value in given.items() if value is not None}
    try:
        settings = Settings(**flags)  # type: ignore[arg-type]  # pydantic checks each value
    except ValidationError as err:
        problems = [_problem(error["loc"], error["msg"], flags) for error in err.errors(include_input=False)]
        raise ConfigurationError(*problems) from None
    if "config_dir" in settings.model_fields_set and not settings.config_dir.is_dir():
        raise ConfigurationError(_problem(("config_dir",), f"{settings.config_dir} is no folder", flags))
    return settings


def _problem(place: tuple[int | str, ...], message: str, flags: dict[str, object]) -> str:
    name = str(place[0]) if place else "settings"
    source = flag(name) if name in flags else variable(name)
    return f"{source}: {message}"


def author(settings: Settings) -> UserId:
    """Return who stands as author in changes: the setting `user`, else the login name."""
    try:
        return UserId(settings.user or getuser())
    except (KeyError, OSError):  # no login name: a container's numeric user
        return UserId("unknown")
