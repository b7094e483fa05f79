"""`tocsin deliveries`: the state of each sending."""

from typing import Annotated

import typer

from agents.cli.options import Json, Limit, with_broker
from agents.cli.output import print_fields, print_rows
from agents.cli.reading import Found, beginning, one, read
from config.settings import Settings
from streams.routing.notification import DeliveryState, DeliveryStatus
from streams.topics import DELIVERY_STATES


@with_broker
def list_(
    settings: Settings,
    receiver: Annotated[str | None, typer.Option(help="This receiver alone.")] = None,
    state: Annotated[DeliveryStatus | None, typer.Option(help="Those in this state.")] = None,
    limit: Limit = 50,
    *,
    json: Json = False,
) -> None:
    """List the newest deliveries with their present state."""

    def wanted(found: Found[DeliveryState]) -> bool:
        return receiver in (None, found.record.receiver) and state in (None, found.record.state)

    rows = [_row(found) for found in present(read(settings, DELIVERY_STATES, DeliveryState)) if wanted(found)]
    print_rows(rows[-limit:], as_json=json)


@with_broker
def show(settings: Settings, delivery: str, *, json: Json = False) -> None:
    """Show one delivery. DELIVERY may be the beginning of an id."""
    start = beginning(delivery)
    states = read(settings, DELIVERY_STATES, DeliveryState, lambda state: state.delivery_id.startswith(start))
    found = one(present(states), f"delivery {delivery}")
    print_fields({**_row(found), "seq": found.record.seq, "provider_ref": found.record.provider_ref}, as_json=json)


def present(states: list[Found[DeliveryState]]) -> list[Found[DeliveryState]]:
    """Return the state of each delivery that counts: a final one stays, else the highest `seq` wins."""
    live: dict[str, Found[DeliveryState]] = {}
    for found in states:
        state, before = found.record, live.get(found.record.delivery_id)
        if before is None or (state.state.final, state.seq) >= (before.record.state.final, before.record.seq):
            live[state.delivery_id] = found
    return sorted(live.values(), key=lambda found: found.record.changed_at)


def _row(found: Found[DeliveryState]) -> dict[str, object]:
    state = found.record
    return {
        "changed_at": state.changed_at,
        "delivery": state.delivery_id,
        "receiver": state.receiver,
        "state": state.state.value,
        "attempts": state.attempts,
        "outcome": state.outcome,
    }


COMMANDS = {"list": list_, "show": show}
