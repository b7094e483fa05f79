"""Controls: what people set while the stream runs - silences, snoozes, acknowledgements, pauses, polls.

And what was in force at any moment, of controls and routes: what was appended before an alert counts, nothing later.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Generic, Literal, TypeVar

from streams.errors import UnavailableError
from streams.ids import ControlId, DeskId, EventId, ReceiverId, StoryId, UserId
from streams.record import Record, Utc
from streams.routing.decide import Moment
from streams.routing.route import Matcher, RoutesVersion
from streams.routing.silence import Silence
from streams.routing.told import Acknowledgement

VERSIONS_KEPT = 50
ENDED_KEPT = timedelta(days=8)  # what is behind by more finds no desk-story either, and its deliveries are gone
BEGINNING, FOREVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
T = TypeVar("T")


class Control(Record):
    """A timed wish of a user. `matchers` look at labels; `target` names a story, receiver or feed.

    `up_to_at`, of an acknowledgement: what was told until then is acknowledged (UTC, by the clock of fan out).
    """

    schema_name: ClassVar[str] = "control"

    kind: Literal["silence", "snooze", "ack", "pause", "poll"]
    id: ControlId
    matchers: tuple[Matcher, ...] = ()
    target: Mapping[str, str] = {}
    starts_at: Utc
    ends_at: Utc | None = None
    up_to_at: Utc | None = None
    user: UserId
    comment: str = ""

    @property
    def key(self) -> str:
        """Return the key on `controls`: `silence/<id>`, `ack/<desk>/<story>`, `pause/<receiver>`, `poll/<feed>`."""
        return f"{'silence' if self.kind == 'snooze' else self.kind}/{self.id}"


@dataclass(slots=True)
class Versions(Generic[T]):
    """The versions of one thing with the times (UTC) at which they were appended, in log order."""

    times: list[datetime] = field(default_factory=list)
    values: list[T] = field(default_factory=list)

    def add(self, at: datetime, value: T) -> None:
        """Add a version; a broker's clock that runs backwards does not bring it before an earlier one."""
        self.times.append(max(at, self.times[-1]) if self.times else at)
        self.values.append(value)
        del self.times[:-VERSIONS_KEPT], self.values[:-VERSIONS_KEPT]

    def before(self, at: datetime) -> T | None:
        """Return the newest version that was appended before a moment, or None."""
        number = bisect_left(self.times, at)
        return self.values[number - 1] if number else None


class InForce:
    """What the topics `routes` and `controls` said at each moment of the last 8 days; ended silences are forgotten."""

    def __init__(self) -> None:
        self._routes: Versions[RoutesVersion] = Versions()
        self._silences: dict[str, Versions[Silence | None]] = {}
        self._acknowledged: dict[StoryId, dict[DeskId, Versions[Acknowledgement | None]]] = {}
        self._latest_at = BEGINNING

    def take_routes(self, version: RoutesVersion, appended_at: datetime) -> None:
        """Take a version of the routes, in log order."""
        self._routes.add(appended_at, version)

    def take_control(self, key: str, control: Control | None, appended_at: datetime) -> None:
        """Take a control or its end (None), in log order; pauses and polls say nothing of what a desk knows."""
        if key.startswith("silence/"):
            silence = None if control is None else silence_of(control)
            self._silences.setdefault(key, Versions()).add(appended_at, silence)
        elif (about := acknowledged_in(key)) is not None:
            desk, story = about
            made = None if control is None else acknowledgement_of(control)
            by_desk = self._acknowledged[story] = self._acknowledged.pop(story, {})  # the last one touched stands last
            by_desk.setdefault(desk, Versions()).add(appended_at, made)

    def at(self, moment: datetime, *, offset: int, story: StoryId | None = None) -> Moment:
        """Return what holds for the alert at `offset`, appended at this moment: older alerts take the first routes.

        `story`: whose acknowledgements are asked for.

        Raises: UnavailableError while there are no routes at all (no stage that needs them is started then).
        """
        routes = self._routes.before(moment) or next(iter(self._routes.values), None)
        if routes is None:
            raise UnavailableError("the topic routes holds no version: run `tocsin routes apply`")
        if moment > self._latest_at:
            self._latest_at = moment
            self._forget(moment - ENDED_KEPT)
        found = (versions.before(moment) for versions in self._silences.values())
        silences = tuple(silence for silence in found if silence is not None and silence.holds(moment))
        by_desk = self._acknowledged.get(story, {}) if story else {}
        acknowledged = {desk: made for desk, versions in by_desk.items() if (made := versions.before(moment))}
        return Moment(routes=routes, silences=silences, acknowledged=acknowledged, at=moment, offset=offset)

    def _forget(self, before: datetime) -> None:
        """Forget what was over before a moment.

        No alert that is still to be decided can fall into such a silence; the acknowledged stories have ended.
        """
        for key in [key for key, versions in self._silences.items() if _ended_at(versions) < before]:
            del self._silences[key]
        while self._acknowledged:  # the oldest stand first, and only they are looked at: this is done at each alert
            oldest = next(iter(self._acknowledged))
            if any(versions.times[-1] >= before for versions in self._acknowledged[oldest].values()):
                break
            del self._acknowledged[oldest]


def _ended_at(versions: Versions[Silence | None]) -> datetime:
    """Return when a silence was ended, or will have ended of itself; the end of time for one that has no end."""
    newest, appended_at = versions.values[-1], versions.times[-1]
    if newest is None:
        return appended_at
    return max(newest.ends_at, appended_at) if newest.ends_at else FOREVER


def silence_of(control: Control) -> Silence:
    """Return the silence that a control of kind silence or snooze sets."""
    return Silence(
        silence_id=control.id,
        matchers=control.matchers,
        target=control.target,
        starts_at=control.starts_at,
        ends_at=control.ends_at,
        user=control.user,
    )


def acknowledgement_of(control: Control) -> Acknowledgement:
    """Return the acknowledgement that a control of kind ack states; one that says no more covers what it found."""
    return Acknowledgement(
        user=control.user,
        at=control.starts_at,
        up_to_event=EventId(control.target.get("event", "")),
        up_to_at=control.up_to_at or control.starts_at,
    )


def acknowledged_in(key: str) -> tuple[DeskId, StoryId] | None:
    """Return desk and story of an acknowledgement's key, None for another control's."""
    kind, _, name = key.partition("/")
    desk, _, story = name.partition("/")
    return (DeskId(desk), StoryId(story)) if kind == "ack" and story else None


def paused_in(key: str) -> ReceiverId | None:
    """Return the receiver of a pause's key, None for another control's."""
    kind, _, name = key.partition("/")
    return ReceiverId(name) if kind == "pause" and name else None
