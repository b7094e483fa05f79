from datetime import UTC, datetime
from typing import Any

import pytest

from agents.deliver.console import Console
from agents.deliver.pagerduty import PagerDuty
from agents.deliver.receivers import Receivers
from agents.deliver.slack import Slack
from agents.deliver.teams import Teams
from agents.deliver.webhook import Webhook
from streams.errors import PoisonError
from streams.ids import ReceiverId
from streams.routing.route import Receiver
from tests.support.delivery_world import routes


def made(name: str, kind: str, **options: Any) -> Receiver:  # noqa: ANN401 - options are what a user wrote
    return Receiver.model_validate({"receiver_id": name, "type": kind, "options": options})


CHAT = made("chat", "slack", token_file="t", channel="C")
HOOK = made("hook", "webhook", url_file="u")
SCREEN = made("screen", "console")
ROOM = made("room", "teams", url_file="u")
PAGER = made("pager", "pagerduty", routing_key_file="k")


@pytest.fixture
def receivers() -> Receivers:
    return Receivers(None, lambda: datetime.now(UTC))  # type: ignore[arg-type]  # nothing is sent


def test_each_type_has_its_channel(receivers: Receivers) -> None:
    receivers.apply(routes(CHAT, HOOK, SCREEN, ROOM, PAGER))
    kinds = {name: type(channel) for name, (_, channel) in receivers.known.items()}
    assert kinds == {"chat": Slack, "hook": Webhook, "screen": Console, "room": Teams, "pager": PagerDuty}


def test_a_receiver_that_did_not_change_keeps_its_channel(receivers: Receivers) -> None:
    receivers.apply(routes(CHAT, HOOK))
    before = receivers.find(ReceiverId("hook"))
    receivers.apply(routes(CHAT, HOOK, SCREEN, version="r2"))
    assert receivers.find(ReceiverId("hook")) is before


def test_a_receiver_that_changed_or_went_is_told_at_once(receivers: Receivers) -> None:
    told: list[bool] = []
    receivers.on_change = lambda: told.append(receivers.find(ReceiverId("hook")) is None)
    receivers.apply(routes(HOOK))
    receivers.apply(routes(CHAT, version="r2"))
    assert told == [False, True]


@pytest.mark.parametrize(
    "broken", [made("broken", "webhook"), made("broken", "email")], ids=["no address", "nobody to write to"]
)
def test_a_broken_receiver_is_unknown_and_stops_no_other(receivers: Receivers, broken: Receiver) -> None:
    receivers.apply(routes(broken, SCREEN))
    assert list(receivers.known) == ["screen"]


def test_a_version_that_can_not_be_read_leaves_the_receivers_as_they_were(receivers: Receivers) -> None:
    receivers.apply(routes(SCREEN))
    broken = routes(SCREEN)
    with pytest.raises(PoisonError):
        receivers.apply(type(broken)(**{**_fields(broken), "value": b"{"}))
    assert list(receivers.known) == ["screen"]


def _fields(record: object) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}  # type: ignore[attr-defined]  # a dataclass
