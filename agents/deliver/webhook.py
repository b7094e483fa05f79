"""A generic webhook: CloudEvents in structured JSON, signed after Standard Webhooks, no redirects."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime

import aiohttp

from agents.deliver.attempt import Attempt
from agents.deliver.outcome import Outcome, failed, of_status, refused
from agents.deliver.post import post, refusal
from agents.deliver.signature import read_keys, signature
from agents.net.secret import Secret, SecretMissingError
from streams.errors import ConfigurationError, Reason
from streams.ids import DeliveryId
from streams.latency import Hop
from streams.routing.receiver import WebhookOptions
from streams.routing.render_digest import digest_event
from streams.routing.render_event import CONTENT_TYPE, cloud_event


@dataclass(slots=True)
class Webhook:
    """One webhook. The delivery id is the webhook-id: a receiver that keeps known ones sees no duplicate."""

    options: WebhookOptions
    session: aiohttp.ClientSession
    now: Callable[[], datetime]
    allow: Collection[str] = ()
    _url: Secret = field(init=False)
    _keys: Secret | None = field(init=False)

    def __post_init__(self) -> None:
        sign = self.options.sign
        self._url = Secret(self.options.url_file, self.options.url_env)
        self._keys = Secret(sign.keys_file, sign.keys_env) if sign else None

    async def send(self, attempt: Attempt) -> Outcome:
        """Return what came of one POST; the body's bytes are those that were signed."""
        webhook_id, body = _event(attempt)
        try:
            url = self._url.read()
            headers = self._headers(webhook_id, body)
        except SecretMissingError:
            return failed("secret_missing")
        except ConfigurationError:
            return failed("signing_key_unreadable")
        if why := refusal(url, allow_insecure=self.options.allow_insecure, allow=self.allow):
            return refused(why, Reason.ADDRESS_REFUSED)
        answer = await post(self.session, url, body=body, headers=headers, timeout_s=self.options.timeout_s)
        if isinstance(answer, Outcome):
            return answer
        return of_status(answer.status, retry_after=answer.retry_after, now=self.now())

    def _headers(self, webhook_id: str, body: bytes) -> dict[str, str]:
        timestamp = int(self.now().timestamp())
        headers = {"content-type": CONTENT_TYPE, "webhook-id": webhook_id, "webhook-timestamp": str(timestamp)}
        if self._keys:
            keys = read_keys(self._keys.read())
            headers["webhook-signature"] = signature(keys, webhook_id=webhook_id, timestamp=timestamp, body=body)
        return headers


def _event(attempt: Attempt) -> tuple[DeliveryId, bytes]:
    """Return id and body of the event: equal at every attempt, of a digest as long as it has the same members."""
    delivery = attempt.delivery
    if not attempt.members:
        name = delivery.delivery_id
        return name, cloud_event(delivery.alert, attempt.ledger, delivery_id=name, unless_acked=delivery.unless_acked)
    digest = attempt.digest()
    return digest.digest_id, digest_event(digest, time=attempt.ledger.at(Hop.ROUTED) or digest.until)
