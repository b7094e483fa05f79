"""Logs: a fixed message and fields, on stderr, as JSON or for a terminal; secrets and URLs never whole."""

import logging
import os
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any
from urllib.parse import urlsplit

import structlog
from pydantic import SecretStr

from agents.log_rate import OncePer

REDACTED = "[redacted]"
_URL = re.compile(r"[a-z][a-z0-9+.-]{0,30}://[^\s\"'<>]+", re.IGNORECASE)
_TOKEN = re.compile(r"\b(?:xox[a-z]-[\w-]+|whsec_[\w+/=-]+|Bearer\s+\S+|Basic\s+\S+)", re.IGNORECASE)
_SECRET_NAMES = frozenset({"token", "password", "secret", "authorization", "url", "key"})
_STRUCTLOGS_OWN = frozenset({"_record", "_from_structlog", "exc_info", "stack_info"})
CLIENTS = ("aiokafka", "faust", "mode", "kafka")
_QUIET = (*CLIENTS, "asyncio", "aiohttp")
SILENT = logging.CRITICAL + 1


def named(stage: str) -> Any:  # noqa: ANN401 - structlog's loggers are proxies without a common type
    """Return the logger of one stage; `configure` chooses the form, before or after."""
    return structlog.get_logger(stage=stage)


def configure(*, form: str, level: str, stream: Any = None, libraries: bool = True) -> None:  # noqa: ANN401 - any text stream
    """Choose the form of the log (auto, console, json) and its level for this process.

    The clients' loggers stand at WARNING: their default builds three records an event (12 % of the processor time).
    What a library says again within ten seconds is counted, not written. Without `libraries` they say nothing: for a
    command, whose own last line tells a person what is wrong.
    """
    out = stream or sys.stderr
    console = form == "console" or (form == "auto" and out.isatty())
    colors = out.isatty() and not os.environ.get("NO_COLOR")
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if console else "iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    renderer = structlog.dev.ConsoleRenderer(colors=colors) if console else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared], processor=renderer
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter)
    handler.addFilter(OncePer())
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.root.level) if libraries else SILENT)


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:  # noqa: ANN401 - structlog
    """Return the log event with secrets replaced: fields by name, URLs cut to their host, tokens by form."""
    for name, value in event.items():
        if name not in _STRUCTLOGS_OWN:
            event[name] = _redacted(name, value)
    return event


def _redacted(name: str, value: object) -> object:
    """Return the value without secrets, however deep they are; what is no plain value becomes its text."""
    match value:
        case None | bool() | int() | float():
            return value
        case _ if isinstance(value, SecretStr) or (name in _SECRET_NAMES and value):
            return REDACTED
        case str():
            return without_secrets(value)
        case Mapping():
            return {str(inner): _redacted(str(inner), each) for inner, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_redacted(name, each) for each in value]
    return without_secrets(repr(value))


def without_secrets(text: str) -> str:
    """Return the text with every URL cut to scheme and host, and every token of a known form replaced."""
    return _TOKEN.sub(REDACTED, _URL.sub(_host_only, text))


def _host_only(found: re.Match[str]) -> str:
    try:
        parts = urlsplit(found[0])
    except ValueError:
        return REDACTED
    return f"{parts.scheme}://{parts.hostname or REDACTED}"
