"""The ledger of one alert's journey: when each hop was reached, or unknown. It travels in a header."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType

HEADER = "tocsin-ledger"


class Hop(StrEnum):
    """The hops of the journey, in order."""

    PUBLISHED = "published"
    FIRST_SEEN = "first_seen"
    FETCHED = "fetched"
    PRODUCED = "produced"
    MATCHED = "matched"
    ALERTED = "alerted"
    ROUTED = "routed"
    DELIVERED = "delivered"


HOPS = tuple(Hop)
_HOPS: Mapping[str, Hop] = MappingProxyType({hop.value: hop for hop in HOPS})
_NAMES = MappingProxyType({hop: f'"{hop.value}"' for hop in HOPS})  # as they stand in JSON
STEPS = MappingProxyType(
    {
        "fetch": (Hop.FIRST_SEEN, Hop.FETCHED),
        "queue": (Hop.FETCHED, Hop.PRODUCED),
        "match": (Hop.PRODUCED, Hop.MATCHED),
        "alert": (Hop.MATCHED, Hop.ALERTED),
        "route": (Hop.ALERTED, Hop.ROUTED),
        "deliver": (Hop.ROUTED, Hop.DELIVERED),
    }
)
STAGES = MappingProxyType({"source": (Hop.PUBLISHED, Hop.FIRST_SEEN), **STEPS, "total": (Hop.FETCHED, Hop.DELIVERED)})


@dataclass(frozen=True, slots=True)
class Ledger:
    """When each hop was reached (UTC); a hop that is absent or None is unknown, which is never 0."""

    times: Mapping[Hop, datetime | None] = field(default_factory=lambda: MappingProxyType({}))

    def at(self, hop: Hop) -> datetime | None:
        """Return when the hop was reached (UTC), or None when that is unknown."""
        return self.times.get(hop)

    def stamped(self, **hops: datetime | None) -> "Ledger":
        """Return a ledger with these hops (by name, such as `matched=now`) added or replaced."""
        return Ledger(MappingProxyType({**self.times, **{_HOPS[name]: moment for name, moment in hops.items()}}))

    def lag_ms(self, start: Hop, end: Hop) -> float | None:
        """Return the milliseconds from one hop to another; negative across clocks that differ; None if unknown."""
        first, last = self.at(start), self.at(end)
        return None if first is None or last is None else (last - first).total_seconds() * 1000

    def spent_ms(self, stage: str) -> float | None:
        """Return the milliseconds that one of `STAGES` took; negative across clocks that differ; None if unknown."""
        return self.lag_ms(*STAGES[stage])

    def to_header(self) -> bytes:
        """Return the JSON of the header `tocsin-ledger`: hop to RFC 3339 time or null, in the hops' order."""
        known = [f"{name}:{_to_json(self.times[hop])}" for hop, name in _NAMES.items() if hop in self.times]
        return f"{{{','.join(known)}}}".encode()


def read_ledger(header: bytes | None) -> Ledger:
    """Return the ledger that a header holds; a header that is absent or broken gives an empty ledger.

    A broken ledger costs the reader a few figures, never the alert: so nothing is raised.
    """
    try:
        raw = json.loads(header or b"{}")
        times = {_HOPS[name]: _to_time(text) for name, text in raw.items() if name in _HOPS}
    except (ValueError, TypeError, AttributeError, OverflowError):
        return Ledger()
    return Ledger(MappingProxyType(times))


def _to_json(moment: datetime | None) -> str:
    if moment is None:
        return "null"
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return f'"{utc.isoformat(timespec="microseconds")[:-6]}Z"'


def _to_time(text: str | None) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
