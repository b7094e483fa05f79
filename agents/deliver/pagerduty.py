"""PagerDuty: a trigger of Events API v2 for each notification; a story of a desk is one incident while it is open.

An attempt that nobody answered is repeated with the same `dedup_key`, so that it never opens a second incident. A
confirmation wakes nobody: an event of an incident that is resolved by now would open it anew, so none is sent.
"""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

import aiohttp
from pydantic import JsonValue

from agents.deliver.attempt import Attempt
from agents.deliver.outcome import Outcome, OutcomeKind, ambiguous, delivered, failed, of_status, refused
from agents.deliver.post import Answer, api_refusal, post
from agents.net.secret import Secret, SecretMissingError
from streams.errors import Reason
from streams.routing.receiver import PAGERDUTY_APIS, PagerDutyOptions
from streams.routing.render_pagerduty import Event, digest_pagerduty, pagerduty_event

QUIET = "edit_root"
NOT_PAGED = "not_paged"
HEADERS = {"content-type": "application/json; charset=utf-8"}
KEY_WORDS = (b"routing key", b"routing_key")


@dataclass(slots=True)
class PagerDuty:
    """One integration of one service. The routing key goes into the body, so no body is ever shown."""

    options: PagerDutyOptions
    session: aiohttp.ClientSession
    now: Callable[[], datetime]
    allow: Collection[str] = ()
    _key: Secret = field(init=False)

    def __post_init__(self) -> None:
        self._key = Secret(self.options.routing_key_file, self.options.routing_key_env)

    async def send(self, attempt: Attempt) -> Outcome:
        """Return what came of one event; its `dedup_key` is what the delivery's state refers to."""
        if attempt.delivery.manner == QUIET and not attempt.members:
            return delivered(detail=NOT_PAGED)
        url, options = self.options.api_url, self.options
        try:
            key = self._key.read()
        except SecretMissingError:
            return failed("secret_missing")
        if why := api_refusal(url, own=PAGERDUTY_APIS, allow_insecure=options.allow_insecure, allow=self.allow):
            return refused(why, Reason.ADDRESS_REFUSED)
        event = _event(attempt)
        body = json.dumps({"routing_key": key, **event}).encode()
        answer = await post(self.session, url, body=body, headers=HEADERS, timeout_s=options.timeout_s)
        return answer if isinstance(answer, Outcome) else self._understood(answer, str(event["dedup_key"]))

    def _understood(self, answer: Answer, dedup_key: str) -> Outcome:
        """Return what an answer means: 202 and no word against it, or another 2xx that says `success`."""
        meaning = of_status(answer.status, retry_after=answer.retry_after, now=self.now())
        if answer.status == HTTPStatus.BAD_REQUEST:
            return _invalid(answer.body)
        if meaning.kind is not OutcomeKind.DELIVERED:
            return meaning
        status = _status(answer.body)
        if status == "success" or (status is None and answer.status == HTTPStatus.ACCEPTED):
            return delivered(dedup_key, detail=meaning.detail)
        return ambiguous("answer_unreadable") if status is None else failed("not_accepted")


def _event(attempt: Attempt) -> Event:
    if attempt.members:
        return digest_pagerduty(attempt.digest())
    return pagerduty_event(attempt.delivery, attempt.ledger)


def _status(body: bytes) -> JsonValue:
    """Return what the answer calls its status, None if it is no JSON object or names none."""
    try:
        said = json.loads(body)
    except ValueError:
        return None
    return said.get("status") if isinstance(said, dict) else None


def _invalid(body: bytes) -> Outcome:
    """Return what a 400 means: an event that will never be taken, or a routing key that nobody knows."""
    if any(words in body.lower() for words in KEY_WORDS):
        return refused("invalid_routing_key", Reason.CREDENTIALS_REFUSED)
    return refused("invalid_event")
