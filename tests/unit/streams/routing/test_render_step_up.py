"""A step up, at each receiver: whoever gets it reads that nobody acknowledged, at which desk, and how long it had."""

import json
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest

from streams.ids import DeskId, StoryId
from streams.routing.digest import digest_of
from streams.routing.notification import Delivery, UnlessAcked
from streams.routing.render import notice, step_up_line
from streams.routing.render_console import console_lines
from streams.routing.render_event import BODY_BYTES, cloud_event
from streams.routing.render_mail import Envelope, alert_mail
from streams.routing.render_pagerduty import pagerduty_event
from streams.routing.render_slack import slack_message
from streams.routing.render_teams import teams_message
from tests.support.digests import member
from tests.support.golden import differences
from tests.support.notices import alert, delivery, ledger
from tests.support.smtp_sink import headers, part

DESK = Envelope(sender="tocsin@alerts.example.test", to=("oncall@example.test",))


def step_up(within_s: float | None = 120.0, **given: object) -> Delivery:
    """Return the delivery of a step up from the desk `fx-desk`."""
    unless_acked = UnlessAcked(desk=DeskId("fx-desk"), story_id=StoryId("5t0ry00000000000"), within_s=within_s)
    return delivery("oncall", purpose="escalation/1", manner="broadcast", unless_acked=unless_acked, **given)


def told(one: Delivery) -> dict[str, Any]:
    """Return what the renderers take beside alert and ledger."""
    return {"delivery_id": one.delivery_id, "unless_acked": one.unless_acked}


def as_json(said: object) -> str:
    return json.dumps(said, ensure_ascii=False, indent=1) + "\n"


@pytest.mark.parametrize(
    ("within_s", "line"),
    [
        pytest.param(120.0, "Nobody at fx-desk acknowledged this within 120 s", id="two minutes"),
        pytest.param(1.5, "Nobody at fx-desk acknowledged this within 1.5 s", id="a part of a second"),
        pytest.param(None, "Nobody at fx-desk acknowledged this in time", id="written before the limit was named"),
    ],
)
def test_a_step_up_says_where_nobody_acknowledged_and_how_long_they_had(within_s: float | None, line: str) -> None:
    unless_acked = step_up(within_s).unless_acked
    assert unless_acked is not None
    said = notice(alert(sample=True), ledger(), unless_acked)
    assert (step_up_line(unless_acked), said.step_up) == (line, line)
    assert said.tag == "FLASH NEW UNACKNOWLEDGED SAMPLE"


def test_whoever_is_told_at_once_reads_nothing_of_it() -> None:
    said = notice(alert(), ledger())
    assert (said.step_up, said.tag) == ("", "FLASH NEW")


def test_the_console_shows_a_step_up_as_agreed() -> None:
    one = step_up()
    lines = console_lines(one.alert, ledger(delivered=True), styled=False, unless_acked=one.unless_acked)
    assert differences("notifications/console_step_up.txt", "\n".join(lines) + "\n") == []


def test_slack_gets_a_step_up_as_agreed() -> None:
    one = step_up()
    assert (
        differences("notifications/slack_step_up.json", as_json(slack_message(one.alert, ledger(), **told(one)))) == []
    )


def test_teams_gets_a_step_up_as_agreed() -> None:
    one = step_up()
    said = json.loads(teams_message(one.alert, ledger(), **told(one)))
    assert differences("notifications/teams_step_up.json", as_json(said)) == []


def test_pagerduty_gets_a_step_up_as_agreed() -> None:
    assert differences("notifications/pagerduty_step_up.json", as_json(pagerduty_event(step_up(), ledger()))) == []


def test_a_webhook_gets_a_step_up_as_agreed() -> None:
    one = step_up()
    said = json.loads(cloud_event(one.alert, ledger(), **told(one)))
    assert differences("notifications/webhook_step_up.json", as_json(said)) == []


def test_a_mailbox_gets_a_step_up_as_agreed() -> None:
    one = step_up()
    made = alert_mail(one.alert, ledger(), DESK, **told(one)).as_bytes()
    message: EmailMessage = message_from_bytes(made, policy=default)  # type: ignore[assignment]  # the policy makes it so
    lines = "".join(f"{name}: {value}\n" for name, value in headers(message).items())
    wrong = differences("notifications/mail_step_up.txt", lines + "\n" + part(message, "plain"))
    assert wrong + differences("notifications/mail_step_up.html", part(message, "html")) == []


@pytest.mark.parametrize(
    ("within_s", "attributes"),
    [
        pytest.param(90.5, {"tocsinunackedby": "fx-desk", "tocsinunackedfor": 91}, id="whole seconds"),
        pytest.param(None, {"tocsinunackedby": "fx-desk"}, id="written before the limit was named"),
    ],
)
def test_a_webhook_reads_a_step_up_from_attributes_of_the_event(
    within_s: float | None, attributes: dict[str, object]
) -> None:
    one = step_up(within_s)
    said = json.loads(cloud_event(one.alert, ledger(), **told(one)))
    assert {name: said[name] for name in said if name.startswith("tocsinunacked")} == attributes


def test_an_event_that_was_cut_still_says_that_it_is_a_step_up() -> None:
    one = step_up()
    long = one.alert.head.model_copy(update={"lead": "x" * 30_000})
    body = cloud_event(one.alert.model_copy(update={"head": long}), ledger(), **told(one))
    said = json.loads(body)
    assert len(body) <= BODY_BYTES
    assert (said["tocsinshortened"], said["tocsinunackedby"], said["tocsinunackedfor"]) == (True, "fx-desk", 120)


def test_a_step_up_that_expired_is_called_so_in_the_digest_that_tells_of_it() -> None:
    late = member(1).model_copy(update={"unless_acked": step_up().unless_acked})
    first, second = digest_of([late, member(2)]).items
    assert "UNACKNOWLEDGED" in {first.event_id: first.tag, second.event_id: second.tag}[late.alert.event_id]
    assert "UNACKNOWLEDGED" not in {first.event_id: first.tag, second.event_id: second.tag}[member(2).alert.event_id]
