"""Controls: what people set while the stream runs - silences, snoozes, acknowledgements, pauses, polls."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from streams.ids import ControlId, UserId
from streams.record import Record, Utc
from streams.routing.route import Matcher


class Control(Record):
    """A timed wish of a user. `scope` are matchers upon labels; `target` names a story, receiver or feed."""

    schema_name: ClassVar[str] = "control"

    kind: Literal["silence", "snooze", "ack", "pause", "poll"]
    id: ControlId
    matchers: tuple[Matcher, ...] = ()
    target: Mapping[str, str] = {}
    starts_at: Utc
    ends_at: Utc | None = None
    user: UserId
    comment: str = ""

    @property
    def key(self) -> str:
        """Return the key on `controls`: `silence/<id>`, `ack/<desk>/<story>`, `pause/<receiver>`, `poll/<feed>`."""
        return f"{'silence' if self.kind == 'snooze' else self.kind}/{self.id}"
