"""Silences and snoozes: timed mutes by labels, or of one story, rule, entity or source."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from streams.ids import ControlId, UserId
from streams.routing.matchers import match_all
from streams.routing.route import Matcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A mute from `starts_at` until before `ends_at` (UTC; None: until it is ended).

    `matchers` look at labels; `target` names what is meant: story, rule, entity, source, or the desk that it is for.
    """

    silence_id: ControlId
    matchers: tuple[Matcher, ...] = ()
    target: Mapping[str, str] = field(default_factory=dict)
    starts_at: datetime
    ends_at: datetime | None = None
    user: UserId

    def holds(self, at: datetime) -> bool:
        """Return whether it is in force at a moment (UTC)."""
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)

    @property
    def until(self) -> str:
        """Return when it ends, in words."""
        return f"until {self.ends_at:%Y-%m-%d %H:%M} UTC" if self.ends_at else "until it is ended"


def silencing(
    silences: Iterable[Silence], labels: Mapping[str, str], entities: Iterable[str], *, at: datetime
) -> tuple[Silence, ...]:
    """Return the silences in force at a moment that mean this; `labels` hold desk and story too.

    A silence without matchers and target means nothing, so that a slip can't mute a desk. The desk alone is no aim.
    """
    named = set(entities)
    return tuple(silence for silence in silences if silence.holds(at) and _means(silence, labels, named))


def _means(silence: Silence, labels: Mapping[str, str], entities: Collection[str]) -> bool:
    for name, value in silence.target.items():
        if value not in entities if name == "entity" else labels.get(name) != value:
            return False
    aimed = bool(silence.target.keys() - {"desk"}) or bool(silence.matchers)
    return aimed and match_all(silence.matchers, labels)
