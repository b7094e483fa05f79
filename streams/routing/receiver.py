"""The options of each type of receiver, validated: a secret is named by file or variable, never held."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from streams.errors import ConfigurationError
from streams.routing.route import Receiver

SLACK_API = "https://slack.com/api/"
PAGERDUTY_API = "https://events.pagerduty.com/v2/enqueue"
PAGERDUTY_APIS = frozenset({PAGERDUTY_API, "https://events.eu.pagerduty.com/v2/enqueue"})
INLINE_SECRETS = MappingProxyType(
    {
        "url": "url_file or url_env",
        "token": "token_file or token_env",
        "keys": "sign: {keys_file: ...}",
        "routing_key": "routing_key_file or routing_key_env",
        "smtp": "smtp_file or smtp_env",
        "password": "smtp_file or smtp_env",
    }
)


MAIL_ADDRESS_CHARS = 254
_ATOM, _LABEL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+", r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_MAIL_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")


class Options(BaseModel):
    """What a type of receiver is told; an option that it doesn't know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SlackOptions(Options):
    """A bot token with its channel, or an incoming webhook as the lesser mode (no threads, no read-back)."""

    token_file: str | None = None
    token_env: str | None = None
    url_file: str | None = None
    url_env: str | None = None
    channel: str | None = None
    mode: Literal["thread", "flat"] = "thread"
    api_url: str = SLACK_API
    allow_insecure: bool = False
    timeout_s: float = Field(10.0, ge=1, le=30)

    @property
    def bot(self) -> bool:
        """Return whether a bot token is used, with all that it allows."""
        return (self.token_file or self.token_env) is not None

    @model_validator(mode="after")
    def _one_secret(self) -> Self:
        _exactly_one(self, "token_file", "token_env", "url_file", "url_env")
        if self.bot and not self.channel:
            raise ValueError("a bot token needs a channel, such as `channel: C0123456789`")
        return self


class SignOptions(Options):
    """Where the signing keys stand: one `whsec_...` a line, the first two are active."""

    keys_file: str | None = None
    keys_env: str | None = None

    @model_validator(mode="after")
    def _one_secret(self) -> Self:
        _exactly_one(self, "keys_file", "keys_env")
        return self


class WebhookOptions(Options):
    """An address that takes CloudEvents, signed by Standard Webhooks if keys are named."""

    url_file: str | None = None
    url_env: str | None = None
    format: Literal["cloudevents"] = "cloudevents"
    sign: SignOptions | None = None
    ordered: bool = True
    allow_insecure: bool = False
    timeout_s: float = Field(10.0, ge=1, le=30)

    @model_validator(mode="after")
    def _one_secret(self) -> Self:
        _exactly_one(self, "url_file", "url_env")
        return self


class TeamsOptions(Options):
    """The address of a Teams workflow that is started by a webhook and posts the card of what it gets."""

    url_file: str | None = None
    url_env: str | None = None
    allow_insecure: bool = False
    timeout_s: float = Field(10.0, ge=1, le=30)

    @model_validator(mode="after")
    def _one_secret(self) -> Self:
        _exactly_one(self, "url_file", "url_env")
        return self


class PagerDutyOptions(Options):
    """The routing key of an Events API v2 integration; `api_url` names the EU's address, or one of a test."""

    routing_key_file: str | None = None
    routing_key_env: str | None = None
    api_url: str = PAGERDUTY_API
    allow_insecure: bool = False
    timeout_s: float = Field(10.0, ge=1, le=30)

    @model_validator(mode="after")
    def _one_secret(self) -> Self:
        _exactly_one(self, "routing_key_file", "routing_key_env")
        return self


def _address(text: str) -> str:
    if not _MAIL_ADDRESS.fullmatch(text) or len(text) > MAIL_ADDRESS_CHARS:
        raise ValueError(f'"{text[:MAIL_ADDRESS_CHARS]}" is no mail address, such as desk@example.test')
    return text


MailAddress = Annotated[str, AfterValidator(_address)]


class EmailOptions(Options):
    """A mail server, in a secret such as smtps://user:password@host:465, and who writes to whom."""

    smtp_file: str | None = None
    smtp_env: str | None = None
    sender: MailAddress = Field(alias="from")
    to: tuple[MailAddress, ...] = Field(min_length=1, max_length=50)
    allow_insecure: bool = False
    timeout_s: float = Field(20.0, ge=1, le=30)

    @model_validator(mode="after")
    def _one_secret(self) -> Self:
        _exactly_one(self, "smtp_file", "smtp_env")
        return self


class ConsoleOptions(Options):
    """Whether marks are shown by the terminal's styles (`auto`: when it is one) or in brackets."""

    styles: Literal["auto", "always", "never"] = "auto"


OPTIONS: Mapping[str, type[Options]] = MappingProxyType(
    {
        "slack": SlackOptions,
        "webhook": WebhookOptions,
        "console": ConsoleOptions,
        "teams": TeamsOptions,
        "pagerduty": PagerDutyOptions,
        "email": EmailOptions,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionProblem:
    """What is wrong with an option, where (`path` within the receiver's options), and the cure."""

    path: tuple[str, ...]
    text: str


def option_problems(receiver: Receiver) -> list[OptionProblem]:
    """Return everything that is wrong with a receiver's options, each with its place; empty if all is right."""
    kind = OPTIONS[receiver.type]
    try:
        kind.model_validate(dict(receiver.options))
    except ValidationError as err:
        errors = err.errors(include_url=False, include_input=False, include_context=False)
        return [
            _problem(kind, tuple(str(step) for step in error["loc"]), error["type"], error["msg"]) for error in errors
        ]
    return []


def slack_options(receiver: Receiver) -> SlackOptions:
    """Return the options of a Slack receiver. Raises: ConfigurationError with every problem."""
    return SlackOptions.model_validate(_checked(receiver))


def webhook_options(receiver: Receiver) -> WebhookOptions:
    """Return the options of a webhook. Raises: ConfigurationError with every problem."""
    return WebhookOptions.model_validate(_checked(receiver))


def teams_options(receiver: Receiver) -> TeamsOptions:
    """Return the options of a Teams receiver. Raises: ConfigurationError with every problem."""
    return TeamsOptions.model_validate(_checked(receiver))


def pagerduty_options(receiver: Receiver) -> PagerDutyOptions:
    """Return the options of a PagerDuty receiver. Raises: ConfigurationError with every problem."""
    return PagerDutyOptions.model_validate(_checked(receiver))


def email_options(receiver: Receiver) -> EmailOptions:
    """Return the options of a list of people who get mail. Raises: ConfigurationError with every problem."""
    return EmailOptions.model_validate(_checked(receiver))


def console_options(receiver: Receiver) -> ConsoleOptions:
    """Return the options of the console. Raises: ConfigurationError with every problem."""
    return ConsoleOptions.model_validate(_checked(receiver))


def named_secrets(receiver: Receiver) -> list[tuple[str | None, str | None]]:
    """Return where the secrets of a receiver stand: a file or a variable each, the other is None."""
    options = [receiver.options, receiver.options.get("sign")]
    named = [(name, str(value)) for found in options if isinstance(found, Mapping) for name, value in found.items()]
    files: list[tuple[str | None, str | None]] = [(value, None) for name, value in named if name.endswith("_file")]
    return [*files, *((None, value) for name, value in named if name.endswith("_env"))]


def slots(receiver: Receiver) -> int:
    """Return how many attempts may run at a time: one if deliveries go out in order, and without a word they do."""
    return max(receiver.concurrency, 1) if receiver.options.get("ordered", True) is False else 1


def _checked(receiver: Receiver) -> dict[str, JsonValue]:
    problems = [f"receiver {receiver.receiver_id}: {_at(problem)}" for problem in option_problems(receiver)]
    if problems:
        raise ConfigurationError(*problems)
    return dict(receiver.options)


def _at(problem: OptionProblem) -> str:
    return f"{'.'.join(problem.path)}: {problem.text}" if problem.path else problem.text


def _exactly_one(options: Options, *names: str) -> None:
    given = [name for name in names if getattr(options, name)]
    if len(given) != 1:
        found = f"has {' and '.join(given)}" if given else "has none"
        raise ValueError(f"give exactly one of {', '.join(names)}; this one {found}")


def _problem(kind: type[Options], path: tuple[str, ...], error: str, message: str) -> OptionProblem:
    if error != "extra_forbidden":
        return OptionProblem(path=path, text=message.removeprefix("Value error, "))
    name = path[-1]
    if name in INLINE_SECRETS:
        return OptionProblem(path=path, text=f"a secret never stands in the routes; use {INLINE_SECRETS[name]}")
    fields = kind.model_fields if len(path) == 1 else SignOptions.model_fields
    known = tuple(one.alias or key for key, one in fields.items())
    near = get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
    return OptionProblem(path=path, text=f"unknown option {name} ({hint})")
