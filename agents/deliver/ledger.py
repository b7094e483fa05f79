"""Ledger and fence of one partition number: what is final, and which copy of a delivery is the newest."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from streams.errors import PoisonError
from streams.ids import DeliveryId, ReceiverId, StoryId
from streams.routing.notification import Delivery, DeliveryState, Thread


class Verdict(StrEnum):
    """What to do with a record of a delivery."""

    SEND = "send"
    FINAL = "final"  # the ledger knows how it ended
    STALE = "stale"  # the fence: a newer copy stands in a tier


KEPT_FOR = timedelta(days=8)  # as `delivery-states` and `threads` keep them


@dataclass(slots=True)
class DeliveryLedger:
    """States by delivery id. Values stay bytes until somebody asks: a new owner replays a million in seconds.

    Two generations: each `turn` after eight days forgets what was not written since the one before.
    """

    _kept: dict[str, tuple[bytes, ...]] = field(default_factory=dict)
    _older: dict[str, tuple[bytes, ...]] = field(default_factory=dict)
    _turned_at: datetime | None = None

    def restore(self, key: str, value: bytes | None) -> None:
        """Take one record of `delivery-states`, in any order; a tombstone forgets the delivery."""
        if value is not None and key not in self._kept and key not in self._older:  # of a million nearly every one
            self._kept[key] = (value,)
            return
        before = (*self._older.pop(key, ()), *self._kept.pop(key, ()))
        if value is not None:
            self._kept[key] = (*before, value)

    def turn(self, now: datetime) -> None:
        """Forget, every eight days, what the topic forgot too: a process that runs for months keeps its size."""
        self._turned_at = self._turned_at or now
        if now - self._turned_at >= KEPT_FOR:
            self._older, self._kept, self._turned_at = self._kept, {}, now

    def record(self, state: DeliveryState) -> None:
        """Take a state that was just acknowledged by the broker."""
        self.restore(state.delivery_id, state.to_json())

    def state(self, delivery_id: DeliveryId) -> DeliveryState | None:
        """Return the state that counts: a final one if there is any, else the one with the highest `seq`."""
        kept = self._kept.get(delivery_id) or self._older.get(delivery_id)
        if kept is None:
            return None
        winner = max(_readable(kept), key=lambda state: (state.state.final, state.seq), default=None)
        if winner is not None and len(kept) > 1 and delivery_id in self._kept:
            self._kept[delivery_id] = (winner.to_json(),)
        return winner

    def judge(self, delivery: Delivery) -> Verdict:
        """Return whether this copy of a delivery is to be sent."""
        known = self.state(delivery.delivery_id)
        if known is None:
            return Verdict.SEND
        if known.state.final:
            return Verdict.FINAL
        return Verdict.STALE if delivery.seq < known.seq else Verdict.SEND

    def __len__(self) -> int:
        return len(self._kept) + len(self._older)


@dataclass(slots=True)
class Threads:
    """Root messages by receiver and story; the last one written counts. Two generations, as in the ledger."""

    _kept: dict[str, bytes] = field(default_factory=dict)
    _older: dict[str, bytes] = field(default_factory=dict)
    _turned_at: datetime | None = None

    def restore(self, key: str, value: bytes | None) -> None:
        """Take one record of `threads`, in log order."""
        self._kept.pop(key, None)
        self._older.pop(key, None)
        if value is not None:
            self._kept[key] = value

    def turn(self, now: datetime) -> None:
        """Forget, every eight days, what the topic forgot too."""
        self._turned_at = self._turned_at or now
        if now - self._turned_at >= KEPT_FOR:
            self._older, self._kept, self._turned_at = self._kept, {}, now

    def record(self, thread: Thread) -> None:
        """Take a thread that was just acknowledged by the broker."""
        self.restore(thread.key, thread.to_json())

    def root(self, receiver: ReceiverId, story: StoryId) -> Thread | None:
        """Return the root message of a story at a receiver, if one got through (and its record can be read)."""
        key = f"{receiver}/{story}"
        value = self._kept.get(key) or self._older.get(key)
        with suppress(PoisonError):
            return None if value is None else Thread.from_json(value)
        return None

    def __len__(self) -> int:
        return len(self._kept) + len(self._older)


def _readable(values: Iterable[bytes]) -> Iterator[DeliveryState]:
    """Yield the states; one that is broken says nothing, and then sending again is the safe side."""
    for value in values:
        with suppress(PoisonError):
            yield DeliveryState.from_json(value)
