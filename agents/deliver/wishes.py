"""What people set while deliveries wait: silences, acknowledgements and pauses, as the topic `controls` has them."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from agents.kafka import Incoming
from streams.controls import (
    BEGINNING,
    ENDED_KEPT,
    FOREVER,
    Control,
    acknowledged_in,
    acknowledgement_of,
    paused_in,
    silence_of,
)
from streams.ids import DeskId, ReceiverId, StoryId
from streams.routing.notification import Delivery
from streams.routing.silence import Silence
from streams.routing.told import Acknowledgement

NEVER = (BEGINNING, None)


@dataclass(slots=True)
class Wishes:
    """The silences, acknowledgements and pauses that may still count. Each takes effect as soon as it is taken."""

    now: Callable[[], datetime]
    _silences: dict[str, Silence] = field(default_factory=dict)
    _acknowledged: dict[tuple[DeskId, StoryId], tuple[datetime, Acknowledgement]] = field(default_factory=dict)
    _paused_until: dict[ReceiverId, datetime] = field(default_factory=dict)

    def apply(self, record: Incoming) -> None:
        """Take one record of `controls`, in log order. Raises: PoisonError for one that can't be read."""
        control = None if record.value is None else Control.from_json(record.value, schema=record.schema)
        if record.key.startswith("silence/"):
            self._silence(record.key, control)
        elif (about := acknowledged_in(record.key)) is not None:
            self._acknowledge(about, control, record.appended_at)
        elif (name := paused_in(record.key)) is not None:
            self._paused_until.pop(name, None)
            if control is not None:
                self._paused_until[name] = control.ends_at or FOREVER

    @property
    def silences(self) -> tuple[Silence, ...]:
        """Return the silences that were not over when the last control came."""
        return tuple(self._silences.values())

    def why_acknowledged(self, delivery: Delivery, routed_at: datetime) -> str | None:
        """Return who has seen to a delivery that goes one step up unless somebody does; None if nobody has.

        What was routed later than the newest revision that was acknowledged is open again, and so is what was not there
        yet when that was done.
        """
        about = delivery.unless_acked
        appended_at, made = self._acknowledged.get((about.desk, about.story_id), NEVER) if about else NEVER
        if about is None or made is None or not made.covers(routed_at):
            return None
        came_first = about.decided_at is not None and appended_at < about.decided_at
        return None if came_first else made.after(routed_at)

    def paused_s(self, name: ReceiverId) -> float:
        """Return for how long nothing is to be sent to a receiver: 0 for one that is not paused, or infinite."""
        until = self._paused_until.get(name)
        if until is None:
            return 0.0
        return math.inf if until == FOREVER else max((until - self.now()).total_seconds(), 0.0)

    def _silence(self, key: str, control: Control | None) -> None:
        self._silences.pop(key, None)
        if control is not None:
            self._silences[key] = silence_of(control)
        now = self.now()
        for name in [name for name, silence in self._silences.items() if silence.ends_at and silence.ends_at <= now]:
            del self._silences[name]

    def _acknowledge(self, about: tuple[DeskId, StoryId], control: Control | None, appended_at: datetime) -> None:
        """Take an acknowledgement; one from a screen that was behind does not take back what a newer one covers.

        After eight days no delivery is left that it could stop, and it is forgotten.
        """
        _, before = self._acknowledged.pop(about, (None, None))
        if control is not None:
            made = acknowledgement_of(control)
            if before is not None and before.covers(made.up_to_at or made.at):
                made = before
            self._acknowledged[about] = (appended_at, made)
        while self._acknowledged:  # the oldest stand first, and only they are looked at: there may be 100,000
            oldest = next(iter(self._acknowledged))
            if appended_at - self._acknowledged[oldest][0] < ENDED_KEPT:
                break
            del self._acknowledged[oldest]
