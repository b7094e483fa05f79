import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents import log
from agents.broker.server import Broker
from streams.routing.route import Receiver
from streams.topics import CATALOGUE
from tests.support.bad_server import BadServer
from tests.support.deliver_process import Field, running
from tests.support.notices import delivery
from tests.support.slack_emulator import SlackEmulator
from tests.support.smtp_sink import SmtpSink, certificate
from tests.support.webhook_sink import WebhookSink

pytestmark = pytest.mark.kafka
SECRETS = (
    "very-secret-path", "xoxb-very-secret-token", "c2VjcmV0LXNpZ25pbmcta2V5LW9mLW91cnM", "very-secret-workflow",
    "very-secret-routing-key", "very-secret-mail-password", "very-secret-mail-user",
)  # fmt: skip
FAULTS = ("500", "drop", "hang", "404", "redirect", "429/1", "410")
MAILS = ("535", "454")  # a login that is refused for good, and one that is for now; the server says it aloud
WORDS = ("says/413", "says/500", "half", "drop", "400", "401")


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
        SmtpSink(login=MAILS[0], echo=SECRETS[5]) as never,
        SmtpSink(login=MAILS[1], echo=SECRETS[5]) as later,
    ):
        (tmp_path / "url").write_text(sink.url(SECRETS[0]))
        (tmp_path / "token").write_text(SECRETS[1])
        (tmp_path / "keys").write_text(f"whsec_{SECRETS[2]}=")
        hook = {
            "url_file": str(tmp_path / "url"), "sign": {"keys_file": str(tmp_path / "keys")}, "allow_insecure": True,
            "timeout_s": 1.0,
        }  # fmt: skip
        chat = {
            "token_file": str(tmp_path / "token"), "channel": "C1", "api_url": slack.api_url, "allow_insecure": True,
        }  # fmt: skip
        (tmp_path / "workflow").write_text(others.url(SECRETS[3]))
        (tmp_path / "key").write_text(SECRETS[4])
        room = {"url_file": str(tmp_path / "workflow"), "allow_insecure": True, "timeout_s": 1.0}
        pager = {
            "routing_key_file": str(tmp_path / "key"), "api_url": others.url("v2/enqueue"), "allow_insecure": True,
        }  # fmt: skip
        for name, server in (("never", never), ("later", later)):
            (tmp_path / name).write_text(f"smtp://{SECRETS[6]}:{SECRETS[5]}@127.0.0.1:{server.port}?starttls")
        mails = {
            name: {"smtp_file": str(tmp_path / name), "from": "a@example.test", "to": ["b@example.test"]}
            for name in ("never", "later")
        }
        allow = (*sink.allow, *slack.allow, *others.allow, *never.allow, *later.allow)
        field = await Field.laid(broker.bootstrap, topic_prefix, allow_addresses=allow)
        await field.route(
            Receiver.model_validate({"receiver_id": "hook", "type": "webhook", "options": hook}),
            Receiver.model_validate({"receiver_id": "chat", "type": "slack", "options": chat}),
            Receiver.model_validate({"receiver_id": "room", "type": "teams", "options": room}),
            Receiver.model_validate({"receiver_id": "pager", "type": "pagerduty", "options": pager}),
            *(
                Receiver.model_validate({"receiver_id": name, "type": "email", "options": mails[name]})
                for name in mails
            ),
        )
        sent = [delivery(name, number=n) for name in ("room", "pager") for n in range(len(WORDS))]
        sent += [delivery("never"), delivery("later", expires_at=datetime.now(UTC) + timedelta(seconds=20))]
        await field.publish([*(delivery("hook", number=n) for n in range(len(FAULTS))), delivery("chat"), *sent])
        async with running(field.settings) as metrics:
            await field.finals(len(FAULTS) + 1 + len(sent))
        kept = [record for topic in CATALOGUE for record in await field.records(topic)]
    told = [written.getvalue(), str([each.samples for each in metrics.registry.collect()])]
    told += [f"{record.key} {record.value!r} {record.headers}" for record in kept]
    assert len(kept) > len(FAULTS)
    assert len(sink.received) >= len(FAULTS)
    assert all(any(secret in asked.text for asked in others.asked) for secret in SECRETS[3:5])
    assert never.logins
    assert later.logins
    assert [secret for secret in SECRETS if any(secret in text for text in told)] == []
