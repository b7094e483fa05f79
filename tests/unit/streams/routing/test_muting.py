"""Silences and quiet hours, looked at again when a delivery is sent."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from streams.ids import ControlId, ReceiverId, UserId
from streams.routing.decide import decide
from streams.routing.muting import why_muted
from streams.routing.notification import Delivery
from streams.routing.route import Routes, TimeInterval
from streams.routing.silence import Silence
from tests.support.alerting import NOW, alert, desk, moment, node, routes

HOUR = timedelta(hours=1)
NIGHT = {"night": TimeInterval(times=((8 * 60, 9 * 60),))}  # an hour after the alert


def silence(target: Mapping[str, str]) -> Silence:
    return Silence(silence_id=ControlId("x1"), target=target, starts_at=NOW, ends_at=NOW + 2 * HOUR, user=UserId("ana"))


def delivery(body: Routes, *, urgency: str = "urgent") -> Delivery:
    given = alert(keys={"r1": ["china"], "r2": []}, urgency=urgency)
    (decision,) = decide(given, moment(body))
    (found,) = decision.deliveries
    return found


def quiet(*, flash_pierces: bool = True) -> Routes:
    root = node("fx", "hook", mute_time_intervals=("night",), flash_pierces=flash_pierces)
    return routes(root, time_intervals=NIGHT)


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        pytest.param([{"story": "5t0ry"}], "silenced by ana until 2025-10-26 09:41 UTC", id="its story"),
        pytest.param([{"rule": "r1"}], None, id="one of its rules: the other is still to be told"),
        pytest.param([{"rule": "r1"}, {"rule": "r2"}], "silenced by ana until 2025-10-26 09:41 UTC", id="both"),
        pytest.param([{"entity": "china"}], None, id="an entity of one rule"),
        pytest.param([{"source": "Reuters", "desk": "fx"}], "silenced by ana until 2025-10-26 09:41 UTC", id="source"),
        pytest.param([{"source": "Reuters", "desk": "ops"}], None, id="of another desk"),
        pytest.param([], None, id="nothing"),
    ],
)
def test_what_was_silenced_since_is_not_sent(targets: list[dict[str, str]], expected: str | None) -> None:
    body = routes(node("fx", "hook"))

    assert why_muted(delivery(body), body, list(map(silence, targets)), at=NOW + HOUR / 2) == expected


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        pytest.param(("public", "reuters"), None, id="still there"),
        pytest.param(("reuters",), 'fx does not hold the permission "public" any more', id="lost since"),
    ],
)
def test_what_a_desk_may_not_see_any_more_is_not_sent(held: tuple[str, ...], expected: str | None) -> None:
    root = node("fx", "hook")

    assert why_muted(delivery(routes(root)), routes(root, desk("fx", *held)), (), at=NOW + HOUR / 2) == expected


def test_a_desk_that_is_gone_may_see_nothing_and_nothing_is_sent_for_it() -> None:
    given, body = delivery(routes(node("fx", "hook"))), routes(node("ops", "hook"), desk("ops"))

    assert why_muted(given, body, (), at=NOW + HOUR / 2) == "the routes name the desk fx no more"


@pytest.mark.parametrize(
    ("body", "urgency", "later", "expected"),
    [
        pytest.param(quiet(), "urgent", HOUR / 2, "quiet hours night at 08:11 UTC", id="it came to be quiet"),
        pytest.param(quiet(), "urgent", 2 * HOUR, None, id="after them"),
        pytest.param(quiet(), "flash", HOUR / 2, None, id="a flash goes through"),
        pytest.param(
            quiet(flash_pierces=False), "flash", HOUR / 2, "quiet hours night at 08:11 UTC", id="unless told otherwise"
        ),
    ],
)
def test_quiet_hours_are_looked_at_again(body: Routes, urgency: str, later: timedelta, expected: str | None) -> None:
    assert why_muted(delivery(body, urgency=urgency), body, (), at=NOW + later) == expected


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(routes(node("fx", "slack-fx")), id="the node has other receivers"),
        pytest.param(routes(node("ops", "hook"), desk("fx"), desk("ops")), id="the node is another desk's"),
    ],
)
def test_routes_that_changed_since_mute_nothing(body: Routes) -> None:
    given = delivery(routes(node("fx", "hook")))

    assert given.receiver == ReceiverId("hook")
    assert why_muted(given, body, [silence({"story": "5t0ry"})], at=NOW + HOUR / 2) is None
