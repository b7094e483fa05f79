"""Every kind of receiver that is reached by HTTP, built to send to one server, each with a secret in a file."""

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import aiohttp

from agents.deliver.lane import Channel
from agents.deliver.pagerduty import PagerDuty
from agents.deliver.slack import Slack
from agents.deliver.teams import Teams
from agents.deliver.webhook import Webhook
from streams.routing.receiver import PagerDutyOptions, SlackOptions, TeamsOptions, WebhookOptions

Built = Callable[[str, str, aiohttp.ClientSession, Collection[str]], Channel]
PLAIN = MappingProxyType({"allow_insecure": True, "timeout_s": 1.0})


def _now() -> datetime:
    return datetime.now(UTC)


def _webhook(file: str, _: str, session: aiohttp.ClientSession, allow: Collection[str]) -> Channel:
    return Webhook(WebhookOptions.model_validate({"url_file": file, **PLAIN}), session, _now, allow)


def _slack_bot(file: str, server: str, session: aiohttp.ClientSession, allow: Collection[str]) -> Channel:
    given = {"token_file": file, "channel": "C0FXDESK", "api_url": f"{server}/api/", **PLAIN}
    return Slack(SlackOptions.model_validate(given), session, _now, allow)


def _slack_incoming(file: str, _: str, session: aiohttp.ClientSession, allow: Collection[str]) -> Channel:
    return Slack(SlackOptions.model_validate({"url_file": file, **PLAIN}), session, _now, allow)


def _teams(file: str, _: str, session: aiohttp.ClientSession, allow: Collection[str]) -> Channel:
    return Teams(TeamsOptions.model_validate({"url_file": file, **PLAIN}), session, _now, allow)


def _pagerduty(file: str, server: str, session: aiohttp.ClientSession, allow: Collection[str]) -> Channel:
    given = {"routing_key_file": file, "api_url": f"{server}/v2/enqueue", **PLAIN}
    return PagerDuty(PagerDutyOptions.model_validate(given), session, _now, allow)


BUILT: MappingProxyType[str, Built] = MappingProxyType(
    {
        "webhook": _webhook,
        "slack_bot": _slack_bot,
        "slack_incoming": _slack_incoming,
        "teams": _teams,
        "pagerduty": _pagerduty,
    }
)
KINDS = tuple(BUILT)
# What each takes for success, as `BadServer` answers it; an incoming webhook of Slack: `ok`, as that does by itself.
TAKEN = MappingProxyType(
    {
        "webhook": "204",
        "slack_bot": 'json/{"ok": true, "ts": "1.1"}',
        "slack_incoming": None,
        "teams": "202",
        "pagerduty": 'json/{"status": "success"}',
    }
)


def write_secret(folder: Path, kind: str, server: str, secret: str) -> None:
    """Put a secret into its file in one step: an address of the server for those whose address is the secret."""
    text = secret if kind in ("slack_bot", "pagerduty") else f"{server}/{secret}"
    (folder / "new").write_text(text + "\n")
    (folder / "new").rename(folder / "secret")


def channel(kind: str, folder: Path, server: str, session: aiohttp.ClientSession, allow: Collection[str]) -> Channel:
    """Return the way to a receiver of this kind; `server` is such as http://127.0.0.1:8080."""
    return BUILT[kind](str(folder / "secret"), server, session, allow)
