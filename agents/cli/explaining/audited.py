"""How deliveries ended whose states are over: the audit keeps it fifty times as long."""

from collections.abc import Collection
from datetime import datetime, timedelta

from pydantic import JsonValue, ValidationError

from agents.cli.reading import Found
from agents.kafka import Incoming, partition
from agents.loops.follower import Reader
from config.settings import Settings
from streams.audit import AuditEntry
from streams.errors import PoisonError
from streams.ids import DeliveryId
from streams.routing.notification import DeliveryState
from streams.topics import AUDIT, Names

ENDS_WITHIN = timedelta(days=8)  # of its routing, as no state is kept longer
CLOCKS_DIFFER = timedelta(minutes=5)


async def ends_of(
    settings: Settings, names: Collection[DeliveryId], *, since: datetime, until: datetime
) -> list[Found[DeliveryState]]:
    """Return how these deliveries ended, of those that were routed between two moments (UTC): the first entry of each.

    Only that time of the topic is read, and an entry is decoded only if one of the names stands in it.
    """
    marks, found = [name.encode() for name in names], dict[str, Found[DeliveryState]]()

    def take(record: Incoming) -> None:
        if any(mark in (record.value or b"") for mark in marks):
            state = _state(record)
            if state is not None and state.delivery_id in names:
                found.setdefault(state.delivery_id, Found(state, record))

    place = partition(Names(settings.topic_prefix).of(AUDIT), 0)
    async with Reader(settings, [place]) as reader:
        ends = await reader.offsets_at(until + ENDS_WITHIN)
        await reader.seek_to(since - CLOCKS_DIFFER)
        await reader.read_to(ends, take)
    return list(found.values())


def _state(record: Incoming) -> DeliveryState | None:
    """Return the final state that an entry tells of, or None if it tells of something else."""
    try:
        entry = AuditEntry.from_json(record.value, schema=record.schema)
        after: JsonValue = entry.after
        if not isinstance(after, dict) or "receiver" not in after:
            return None
        told = {"delivery_id": entry.subject, "seq": 0, "state": entry.action, "changed_at": entry.at}
        return DeliveryState.model_validate(after | told)
    except (PoisonError, ValidationError):
        return None
