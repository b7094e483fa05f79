"""Microsoft Teams: one card a notification to the address of a workflow, which answers 202 before it posts.

Teams offers no threads, no edits and no reading back here: what may have arrived is sent again, and may stand twice.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus

import aiohttp

from agents.deliver.attempt import Attempt
from agents.deliver.outcome import Outcome, OutcomeKind, ambiguous, failed, of_status, refused
from agents.deliver.post import Answer, post, refusal
from agents.net.secret import Secret, SecretMissingError
from streams.errors import Reason
from streams.routing.receiver import TeamsOptions
from streams.routing.render_teams import digest_teams, teams_message

TAKEN = frozenset({b"", b"1"})  # what comes with a 200 that means it: nothing, or the word of the old connectors
INNER_STATUS = re.compile(rb"HTTP error (\d{3})")
HEADERS = {"content-type": "application/json; charset=utf-8"}


@dataclass(slots=True)
class Teams:
    """One workflow, which posts to one channel or chat. The whole address is a secret."""

    options: TeamsOptions
    session: aiohttp.ClientSession
    now: Callable[[], datetime]
    allow: Collection[str] = ()
    _url: Secret = field(init=False)

    def __post_init__(self) -> None:
        self._url = Secret(self.options.url_file, self.options.url_env)

    async def send(self, attempt: Attempt) -> Outcome:
        """Return what came of one POST."""
        try:
            url = self._url.read()
        except SecretMissingError:
            return failed("secret_missing")
        if why := refusal(url, allow_insecure=self.options.allow_insecure, allow=self.allow):
            return refused(why, Reason.ADDRESS_REFUSED)
        body, timeout_s = _message(attempt), self.options.timeout_s
        answer = await post(self.session, url, body=body, headers=HEADERS, timeout_s=timeout_s)
        return answer if isinstance(answer, Outcome) else self._understood(answer)

    def _understood(self, answer: Answer) -> Outcome:
        """Return what an answer means. A 200 may carry the error of the service behind it, in words."""
        meaning = self._of(answer.status, answer)
        if answer.status != HTTPStatus.OK or (answer.whole and answer.body.strip() in TAKEN):
            return meaning
        inner = INNER_STATUS.search(answer.body)
        behind = self._of(int(inner[1]), answer) if inner else meaning
        if behind.kind is OutcomeKind.DELIVERED:
            return ambiguous("answer_unreadable")
        return replace(behind, detail=f"inner_{behind.detail}")

    def _of(self, status: int, answer: Answer) -> Outcome:
        return of_status(status, retry_after=answer.retry_after, now=self.now())


def _message(attempt: Attempt) -> bytes:
    if attempt.members:
        return digest_teams(attempt.digest())
    delivery = attempt.delivery
    return teams_message(
        delivery.alert, attempt.ledger, delivery_id=delivery.delivery_id, unless_acked=delivery.unless_acked
    )
