"""Slack's Web API: one method called, its answer understood; a token goes to Slack alone."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode, urljoin

import aiohttp
from pydantic import JsonValue

from agents.deliver.outcome import (
    Outcome,
    OutcomeKind,
    ambiguous,
    delivered,
    failed,
    of_status,
    refused,
    retry_after_s,
    throttled,
)
from agents.deliver.post import Answer, api_refusal, post, refusal
from agents.net.secret import Secret, SecretMissingError
from streams.errors import Reason
from streams.routing.receiver import SLACK_API, SlackOptions
from streams.routing.render_slack import Payload

PAGE, PAGES = 100, 6
PAGE_BYTES = 8_000_000  # of messages of 12,000 characters each; with 64 kB a busy channel could never be read back
SAID_OK = b"ok"
JSON_TYPE = "application/json; charset=utf-8"
FORM_TYPE = "application/x-www-form-urlencoded"
LATER = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
CREDENTIALS = frozenset(
    {
        "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope",
        "no_permission", "ekm_access_denied", "org_login_required", "team_access_not_granted",
    }
)  # fmt: skip
FINAL = frozenset(
    {
        "channel_not_found", "is_archived", "not_in_channel", "msg_blocks_too_long", "msg_too_long", "invalid_blocks",
        "no_text", "restricted_action", "invalid_arguments", "invalid_metadata_format", "messages_tab_disabled",
    }
)  # fmt: skip
Reply = Mapping[str, JsonValue]


@dataclass(slots=True)
class SlackApi:
    """The API for one receiver: its channel, its secret, its address."""

    options: SlackOptions
    session: aiohttp.ClientSession
    now: Callable[[], datetime]
    allow: Collection[str] = ()
    _secret: Secret = field(init=False)

    def __post_init__(self) -> None:
        options = self.options
        self._secret = Secret(options.token_file or options.url_file, options.token_env or options.url_env)

    async def write(self, method: str, payload: Payload) -> Reply | Outcome:
        """Return Slack's answer with `ok: true` to a method that takes JSON, or what another answer means."""
        body = json.dumps({"channel": self.options.channel, **payload}).encode()
        return await self._call(method, body, JSON_TYPE)

    async def messages(self, method: str, query: Mapping[str, str]) -> list[JsonValue] | Outcome:
        """Return the messages of a history or a thread, a few pages at most; these methods take forms only."""
        found: list[JsonValue] = []
        given = {"channel": self.options.channel or "", **query}
        for _ in range(PAGES):
            reply = await self._call(method, urlencode(given).encode(), FORM_TYPE)
            if isinstance(reply, Outcome):
                return reply
            messages, more = reply.get("messages"), reply.get("response_metadata")
            found += messages if isinstance(messages, list) else []
            cursor = more.get("next_cursor") if isinstance(more, dict) else None
            if not cursor or query.get("limit") == "1":
                break
            given["cursor"] = str(cursor)
        return found

    async def incoming(self, payload: Payload) -> Outcome:
        """Return what came of a message to an incoming webhook, which answers 200 with `ok` as its text."""
        try:
            url = self._secret.read()
        except SecretMissingError:
            return failed("secret_missing")
        if why := refusal(url, allow_insecure=self.options.allow_insecure, allow=self.allow):
            return refused(why, Reason.ADDRESS_REFUSED)
        answer = await self._post(url, json.dumps(payload).encode(), {"content-type": JSON_TYPE})
        if isinstance(answer, Outcome):
            return answer
        if answer.body.strip() == SAID_OK:
            return self._of_status(answer)
        reply = self._understood(answer)  # a 200 may come from whoever stands between, with a page of his own
        return reply if isinstance(reply, Outcome) else delivered()

    async def _call(self, method: str, body: bytes, content_type: str) -> Reply | Outcome:
        try:
            token = self._secret.read()
        except SecretMissingError:
            return failed("secret_missing")
        if why := self._refusal():
            return refused(why, Reason.ADDRESS_REFUSED)
        headers = {"authorization": f"Bearer {token}", "content-type": content_type}
        answer = await self._post(urljoin(self.options.api_url, method), body, headers)
        return answer if isinstance(answer, Outcome) else self._understood(answer)

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer | Outcome:
        return await post(
            self.session, url, body=body, headers=headers, timeout_s=self.options.timeout_s, most_bytes=PAGE_BYTES
        )

    def _refusal(self) -> str | None:
        options = self.options
        return api_refusal(options.api_url, own=(SLACK_API,), allow_insecure=options.allow_insecure, allow=self.allow)

    def _of_status(self, answer: Answer) -> Outcome:
        return of_status(answer.status, retry_after=answer.retry_after, now=self.now())

    def _understood(self, answer: Answer) -> Reply | Outcome:
        meaning = self._of_status(answer)
        if meaning.kind is not OutcomeKind.DELIVERED:
            return meaning
        try:
            reply = json.loads(answer.body)
        except ValueError:
            return ambiguous("answer_unreadable")
        if not isinstance(reply, dict):
            return ambiguous("answer_unreadable")
        return reply if reply.get("ok") is True else self._error(str(reply.get("error", "unknown")), answer)

    def _error(self, error: str, answer: Answer) -> Outcome:
        """Return what Slack's error code means; a code that nobody knows is tried again until the time to live ends."""
        detail = error[:60] if error.replace("_", "").isalnum() and error.isascii() else "unknown"
        if detail in LATER:
            return throttled(detail, retry_after_s(answer.retry_after, now=self.now()))
        if detail in CREDENTIALS:
            return refused(detail, Reason.CREDENTIALS_REFUSED)
        return refused(detail) if detail in FINAL else failed(detail)
