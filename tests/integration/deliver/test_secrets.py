import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents import log
from agents.broker.server import Broker
from streams.routing.notification import Delivery
from streams.routing.route import Receiver
from streams.topics import CATALOGUE
from tests.support.bad_server import BadServer
from tests.support.deliver_process import Field, running
from tests.support.notices import delivery
from tests.support.slack_emulator import SlackEmulator
from tests.support.smtp_sink import SmtpSink, certificate
from tests.support.webhook_sink import WebhookSink

pytestmark = pytest.mark.kafka
PATH, TOKEN, KEY = "very-secret-path", "xoxb-very-secret-token", "c2VjcmV0LXNpZ25pbmcta2V5LW9mLW91cnM"
WORKFLOW, ROUTING_KEY = "very-secret-workflow", "very-secret-routing-key"
USER, PASSWORD = "very-secret-mail-user", "very-secret-mail-password"
SECRETS = (PATH, TOKEN, KEY, WORKFLOW, ROUTING_KEY, USER, PASSWORD)
FAULTS = ("500", "drop", "hang", "404", "redirect", "429/1", "410")
MAILS = ("535", "454")  # a login that is refused for good, and one that is for now; the server says it aloud
WORDS = ("says/413", "says/500", "half", "drop", "400", "401")


def receivers(folder: Path, secrets: Mapping[str, str], slack_url: str, pager_url: str) -> Iterator[Receiver]:
    """Yield a receiver of each type; each finds its secret in a file that stands in the folder."""
    for name, secret in secrets.items():
        (folder / name).write_text(secret)
    http = {"allow_insecure": True, "timeout_s": 1.0}
    mail = {"from": "a@example.test", "to": ["b@example.test"]}
    file = {name: str(folder / name) for name in secrets}
    for name, kind, options in (
        ("hook", "webhook", {"url_file": file["url"], "sign": {"keys_file": file["keys"]}, **http}),
        ("chat", "slack", {"token_file": file["token"], "channel": "C1", "api_url": slack_url, **http}),
        ("room", "teams", {"url_file": file["workflow"], **http}),
        ("pager", "pagerduty", {"routing_key_file": file["key"], "api_url": pager_url, **http}),
        ("never", "email", {"smtp_file": file["never"], **mail}),
        ("later", "email", {"smtp_file": file["later"], **mail}),
    ):
        yield Receiver.model_validate({"receiver_id": name, "type": kind, "options": options})


def deliveries() -> list[Delivery]:
    """Return enough for each fault of each receiver; the mail that is put off for ever expires soon."""
    soon = datetime.now(UTC) + timedelta(seconds=20)
    words = [delivery(name, number=number) for name in ("room", "pager") for number in range(len(WORDS))]
    hooks = [delivery("hook", number=number) for number in range(len(FAULTS))]
    return [*hooks, delivery("chat"), *words, delivery("never"), delivery("later", expires_at=soon)]


async def test_no_secret_stands_in_any_record_log_or_metric(
    broker: Broker, topic_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate()))
    written = io.StringIO()
    log.configure(form="json", level="DEBUG", stream=written)
    async with (
        WebhookSink(faults=list(FAULTS)) as sink,
        SlackEmulator(faults=["invalid_auth"]) as slack,
        BadServer(faults=list(WORDS), always="202") as others,
        SmtpSink(login=MAILS[0], echo=PASSWORD) as never,
        SmtpSink(login=MAILS[1], echo=PASSWORD) as later,
    ):
        login = f"smtp://{USER}:{PASSWORD}@127.0.0.1"
        secrets = {
            "url": sink.url(PATH), "keys": f"whsec_{KEY}=", "token": TOKEN, "workflow": others.url(WORKFLOW),
            "key": ROUTING_KEY, "never": f"{login}:{never.port}?starttls", "later": f"{login}:{later.port}?starttls",
        }  # fmt: skip
        allow = (*sink.allow, *slack.allow, *others.allow, *never.allow, *later.allow)
        field = await Field.laid(broker.bootstrap, topic_prefix, allow_addresses=allow)
        await field.route(*receivers(tmp_path, secrets, slack.api_url, others.url("v2/enqueue")))
        sent = deliveries()
        await field.publish(sent)
        async with running(field.settings) as metrics:
            await field.finals(len(sent))
        kept = [record for topic in CATALOGUE for record in await field.records(topic)]
    told = [written.getvalue(), str([each.samples for each in metrics.registry.collect()])]
    told += [f"{record.key} {record.value!r} {record.headers}" for record in kept]
    assert {"dead-letters", "audit", "delivery-states"} <= {record.topic.rpartition(".")[2] for record in kept}
    assert len(sink.received) >= len(FAULTS)
    assert all(any(secret in asked.text for asked in others.asked) for secret in (WORKFLOW, ROUTING_KEY))
    assert (bool(never.logins), bool(later.logins)) == (True, True)
    assert [secret for secret in SECRETS if any(secret in text for text in told)] == []
