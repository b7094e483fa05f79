"""E-mail: one message for each notification or digest, to a list of people, by an SMTP server."""

import asyncio
import ssl
from collections.abc import Collection
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Final

from agents import log
from agents.deliver.attempt import Attempt
from agents.deliver.outcome import Outcome, ambiguous, delivered, failed, refused
from agents.deliver.smtp import FOR_GOOD, Security, Server, Submission, Submitted, of_code, server_of
from agents.net.secret import Secret, SecretMissingError
from streams.errors import Reason
from streams.routing.receiver import EmailOptions
from streams.routing.render_mail import Envelope, alert_mail, digest_mail
from streams.routing.render_text import plain, shortened

MOST_PARTLY_TOLD: Final = 1_000
ANSWER_CHARS: Final = 100
LOG = log.named("deliver")


@dataclass(slots=True)
class Mail:
    """One list of people. Whoever is put off alone gets the mail later; the others have it once.

    A restart forgets who has it: then all get it again, under the same Message-ID.
    """

    options: EmailOptions
    allow: Collection[str] = ()
    _url: Secret = field(init=False)
    _context: ssl.SSLContext | None = None
    _partly_told: dict[str, frozenset[str]] = field(default_factory=dict)  # by Message-ID, who has it

    def __post_init__(self) -> None:
        self._url = Secret(self.options.smtp_file, self.options.smtp_env)

    async def send(self, attempt: Attempt) -> Outcome:
        """Return what came of one mail, whose bytes are the same at every attempt."""
        try:
            server = server_of(self._url.read())
        except SecretMissingError:
            return failed("secret_missing")
        if server is None:
            return refused("not_an_smtp_url")
        if server.security is Security.PLAIN and not self._may_be_plain(server):
            return refused("plain_smtp", Reason.ADDRESS_REFUSED)
        if self._context is None:
            self._context = await asyncio.to_thread(_tls_context)  # it reads a hundred certificates from the disk
        envelope = Envelope(sender=self.options.sender, to=self.options.to)
        message = _message(attempt, envelope)
        name, body = str(message["Message-ID"]), message.as_bytes()
        left = [each for each in envelope.to if each not in self._partly_told.get(name, frozenset())]
        submission = Submission(server, self._context, self.allow, self.options.timeout_s)
        answer = await submission.run(body, sender=envelope.sender, to=left)
        return answer if isinstance(answer, Outcome) else self._outcome(name, answer)

    def _may_be_plain(self, server: Server) -> bool:
        return self.options.allow_insecure and f"{server.host}:{server.port}" in self.allow

    def _outcome(self, name: str, answer: Submitted) -> Outcome:
        told = self._partly_told.pop(name, frozenset()) | frozenset(answer.taken)
        later = [code for code in answer.not_taken.values() if code not in FOR_GOOD]
        if later:
            if len(self._partly_told) >= MOST_PARTLY_TOLD:
                del self._partly_told[next(iter(self._partly_told))]
            self._partly_told[name] = told
            # In doubt once somebody has it: so a digest goes again as it was, under the Message-ID that is remembered.
            return ambiguous(f"smtp_{later[0]}") if told else of_code(later[0])
        if not told:
            return of_code(next(iter(answer.not_taken.values())))
        if not answer.not_taken:
            return delivered(shortened(plain(answer.answer), ANSWER_CHARS))
        LOG.error("recipients refused", count=len(answer.not_taken), codes=sorted(set(answer.not_taken.values())))
        detail = f"{len(answer.not_taken)}_of_{len(self.options.to)}_recipients_refused"
        return delivered(shortened(plain(answer.answer), ANSWER_CHARS), detail=detail)


def _message(attempt: Attempt, envelope: Envelope) -> EmailMessage:
    delivery = attempt.delivery
    if not attempt.members:
        return alert_mail(
            delivery.alert, attempt.ledger, envelope, delivery_id=delivery.delivery_id,
            unless_acked=delivery.unless_acked,
        )  # fmt: skip
    digest = attempt.digest()
    return digest_mail(digest, envelope, at=delivery.not_before or digest.until)


def _tls_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
