"""The states of deliveries as the command line reads them."""

from collections.abc import Iterable

from agents.cli.reading import Found
from streams.routing.notification import DeliveryState


def present(states: Iterable[Found[DeliveryState]]) -> list[Found[DeliveryState]]:
    """Return the state of each delivery that counts: a final one stays, else the highest `seq` wins."""
    live: dict[str, Found[DeliveryState]] = {}
    for found in states:
        state, before = found.record, live.get(found.record.delivery_id)
        if before is None or (state.state.final, state.seq) >= (before.record.state.final, before.record.seq):
            live[state.delivery_id] = found
    return sorted(live.values(), key=lambda found: found.record.changed_at)
