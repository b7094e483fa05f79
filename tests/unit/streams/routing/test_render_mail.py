import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from typing import Any

import pytest

from streams.alerts.alert import Relation
from streams.ids import DeliveryId
from streams.latency import Ledger
from streams.matching.rule import Urgency
from streams.routing.digest import digest_of
from streams.routing.render_mail import Envelope, alert_mail, digest_mail
from tests.support.digests import HOSTILE, member, members
from tests.support.golden import differences
from tests.support.notices import AT, KINDS, alert, head, ledger
from tests.support.smtp_sink import headers, part

NAME = DeliveryId("d" * 26)
DESK = Envelope(sender="tocsin@alerts.example.test", to=("fx@example.test", "rates@example.test"))
INJECTIONS = (
    "Beijing\r\nBcc: thief@example.test\r\n\r\n<script>alert(1)</script>",
    "\u2028Bcc: a\x0bb\x0cc\x85d\x00 =?utf-8?q?x?=",
    '"><img src=x onerror=alert(1)> & </mark></body>',
    "x" * 10_000_000,
    "稀土" * 5_000,
    "\u202egold\u2066 \ud800",
    f"--=_{NAME}--",
)
IDS = ("crlf", "separators", "html", "ten megabytes", "chinese", "direction", "the boundary")


def sent(message: EmailMessage) -> EmailMessage:
    """Return the mail as a mailbox reads it."""
    raw = message.as_bytes()
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    return message_from_bytes(raw, policy=default)  # type: ignore[return-value]  # the policy makes it so


def mail(**given: Any) -> EmailMessage:  # noqa: ANN401 - an alert's fields
    return sent(alert_mail(alert(**given), ledger(), DESK, delivery_id=NAME))


def shown(message: EmailMessage) -> str:
    """Return headers and plain text."""
    return "".join(f"{name}: {value}\n" for name, value in headers(message).items()) + "\n" + part(message, "plain")


class Reader(HTMLParser):
    """Collects what a page has."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [str(value) for name, value in attrs if name in ("href", "src")]
        assert not any(name.startswith("on") for name, _ in attrs)


@pytest.mark.parametrize("relation", KINDS, ids=str)
def test_a_mailbox_gets_every_kind_as_agreed(relation: Relation) -> None:
    message = mail(relation=relation, sample=True)
    wrong = differences(f"notifications/mail_{relation}.txt", shown(message))
    assert wrong + differences(f"notifications/mail_{relation}.html", part(message, "html")) == []


def test_a_mailbox_gets_a_digest_as_agreed() -> None:
    message = sent(digest_mail(digest_of(members(37)), DESK, at=AT))
    wrong = differences("notifications/mail_digest.txt", shown(message))
    assert wrong + differences("notifications/mail_digest.html", part(message, "html")) == []


@pytest.mark.parametrize("title", INJECTIONS, ids=IDS)
def test_a_hostile_headline_adds_no_header_and_no_markup(title: str) -> None:
    message = mail(head=head(title=title, lead=title, publisher=title), spans=())
    harmless = mail(spans=())
    assert message.keys() == harmless.keys()
    assert message.get_all("To") == harmless.get_all("To")
    page = Reader(part(message, "html"))
    assert set(page.tags) <= set(Reader(part(harmless, "html")).tags)
    assert page.links == ["https://news.example.test/gallium?id=7"]
    assert [one.get_content_type() for one in message.iter_parts()] == ["text/plain", "text/html"]
    assert len(message.as_bytes()) < 60_000
    assert not set("\u202e\u2066\u2028\x00\x0b") & set(shown(message) + part(message, "html"))


def test_a_hostile_digest_adds_no_header_and_no_markup() -> None:
    told = members(25, title='<b onclick="x">' + HOSTILE, publisher="\r\nBcc: a@b\r\n<i>")
    message = sent(digest_mail(digest_of(told), DESK, at=AT))
    assert "Bcc" not in message
    assert set(Reader(part(message, "html")).tags) == {
        "html",
        "head",
        "meta",
        "body",
        "h1",
        "p",
        "ul",
        "li",
        "span",
        "a",
    }


def test_matched_words_are_marked_and_nothing_is_loaded_from_elsewhere() -> None:
    page = part(mail(), "html")
    assert re.findall("<mark>(.*?)</mark>", page) == ["gallium", "exports", "贝森特", "germanium"]
    assert "[gallium] [exports]" in part(mail(), "plain")
    assert not {"img", "script", "link", "style", "iframe"} & set(Reader(page).tags)


def test_the_message_id_is_the_deliverys_and_a_storys_mails_are_one_conversation() -> None:
    first, later = mail(), mail(relation=Relation.UPDATE)
    assert first["Message-ID"] == f"<{NAME}@alerts.example.test>"
    assert first["References"] == later["References"] == "<5t0ry00000000001@alerts.example.test>"


def test_the_bytes_are_the_same_at_every_attempt() -> None:
    made = [alert_mail(alert(), ledger(), DESK, delivery_id=NAME).as_bytes() for _ in range(2)]
    assert made[0] == made[1]
    some = members(5)
    assert len({digest_mail(digest_of(each), DESK, at=AT).as_bytes() for each in (some, some[::-1])}) == 1


def test_only_a_flash_is_important() -> None:
    assert mail()["Importance"] == "high"
    rules = tuple(rule.model_copy(update={"urgency": Urgency.URGENT}) for rule in alert().rules)
    assert "Importance" not in mail(rules=rules)
    assert sent(digest_mail(digest_of([member(1)]), DESK, at=AT))["Importance"] is None


def test_what_is_unknown_is_left_out_or_said() -> None:
    bare = alert(head=head(lead="", url="javascript:alert(1)"), spans=(), rules=(), whats_new=())
    message = sent(alert_mail(bare, Ledger(), DESK, delivery_id=NAME))
    assert "javascript" not in part(message, "plain") + part(message, "html")
    assert re.search(r"^Why +no rule$", part(message, "plain"), re.MULTILINE)
    assert message["Date"].datetime == bare.head.fetched_at.replace(microsecond=0)


def test_a_digest_of_few_counts_no_others_and_links_where_it_can() -> None:
    told = [member(1), member(2, url="x")]
    text = part(sent(digest_mail(digest_of(told), DESK, at=AT)), "plain")
    assert "more" not in text
    assert text.count("https://") == 1
