"""What fan out writes against the account: each promise has its delivery, and one that is left out is missed."""

import pytest

from agents.cli.account import Books
from agents.fan_out import FanOut
from agents.kafka import Outgoing
from agents.metrics import new_metrics
from streams.ids import DeliveryId
from streams.routing.reconcile import Standing
from streams.topics import ALERTS, DELIVERIES, ROUTES, ROUTINGS
from tests.support.alerting import NOW, alert, desk, node, read_alert, read_as, routes, version, written

BODY = routes(
    node("ops", routes=[node("fx", "hook", "slack-fx", go_on=True), node("rates", "hook")]), desk("fx"), desk("rates")
)
RELATIONS = ("first", "update", "correction", "confirmation", "copy")
ALERTED = [alert(f"a{number}", relation=relation) for number, relation in enumerate(RELATIONS)]


@pytest.fixture(scope="module")
def outputs() -> list[Outgoing]:
    """Everything that a story's alerts lead to: told, known with an edit, known without."""
    stage = FanOut(new_metrics())
    stage.apply(read_as(ROUTES, version(BODY), key="v1", at=NOW))
    for number in range(ALERTS.partitions):
        stage.begin(number)
    decisions = [stage.decide(read_alert(given, offset=offset), stamped_at=NOW) for offset, given in enumerate(ALERTED)]
    return [output for decision in decisions for output in decision.outputs]


def account_of(outputs: list[Outgoing], *, committed: int = len(ALERTED)) -> Books:
    books = Books(lambda routing: routing)
    for output in outputs:
        if output.topic is ROUTINGS:
            books.promise(written(output), {output.partition: committed})
    for output in outputs:
        if output.topic in DELIVERIES.values():
            books.not_done(written(output))
    return books


def deliveries(outputs: list[Outgoing]) -> list[Outgoing]:
    return [output for output in outputs if output.topic in DELIVERIES.values()]


def test_every_promise_has_its_delivery(outputs: list[Outgoing]) -> None:
    counts = account_of(outputs).account.by_receiver()
    assert {receiver: dict(of) for receiver, of in counts.items()} == {
        "hook": {Standing.IN_FLIGHT: 8},
        "slack-fx": {Standing.IN_FLIGHT: 4},
    }
    assert len(deliveries(outputs)) == 12


def test_each_delivery_that_is_left_out_is_missed_once_fan_out_has_committed(outputs: list[Outgoing]) -> None:
    for skipped in deliveries(outputs):
        left = [output for output in outputs if output is not skipped]
        name = DeliveryId(dict(skipped.headers)["ce_id"].decode())
        assert [each.delivery_id for each in account_of(left).account.unaccounted()] == [name]
        assert not list(account_of(left, committed=0).account.unaccounted())
