"""The states of deliveries as the command line reads them."""

from collections.abc import Iterable

from agents.cli.reading import Found
from agents.kafka import Incoming
from agents.loops.follower import read_all
from config.settings import Settings
from streams.errors import PoisonError
from streams.ids import DeliveryId
from streams.routing.notification import DeliveryState
from streams.topics import DELIVERY_STATES


def present(states: Iterable[Found[DeliveryState]]) -> list[Found[DeliveryState]]:
    """Return the state of each delivery that counts: a final one stays, else the highest `seq` wins."""
    live: dict[str, Found[DeliveryState]] = {}
    for found in states:
        before = live.get(found.record.delivery_id)
        if before is None or _counts(found.record, before.record):
            live[found.record.delivery_id] = found
    return sorted(live.values(), key=lambda found: found.record.changed_at)


async def all_states(settings: Settings) -> dict[DeliveryId, DeliveryState]:
    """Return the state that counts of every delivery of the last eight days, oldest first; no other is held."""
    live: dict[DeliveryId, DeliveryState] = {}

    def take(record: Incoming) -> None:
        try:
            state = DeliveryState.from_json(record.value, schema=record.schema)
        except PoisonError:
            return
        before = live.get(state.delivery_id)
        if before is None or _counts(state, before):
            live[state.delivery_id] = state

    await read_all(settings, DELIVERY_STATES, take)
    return dict(sorted(live.items(), key=lambda one: one[1].changed_at))


def _counts(state: DeliveryState, before: DeliveryState) -> bool:
    return (state.state.final, state.seq) >= (before.state.final, before.seq)
