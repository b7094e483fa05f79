"""The error tree, one root, and the small enums of reasons that metrics, logs and tests share."""

from enum import StrEnum
from typing import ClassVar


class Reason(StrEnum):
    """Why a record became a dead letter: the metric label, the log field and the test's assertion."""

    NOT_JSON = "not_json"
    NOT_VALID = "not_valid"
    TOO_LARGE = "too_large"
    DECISION_FAILED = "decision_failed"
    NOT_ACCEPTED = "not_accepted"
    REFUSED_BY_RECEIVER = "refused_by_receiver"
    ADDRESS_REFUSED = "address_refused"
    CREDENTIALS_REFUSED = "credentials_refused"
    RENDER_FAILED = "render_failed"


class TocsinError(Exception):
    """The root of every error that tocsin raises on purpose; the message is one line with its cure."""

    retry_helps: ClassVar[bool] = False
    exit_code: ClassVar[int] = 70


class ConfigurationError(TocsinError):
    """Settings or files are wrong; `problems` holds every one of them, each with place and cure."""

    exit_code = 78

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class PoisonError(TocsinError):
    """One record can't be processed, now or ever; it becomes a dead letter with `reason`."""

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason = reason
        super().__init__(detail)


class NewerSchemaError(TocsinError):
    """A record has a newer major schema version than this program reads: stop before it, uncommitted."""

    exit_code = 75

    def __init__(self, schema: str, reads: int) -> None:
        self.schema = schema
        super().__init__(f"record has schema {schema}, this program reads up to version {reads}; upgrade tocsin")


class UnavailableError(TocsinError):
    """Something outside (a broker, a port, a registry) isn't there; trying again can help."""

    retry_helps = True
    exit_code = 69


class NoBrokerError(UnavailableError):
    """No broker answers at these addresses (`host:port, ...`)."""

    def __init__(self, addresses: str) -> None:
        self.addresses = addresses
        super().__init__(
            f"no broker answers at {addresses}: is it up, is that its address (--bootstrap) and its security "
            "(`tocsin config show`)? --log-level INFO shows what the client saw"
        )


class RefusedError(TocsinError):
    """The broker refuses what was produced, and did so until patience ended; the process exits uncommitted."""

    retry_helps = True
    exit_code = 70
