"""What each kind of receiver is really sent of a step up, and that the same alert told at once says nothing of it."""

import io
from pathlib import Path

import aiohttp
import pytest

from agents.deliver.attempt import Attempt
from agents.deliver.console import Console
from agents.deliver.mail import Mail
from agents.net.address_guard import connector
from streams.ids import DeskId, StoryId
from streams.routing.notification import UnlessAcked
from streams.routing.receiver import ConsoleOptions, EmailOptions
from tests.support.bad_server import BadServer
from tests.support.channels import KINDS, TAKEN, channel, write_secret
from tests.support.notices import AT, delivery, ledger
from tests.support.smtp_sink import SmtpSink, part

LINE = "Nobody at fx-desk acknowledged this within 120 s"
STEP_UP = UnlessAcked(desk=DeskId("fx-desk"), story_id=StoryId("5t0ry00000000000"), within_s=120.0)
AT_ONCE = Attempt(delivery=delivery("r"), ledger=ledger())
UP = Attempt(delivery=delivery("r", purpose="escalation/1", unless_acked=STEP_UP), ledger=ledger())


@pytest.mark.parametrize("kind", KINDS)
async def test_a_receiver_by_http_reads_of_a_step_up_and_of_no_other(kind: str, tmp_path: Path) -> None:
    async with BadServer(always=TAKEN[kind]) as server:
        address = f"http://127.0.0.1:{server.port}"
        write_secret(tmp_path, kind, address, "s3cret")
        async with aiohttp.ClientSession(connector=connector(server.allow)) as session:
            way = channel(kind, tmp_path, address, session, server.allow)
            for attempt in (AT_ONCE, UP):
                assert (await way.send(attempt)).kind == "delivered"
    at_once, up = (asked.body.decode() for asked in server.asked)
    mark = '"tocsinunackedby":"fx-desk","tocsinunackedfor":120' if kind == "webhook" else LINE
    assert mark in up
    assert "cknowledged" not in at_once
    assert "tocsinunacked" not in at_once


async def test_mail_tells_of_a_step_up_in_its_subject_and_its_text(tmp_path: Path) -> None:
    async with SmtpSink(security="plain") as sink:
        (tmp_path / "smtp").write_text(sink.url())
        options = {"smtp_file": str(tmp_path / "smtp"), "from": "t@a.example.test", "to": ["b@a.example.test"]}
        mail = Mail(EmailOptions.model_validate({**options, "allow_insecure": True}), sink.allow)
        for attempt in (AT_ONCE, UP):
            assert (await mail.send(attempt)).kind == "delivered"
    (_, at_once), (_, up) = sink.received
    assert str(up["Subject"]).startswith("FLASH NEW UNACKNOWLEDGED: ")
    assert LINE in part(up, "plain")
    assert "acknowledged" not in f"{at_once['Subject']} {part(at_once, 'plain')}".lower()


async def test_a_terminal_shows_a_step_up() -> None:
    screen = io.StringIO()
    console = Console(ConsoleOptions(), lambda: AT, screen)
    await console.send(AT_ONCE)
    assert "cknowledged" not in screen.getvalue()
    await console.send(UP)
    assert f"step up {LINE}" in screen.getvalue()
