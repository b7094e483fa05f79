"""A notification as mail: the same words as plain text and as HTML, without an image, a script or a remote address.

Every text is on one line before it comes here, so that none can add a header; in HTML every text is escaped.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from html import escape
from types import MappingProxyType

from streams.alerts.alert import DeskAlert
from streams.ids import DeliveryId, DeskId
from streams.latency import Hop, Ledger
from streams.matching.rule import Urgency
from streams.routing.digest import Digest, DigestItem
from streams.routing.notification import UnlessAcked
from streams.routing.render import Notice, notice
from streams.routing.render_digest import counted, item_time, opening
from streams.routing.render_text import Piece, shortened

SUBJECT_CHARS = 200
LABEL = 9
NAME = "tocsin"
COLOURS = MappingProxyType({Urgency.FLASH: "#b00020", Urgency.URGENT: "#8a5a00", Urgency.ROUTINE: "#444444"})
BODY = "font:15px/1.45 sans-serif;color:#1a1a1a;background:#ffffff;max-width:42em;margin:1em"
SMALL = "color:#555555;font-size:13px"
Fact = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Who sends to whom; both are addresses of ASCII characters, checked when the routes were read."""

    sender: str
    to: tuple[str, ...]

    @property
    def domain(self) -> str:
        """Return the sender's domain, in which the ids of messages are unique."""
        return self.sender.rpartition("@")[2]


def alert_mail(
    alert: DeskAlert,
    ledger: Ledger,
    envelope: Envelope,
    *,
    delivery_id: DeliveryId,
    unless_acked: UnlessAcked | None = None,
) -> EmailMessage:
    """Return the mail of one alert, the same bytes at every attempt.

    Its Message-ID is made of the delivery id, so a mailbox can drop a duplicate; the mails of one story refer to the
    same id, so that a reader sees them as one conversation.
    """
    said = notice(alert, ledger, unless_acked)
    message = _message(envelope, f"{said.tag}: {said.headline}", delivery_id, said.urgency)
    message["Date"] = ledger.at(Hop.ROUTED) or alert.head.fetched_at
    message["References"] = f"<{alert.story_id}@{envelope.domain}>"
    return _with_bodies(message, _notice_text(said, alert.desk), _notice_html(said, alert.desk), delivery_id)


def digest_mail(digest: Digest, envelope: Envelope, *, at: datetime) -> EmailMessage:
    """Return the mail of a digest; `at` is when it was due (UTC). Equal members give an equal Message-ID."""
    message = _message(envelope, opening(digest), digest.digest_id, next(iter(digest.counts)))
    message["Date"] = at
    return _with_bodies(message, _digest_text(digest), _digest_html(digest), digest.digest_id)


def _message(envelope: Envelope, subject: str, name: DeliveryId, urgency: Urgency) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(NAME, addr_spec=envelope.sender)
    message["To"] = [Address(addr_spec=each) for each in envelope.to]
    message.set_raw("Subject", _encoded(shortened(subject, SUBJECT_CHARS)))
    message["Message-ID"] = f"<{name}@{envelope.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notice answers it
    if urgency is Urgency.FLASH:
        message["Importance"] = "high"
    return message


def _encoded(subject: str) -> str:
    """Return the subject in encoded words if need be.

    By itself the policy encodes those words alone that need it, and where it folds the line before one, a mailbox
    shows two spaces (CPython 3.11).
    """
    return subject if subject.isascii() else Header(subject, "utf-8", header_name="Subject").encode()


def _with_bodies(message: EmailMessage, text: str, html: str, name: DeliveryId) -> EmailMessage:
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    message.set_boundary(f"=_{name}")  # quoted-printable text never holds `=_`
    return message


def _notice_text(said: Notice, desk: DeskId) -> str:
    facts = [f"{name:<{LABEL}}{text}" for name, text in _facts(said)]
    link = [f"{'Read':<{LABEL}}{said.link}"] if said.link else []
    lead = ["", _bracketed(said.lead)] if said.lead else []
    return "\n".join([said.tag, "", _bracketed(said.title), *lead, "", *facts, *link, "", _signed(desk), ""])


def _notice_html(said: Notice, desk: DeskId) -> str:
    rows = "".join(
        f'<tr><td style="{SMALL};vertical-align:top;padding-right:1em">{escape(name)}</td>'
        f'<td style="{SMALL}" dir="auto">{escape(text)}</td></tr>\n'
        for name, text in _facts(said)
    )
    link = f"<p>{_link(said.link, f'Read at {said.publisher}')}</p>\n" if said.link else ""
    lead = f'<p dir="auto">{_marked(said.lead)}</p>\n' if said.lead else ""
    return _page(
        f'<p style="{_tag_style(said.urgency)}">{escape(said.tag)}</p>\n'
        f'<h1 style="font-size:19px;margin:0.3em 0" dir="auto">{_marked(said.title)}</h1>\n'
        f'{lead}{link}<table role="presentation">\n{rows}</table>\n',
        desk,
    )


def _facts(said: Notice) -> Sequence[Fact]:
    step_up = [("Step up", said.step_up)] if said.step_up else []
    news = [("New", said.news)] if said.news else []
    why = [("Why", reason) for reason in said.why] or [("Why", "no rule")]
    return [*step_up, ("From", said.publisher), *news, *why, ("Sources", said.sources), ("Took", said.took)]


def _digest_text(digest: Digest) -> str:
    lines = [opening(digest), counted(digest), ""]
    for item in digest.items:
        lines.append(f"{_before(item, digest)}{item.title}")
        lines += [f"  {item.url}"] if item.url else []
    lines += [f"and {digest.more} more"] if digest.more else []
    return "\n".join([*lines, "", _signed(digest.desk), ""])


def _digest_html(digest: Digest) -> str:
    items = "".join(
        f'<li style="margin:0.4em 0" dir="auto"><span style="{_tag_style(item.urgency)}">'
        f"{escape(_before(item, digest))}</span>"
        f"{_link(item.url, item.title) if item.url else escape(item.title)}</li>\n"
        for item in digest.items
    )
    more = f"<p>and {digest.more} more</p>\n" if digest.more else ""
    return _page(
        f'<h1 style="font-size:19px;margin:0.3em 0">{escape(opening(digest))}</h1>\n'
        f'<p style="{SMALL}">{escape(counted(digest))}</p>\n<ul style="padding-left:1.2em">\n{items}</ul>\n{more}',
        digest.desk,
    )


def _before(item: DigestItem, digest: Digest) -> str:
    return f"{item_time(item, digest)} {item.tag} {item.publisher}: "


def _signed(desk: DeskId) -> str:
    return f"{NAME}, for the desk {desk}. All times of day are UTC."


def _page(content: str, desk: DeskId) -> str:
    return (
        f'<!doctype html>\n<html><head><meta charset="utf-8"></head>\n<body style="{BODY}">\n{content}'
        f'<p style="{SMALL}">{escape(_signed(desk))}</p>\n</body></html>\n'
    )


def _tag_style(urgency: Urgency) -> str:
    return f"color:{COLOURS[urgency]};font-weight:bold;font-size:13px"


def _link(url: str, text: str) -> str:
    return f'<a href="{escape(url)}">{escape(text)}</a>'


def _marked(text: Iterable[Piece]) -> str:
    return "".join(f"<mark>{escape(each.text)}</mark>" if each.marked else escape(each.text) for each in text)


def _bracketed(text: Iterable[Piece]) -> str:
    return "".join(f"[{each.text}]" if each.marked else each.text for each in text)
